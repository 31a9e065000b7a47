"""`GET search` and `GET search/suggest`."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.models import Category, PriceList, Product, SearchSynonym
from catalog.services.categories import save_categories
from catalog.services.price_lists import save_price_lists
from catalog.services.products import save_products
from catalog.services.synonyms import save_synonym
from catalog.tests.builders import LATER, NOON, price_item, price_list, product_values
from catalog.values import CategoryValues, StockFigures
from commerce.models import AppSettings, BestSeller
from commerce.models.app_settings import THE_ONE
from mobile_bff.tests.calling import Phone, refusal
from tsh_erp.events.delivering import dispatch

pytestmark = pytest.mark.django_db

IN_STOCK = StockFigures(accounting_on_hand=Decimal(20), accounting_for_sale=Decimal(20))
GONE = StockFigures(accounting_on_hand=Decimal(0), accounting_for_sale=Decimal(0))


@pytest.fixture(autouse=True)
def shop():
    """Cables and chargers with prices in dinars; one is sold out, one hidden, one only in another list."""
    cache.clear()
    SearchSynonym.objects.all().delete()
    save_categories(
        [
            CategoryValues(zoho_id="c", name="Accessories"),
            CategoryValues(zoho_id="c1", name="Cables", parent_zoho_id="c"),
            CategoryValues(zoho_id="c2", name="Chargers", parent_zoho_id="c"),
        ],
        at=NOON,
    )
    stocked = {"totals": IN_STOCK, "brand": "Ugreen", "currency": "IQD"}
    products = [
        product_values("1", name="USB-C Cable 1m", category_zoho_id="c1", sku="UG-80", **stocked),
        product_values("2", name="USB-C Cable 2m", category_zoho_id="c1", **stocked | {"brand": "Anker"}),
        product_values("3", name="HDMI Cable 2m", category_zoho_id="c1", **stocked | {"totals": GONE}),
        product_values("4", name="Charger USB-C 65W", category_zoho_id="c2", **stocked),
        product_values("5", name="Secret Cable", category_zoho_id="c1", **stocked),
        product_values("6", name="Wholesale Cable", category_zoho_id="c1", **stocked),
    ]
    save_products(products, at=NOON)
    Product.objects.filter(zoho_id="5").update(is_hidden=True)
    rates = {"1": "5000", "2": "7000", "3": "9000", "4": "25000", "5": "1"}
    lists = [
        price_list("9", currency="IQD", is_active=True, items=[price_item(key, rate) for key, rate in rates.items()]),
        price_list("8", currency="IQD", is_active=True, items=[price_item("6", "1")]),
    ]
    save_price_lists(lists, at=NOON)
    AppSettings.objects.update_or_create(
        pk=THE_ONE, defaults={"consumer_price_list": PriceList.objects.get(zoho_id="9")}
    )
    dispatch()


def found(query: str, **headers: str) -> dict:
    answer = Phone().get(f"search?{query}", **headers)
    assert answer.status_code == 200, answer.content
    return answer.json()


def named(query: str) -> list[str]:
    return [item["name"] for item in found(query)["items"]]


def key(zoho_id: str) -> int:
    return Product.objects.get(zoho_id=zoho_id).pk


def test_a_page_of_what_was_asked_for():
    answer = found("q=usb+c+cable")

    assert [item["id"] for item in answer["items"]] == [str(key("1")), str(key("2"))]
    assert answer["items"][0]["price"] == {"amount": "5000", "currency": "IQD"}
    assert answer["query"] == {
        "q": "usb c cable",
        "normalized": "usb c cable",
        "corrected": None,
        "matching": "all",
    }
    assert answer["page_info"] == {
        "page": 1,
        "next_cursor": None,
        "next_page": None,
        "has_more": False,
        "page_size": 20,
        "total": 2,
        "total_is_exact": True,
    }
    assert answer["sort"]["active"] == "relevance"
    assert answer["suggestions"] == []
    assert answer["meta"]["currency"] == "IQD"


def test_what_is_hidden_or_not_sold_to_the_caller_is_not_found():
    assert named("q=cable") == ["USB-C Cable 1m", "USB-C Cable 2m", "HDMI Cable 2m"]
    assert found("q=secret")["items"] == []
    assert found("q=wholesale")["items"] == []
    assert found("q=wholesalee")["suggestions"] == ["Accessories"]


def test_first_a_code_then_what_is_in_stock_then_what_sells_best():
    BestSeller.objects.create(product_id=key("2"), rank=1, quantity=9, orders=9, computed_at=NOON)

    assert named("q=ug80") == ["USB-C Cable 1m"]
    assert named("q=UG-80") == ["USB-C Cable 1m"]
    assert named("q=cable") == ["USB-C Cable 2m", "USB-C Cable 1m", "HDMI Cable 2m"]


@pytest.mark.parametrize(
    ("sort", "first", "last"),
    [
        ("price_asc", "USB-C Cable 1m", "HDMI Cable 2m"),
        ("price_desc", "HDMI Cable 2m", "USB-C Cable 1m"),
        ("newest", "HDMI Cable 2m", "USB-C Cable 1m"),
        ("best_selling", "USB-C Cable 1m", "HDMI Cable 2m"),
    ],
)
def test_other_orders(sort, first, last):
    names = named(f"q=cable&sort={sort}")

    assert (names[0], names[-1]) == (first, last)


def test_facets_count_without_their_own_filter_and_with_all_others():
    facets = found("q=usb")["facets"]
    keys = {category.name: str(category.pk) for category in Category.objects.all()}

    assert facets["categories"] == [
        {"id": keys["Accessories"], "name": "Accessories", "count": 3},
        {"id": keys["Cables"], "name": "Cables", "count": 2},
        {"id": keys["Chargers"], "name": "Chargers", "count": 1},
    ]
    assert facets["brands"] == [
        {"id": "Ugreen", "name": "Ugreen", "count": 2},
        {"id": "Anker", "name": "Anker", "count": 1},
    ]
    assert facets["price"] == {
        "min": {"amount": "5000", "currency": "IQD"},
        "max": {"amount": "25000", "currency": "IQD"},
    }
    assert facets["in_stock"] == {"count": 3}

    narrowed = found("q=usb&brand=Anker")["facets"]
    assert [brand["count"] for brand in narrowed["brands"]] == [2, 1]
    assert [(one["name"], one["count"]) for one in narrowed["categories"]] == [("Accessories", 1), ("Cables", 1)]
    assert narrowed["price"]["max"]["amount"] == "7000"


def test_each_facet_finds_as_many_as_it_counts():
    facets = found("q=cable")["facets"]

    for one in facets["categories"]:
        assert found(f"q=cable&category={one['id']}")["page_info"]["total"] == one["count"], one
    for one in facets["brands"]:
        assert found(f"q=cable&brand={one['id']}")["page_info"]["total"] == one["count"], one
    assert found("q=cable&in_stock=1")["page_info"]["total"] == facets["in_stock"]["count"] == 2


def test_choices_add_up_within_a_facet_and_narrow_across():
    cables, chargers = (Category.objects.get(zoho_id=zoho_id).pk for zoho_id in ("c1", "c2"))

    assert named(f"q=usb&category={chargers}") == ["Charger USB-C 65W"]
    assert len(named(f"q=usb&category={cables}&category={chargers}")) == 3
    assert len(named(f"q=usb&category={cables},{chargers}")) == 3
    assert named(f"q=usb&category={cables},{chargers}&brand=Anker") == ["USB-C Cable 2m"]
    assert len(named("q=usb&brand=Anker&brand=Ugreen")) == 3
    assert named("q=cable&min_price=6000&max_price=8000") == ["USB-C Cable 2m"]
    assert named("q=cable&min_price=9000") == ["HDMI Cable 2m"]
    assert named("q=cable&max_price=4999.99") == []
    assert named("q=usb&category=999999") == []


def test_pages_do_not_overlap_and_end():
    pages = [found(f"q=cable&page_size=2&page={page}") for page in (1, 2, 3)]

    assert [[item["name"] for item in page["items"]] for page in pages] == [
        ["USB-C Cable 1m", "USB-C Cable 2m"],
        ["HDMI Cable 2m"],
        [],
    ]
    assert [page["page_info"]["next_page"] for page in pages] == [2, None, None]
    assert [page["page_info"]["total"] for page in pages] == [3, 3, 3]
    assert [page["facets"] is None for page in pages] == [False, True, True]
    assert found("q=cable&facets=0")["facets"] is None


def test_a_misspelt_word_is_corrected_but_never_a_code():
    answer = found("q=chargr")

    assert [item["name"] for item in answer["items"]] == ["Charger USB-C 65W"]
    assert answer["query"]["corrected"] == "charger"
    assert found("q=ug81")["items"] == []


def test_when_nothing_has_every_word_most_of_them_will_do():
    answer = found("q=cable+hdmi+lightning")

    assert [item["name"] for item in answer["items"]] == ["HDMI Cable 2m"]
    assert answer["query"]["matching"] == "some"


def test_who_finds_nothing_is_told_what_there_is():
    assert found("q=charkerr")["suggestions"] == ["charger", "chargers"]
    assert found("q=%25%25")["items"] == []
    assert found("q=_")["suggestions"] == ["Accessories"]


def test_synonyms_are_found_at_once_and_end_what_phones_keep():
    phone = Phone()
    before = phone.get("search?q=شاحن")
    assert before.json()["items"] == []
    assert phone.get("search?q=شاحن", if_none_match=before["ETag"]).status_code == 304

    save_synonym(SearchSynonym(phrases="charger\nشاحن"), at=timezone.now())
    after = phone.get("search?q=شاحن", if_none_match=before["ETag"])

    assert after.status_code == 200
    assert [item["name"] for item in after.json()["items"]] == ["Charger USB-C 65W"]


def test_a_brand_with_a_comma_is_one_that_can_be_chosen():
    Product.objects.filter(name="Charger USB-C 65W").update(brand="Black, Decker")

    answer = Phone().get("search?q=usb&brand=Black%2C%20Decker").json()

    assert [item["brand"] for item in answer["items"]] == ["Black, Decker"]


def test_repeated_choices_are_other_answers():
    phone = Phone()
    one, other = (phone.get(f"search?q=usb&brand={brand}&brand=Anker") for brand in ("Ugreen", "Belkin"))

    assert one["ETag"] != other["ETag"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", (400, "query_too_short")),
        ("q=", (400, "query_too_short")),
        ("q=%20%20", (400, "query_too_short")),
        ("q=" + "a" * 81, (400, "invalid_request")),
        ("q=" + "a" * 10_000, (400, "invalid_request")),
        ("q=a%00b", (400, "invalid_request")),
        ("q=%ff%fe", (400, "invalid_request")),
        ("q=usb&sort=price", (400, "invalid_request")),
        ("q=usb&category=x", (400, "invalid_request")),
        ("q=usb&category=1%00", (400, "invalid_request")),
        ("q=usb&category=1%00&category=2", (400, "invalid_request")),
        ("q=usb&brand=%00&brand=Anker", (400, "invalid_request")),
        ("q=usb&brand=" + "a" * 501 + "&brand=Anker", (400, "invalid_request")),
        ("q=usb&page=0", (400, "invalid_request")),
        ("q=usb&page=-1", (400, "invalid_request")),
        ("q=usb&page=21&page_size=50", (400, "invalid_request")),
        ("q=usb&page_size=x", (400, "invalid_request")),
        ("q=usb&min_price=-1", (400, "invalid_request")),
        ("q=usb&min_price=NaN", (400, "invalid_request")),
        ("q=usb&fields=cost", (400, "unknown_field")),
        ("q=usb&min_price=2&max_price=1", (422, "invalid_price_range")),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(query, expected):
    assert refusal(Phone().get(f"search?{query}")) == expected


def test_eighty_characters_are_searched_and_larger_pages_are_cut():
    assert found("q=" + "ab " * 26 + "ab")["items"] == []
    assert found("q=usb&page_size=500")["page_info"]["page_size"] == 50
    assert found("q=usb&page=20&page_size=50")["page_info"]["has_more"] is False


def test_type_ahead_answers_with_little():
    answer = Phone().get("search/suggest?q=usb+ca")
    body = answer.json()

    assert body["queries"] == ["usb Cable"]
    assert [one["name"] for one in body["products"]] == ["USB-C Cable 1m", "USB-C Cable 2m"]
    assert body["products"][0] == {
        "id": str(key("1")),
        "sku": "UG-80",
        "name": "USB-C Cable 1m",
        "price": {"amount": "5000", "currency": "IQD"},
        "thumb": None,
    }
    assert [one["name"] for one in Phone().get("search/suggest?q=cab").json()["categories"]] == ["Cables"]
    assert len(answer.content) < 1_024


def test_type_ahead_knows_the_beginning_of_a_synonym():
    save_synonym(SearchSynonym(phrases="charger\nشاحن"), at=timezone.now())

    body = Phone().get("search/suggest?q=شا").json()

    assert [one["name"] for one in body["products"]] == ["Charger USB-C 65W"]
    assert refusal(Phone().get("search/suggest?q=")) == (400, "query_too_short")


def queries_of(path: str) -> list[str]:
    cache.clear()
    with CaptureQueriesContext(connection) as captured:
        assert Phone().get(path).status_code == 200
    return [query["sql"] for query in captured.captured_queries]


@pytest.mark.parametrize("path", ["search?q=cable&page_size=50", "search/suggest?q=cable"])
def test_queries_do_not_grow_with_what_is_found(path):
    few = queries_of(path)
    more = [product_values(f"m{number}", name=f"Cable {number}", totals=IN_STOCK) for number in range(60)]
    save_products(more, at=LATER)
    rates = {"1": "5000"} | {row.zoho_id: "100" for row in more}
    items = [price_item(zoho_id, rate) for zoho_id, rate in rates.items()]
    save_price_lists([replace(price_list("9", currency="IQD", is_active=True), items=items)], at=LATER)
    dispatch()

    many = queries_of(path)

    assert len(many) == len(few) <= 10, "\n".join(many)


def test_an_answer_is_json_without_internal_ids():
    text = json.dumps(found("q=cable"))

    assert "zoho" not in text
    assert "cost" not in text
