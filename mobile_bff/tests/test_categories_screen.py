"""The products of a category: pages that do not shift, facets, the way up and down."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Category, Product
from catalog.services.categories import retire_categories
from commerce.models import BestSeller
from mobile_bff.tests.builders import NOON, categories, goods, on_sale, pictured, sell, shop
from mobile_bff.tests.calling import Phone, refusal
from mobile_bff.tests.test_products_screen import names

pytestmark = pytest.mark.django_db


def get(category: Category, query: str = ""):
    return Phone().get(f"categories/{category.pk}/products{query}")


def put(category: Category, *products: Product, **values) -> None:
    Product.objects.filter(pk__in=[row.pk for row in products]).update(category=category, **values)


def pages(category: Category, query: str) -> list[list[str]]:
    """The names on every page, by following the cursors."""
    found, cursor = [], ""
    while cursor is not None:
        body = get(category, f"?{query}&cursor={cursor}").json()
        found.append(names(body["items"]))
        cursor = body["page_info"]["next_cursor"]
    return found


def test_it_has_what_is_below_it_the_way_up_and_its_children():
    tree = categories(electronics="", cables="electronics", usb="cables", tools="")
    rows = on_sale("a", "b", "c", "d")
    for key, row in zip(("electronics", "cables", "usb", "tools"), rows, strict=True):
        put(tree[key], row)

    body = get(tree["cables"]).json()

    assert body["category"] == {
        "id": str(tree["cables"].pk),
        "name": "Cables",
        "path": [
            {"id": str(tree["electronics"].pk), "name": "Electronics"},
            {"id": str(tree["cables"].pk), "name": "Cables"},
        ],
        "children": [{"id": str(tree["usb"].pk), "name": "Usb", "image": None, "product_count": 1}],
    }
    assert names(body["items"]) == ["Product b", "Product c"]
    assert body["page_info"] == {
        "next_cursor": None,
        "next_page": None,
        "has_more": False,
        "page_size": 20,
        "total": 2,
        "total_is_exact": True,
    }


def test_in_stock_comes_first_then_what_sells_best():
    tree = categories(cables="")
    first, best, out, third = on_sale("a", "b", "c", "d")
    put(tree["cables"], first, best, out, third)
    Product.objects.filter(pk=out.pk).update(accounting_for_sale=0)
    for rank, row in enumerate((out, best), start=1):
        BestSeller.objects.create(product=row, rank=rank, quantity=1, orders=1, computed_at=NOON)

    assert names(get(tree["cables"]).json()["items"]) == ["Product b", "Product a", "Product d", "Product c"]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("best_selling", "abcde"),
        ("newest", "edcba"),
        ("price_asc", "cabde"),
        ("price_desc", "edabc"),
        ("name", "edcba"),
    ],
)
def test_every_order_gives_each_product_once_however_it_is_cut(sort, expected):
    tree = categories(cables="")
    rows = on_sale(*"abcde")
    sell(a="1500", b="1500", c="250", d="2000", e="2000.5")
    put(tree["cables"], *rows)
    for place, row in enumerate(rows):
        Product.objects.filter(pk=row.pk).update(name=f"{9 - place} {row.zoho_id}")

    cut = pages(tree["cables"], f"sort={sort}&page_size=2")

    assert [len(page) for page in cut] == [2, 2, 1]
    shown = "".join(name[-1] for page in cut for name in page)
    assert sorted(shown) == sorted(expected)
    assert shown == expected


def test_a_new_product_shifts_no_page():
    tree = categories(cables="")
    put(tree["cables"], *on_sale(*"abcd"))
    first = get(tree["cables"], "?sort=newest&page_size=2").json()

    put(tree["cables"], *goods("e"))
    sell(**dict.fromkeys("abcde", "1500"))
    second = get(tree["cables"], f"?sort=newest&page_size=2&cursor={first['page_info']['next_cursor']}").json()

    assert [names(page["items"]) for page in (first, second)] == [
        ["Product d", "Product c"],
        ["Product b", "Product a"],
    ]
    assert (second["page_info"]["total"], second["facets"], second["category"]["children"]) == (None, None, [])


def test_a_cursor_of_another_query_is_refused():
    tree = categories(cables="", tools="")
    put(tree["cables"], *on_sale(*"abc"))
    cursor = get(tree["cables"], "?page_size=1").json()["page_info"]["next_cursor"]

    asked = {
        "other category": get(tree["tools"], f"?cursor={cursor}"),
        "other sort": get(tree["cables"], f"?cursor={cursor}&sort=newest"),
        "other filter": get(tree["cables"], f"?cursor={cursor}&in_stock=1"),
        "tampered": get(tree["cables"], f"?cursor={cursor[:-1]}x"),
        "made up": get(tree["cables"], "?cursor=WzEsMl0"),
        "not ascii": get(tree["cables"], "?cursor=%D8%B9%FF"),
    }

    assert {name: refusal(answer) for name, answer in asked.items()} == dict.fromkeys(asked, (400, "invalid_cursor"))


def test_a_cursor_outlives_a_new_category_below():
    tree = categories(cables="")
    put(tree["cables"], *on_sale(*"abc"))
    cursor = get(tree["cables"], "?page_size=2").json()["page_info"]["next_cursor"]

    categories(cables="", usb="cables")

    assert names(get(tree["cables"], f"?page_size=2&cursor={cursor}").json()["items"]) == ["Product c"]


def test_facets_count_without_their_own_filter():
    tree = categories(cables="", usb="cables")
    rows = on_sale(*"abcd")
    sell(a="100", b="200", c="300", d="400")
    put(tree["cables"], rows[0], brand="TSH")
    put(tree["cables"], rows[1], brand="Anker")
    put(tree["usb"], rows[2], brand="Anker")
    put(tree["usb"], rows[3], brand="Anker", accounting_for_sale=0)

    body = get(tree["cables"], "?brand=TSH&max_price=300").json()

    assert names(body["items"]) == ["Product a"]
    assert body["page_info"]["total"] == 1
    assert body["facets"]["brands"] == [
        {"id": "Anker", "name": "Anker", "count": 2},
        {"id": "TSH", "name": "TSH", "count": 1},
    ]
    assert body["facets"]["in_stock"] == {"count": 1}
    assert get(tree["cables"], "?facets=0").json()["facets"] is None


def test_filters_narrow():
    tree = categories(cables="")
    rows = on_sale(*"abcd")
    sell(a="100", b="200", c="300", d="400")
    put(tree["cables"], *rows, brand="Anker")
    put(tree["cables"], rows[3], brand="Anker", accounting_for_sale=0)

    found = {
        query: names(get(tree["cables"], query).json()["items"])
        for query in ("?min_price=200&max_price=300", "?in_stock=true&min_price=300", "?brand=Anker,TSH", "?brand=TSH")
    }

    assert [*found.values()] == [
        ["Product b", "Product c"],
        ["Product c"],
        ["Product a", "Product b", "Product c", "Product d"],
        [],
    ]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("min_price=5&max_price=4", (422, "invalid_price_range")),
        ("min_price=-1", (400, "invalid_request")),
        ("min_price=NaN", (400, "invalid_request")),
        ("min_price=1e3", (400, "invalid_request")),
        ("max_price=99999999999999999999", (400, "invalid_request")),
        ("sort=cheapest", (400, "invalid_request")),
        ("page_size=0", (400, "invalid_request")),
        ("in_stock=perhaps", (400, "invalid_request")),
        ("brand=%00", (400, "invalid_request")),
        ("fields=base_cost", (400, "unknown_field")),
    ],
)
def test_what_cannot_be_understood_is_refused(query, expected):
    tree = categories(cables="")
    shop()

    assert refusal(get(tree["cables"], f"?{query}")) == expected


def test_a_page_has_fifty_products_at_most():
    tree = categories(cables="")
    shop()

    assert get(tree["cables"], "?page_size=51").json()["page_info"]["page_size"] == 50


def test_closed_empty_and_unknown_categories():
    tree = categories(closed="", below="closed", empty="", gone="")
    put(tree["below"], *on_sale("a"))
    Category.objects.filter(pk=tree["closed"].pk).update(is_active=False)
    retire_categories(["gone"], at=NOON)

    answers = {key: get(tree[key]) for key in ("closed", "below", "gone")}

    assert {refusal(answer) for answer in answers.values()} == {(410, "gone")}
    empty = get(tree["empty"])
    assert (empty.status_code, empty.json()["items"], empty.json()["page_info"]["total"]) == (200, [], 0)
    assert refusal(Phone().get("categories/999999/products")) == (404, "not_found")
    assert refusal(Phone().get("categories/x/products")) == (404, "not_found")


def test_a_tree_that_bites_its_tail_ends():
    tree = categories(one="", two="one")
    Category.objects.filter(pk=tree["one"].pk).update(parent=tree["two"])
    put(tree["two"], *on_sale("a"))

    assert get(tree["two"]).status_code == 200
    assert Phone().get("home").json()["meta"].get("degraded") is None


def test_the_queries_do_not_grow():
    tree = categories(cables="", usb="cables")
    rows = goods(*(f"p{number}" for number in range(50)))
    sell(**{str(row.zoho_id): "1500" for row in rows})
    shop()
    put(tree["cables"], *rows[:25])
    put(tree["usb"], *rows[25:])
    pictured(*rows)
    assert get(tree["cables"]).status_code == 200  # whoever comes first counts the categories for all
    counts = []
    for size in (50, 1):
        if size == 1:
            Product.objects.exclude(pk=rows[0].pk).update(is_hidden=True)
        cache.clear()
        with CaptureQueriesContext(connection) as captured:
            assert len(get(tree["cables"], "?page_size=50").json()["items"]) == size
        counts.append(len(captured))

    assert counts == [8, 8]
