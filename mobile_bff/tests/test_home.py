"""The first screen."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.models import Product
from commerce.models import Banner, BestSeller, Cart, CartItem, CustomerBalance, Promotion, PromotionTarget
from mobile_bff.screens import home
from mobile_bff.tests.builders import NOON, account, categories, customer, goods, on_sale, pictured, sell, shop
from mobile_bff.tests.calling import Phone, refusal
from mobile_bff.tests.test_products_screen import invoices, names

pytestmark = pytest.mark.django_db
SECTIONS = [
    "banners",
    "categories",
    "promotions",
    "featured_products",
    "best_sellers",
    "new_arrivals",
    "recently_ordered",
]


def test_an_empty_shop_has_empty_sections():
    shop()

    body = Phone().get("home").json()

    assert body["layout"] == SECTIONS
    assert {name: body[name] for name in SECTIONS} == {name: [] for name in SECTIONS}
    assert body["app"] == {
        "min_version": "1.0.0",
        "latest_version": "1.0.0",
        "maintenance": False,
        "maintenance_message": None,
        "store_url": None,
    }
    assert (body["cart"], body["customer"]) == ({"item_count": 0}, None)
    assert body["meta"]["price_list"]["name"] == "Consumers"


def test_each_section_shows_what_it_is_for():
    tree = categories(cables="", usb="cables", empty="")
    plain, featured, best, second, sold_out = on_sale("a", "b", "c", "d", "e")
    Product.objects.filter(pk__in=[plain.pk, featured.pk]).update(category=tree["usb"])
    Product.objects.filter(pk=featured.pk).update(is_featured=True)
    Product.objects.filter(pk=sold_out.pk).update(is_featured=True, accounting_for_sale=0)
    for rank, row in enumerate((sold_out, best, second), start=1):
        BestSeller.objects.create(product=row, rank=rank, quantity=1, orders=1, computed_at=NOON)
    for title, starts_at in (("now", None), ("later", timezone.now() + timedelta(hours=1))):
        Banner.objects.create(
            title_en=title, image="pictures/x.webp", action="category", category=tree["usb"], starts_at=starts_at
        )
    Promotion.objects.create(
        name_en="Eid", name_ar="العيد", kind="fixed", value=Decimal(5000), currency="IQD", code="EID"
    )

    body = Phone().get("home").json()

    assert names(body["featured_products"]) == ["Product b"]
    assert names(body["best_sellers"]) == ["Product c", "Product d"]
    assert names(body["new_arrivals"]) == ["Product d", "Product c", "Product b", "Product a"]
    assert body["categories"] == [
        {"id": str(tree["cables"].pk), "name": "Cables", "image": None, "product_count": 2},
    ]
    (banner,) = body["banners"]
    assert (banner["title"], banner["action"]) == ("now", {"type": "category", "id": str(tree["usb"].pk)})
    (promotion,) = body["promotions"]
    assert (promotion["name"], promotion["type"], promotion["value"], promotion["currency"], promotion["code"]) == (
        "Eid",
        "fixed",
        "5000",
        "IQD",
        "EID",
    )
    assert promotion["label"] == "5000 IQD off"


def test_a_customer_sees_the_own_cart_balance_and_orders():
    old, new, other = on_sale("a", "b", "c")
    buyer = customer("Ali", credit_limit=Decimal(500000))
    CustomerBalance.objects.create(customer=buyer, currency="IQD", receivable_base=Decimal(120000))
    invoices((old,), (new, old), buyer=buyer)
    invoices((other,), buyer=customer("Somebody else"))
    cart = Cart.objects.create(customer=buyer, currency="IQD", version=1)
    for row, count in ((old, 2), (new, 3)):
        CartItem.objects.create(
            cart=cart, product=row, quantity=count, unit_price=1500, currency="IQD", priced_at=timezone.now()
        )

    body = Phone(account(buyer)).get("home").json()

    assert body["cart"] == {"item_count": 2}  # lines, as the cart itself counts them
    assert body["customer"] == {
        "id": str(buyer.pk),
        "name": "Ali",
        "balance": {"amount": "120000", "currency": "IQD"},
        "credit_available": {"amount": "380000", "currency": "IQD"},
    }
    assert names(body["recently_ordered"]) == ["Product b", "Product a"]
    assert [card["in_cart_qty"] for card in body["recently_ordered"]] == [3, 2]


def test_only_some_sections_and_fewer_products():
    on_sale("a", "b", "c")

    body = Phone().get("home?sections=new_arrivals,banners&limit=2&fields=name").json()

    assert body["layout"] == ["banners", "new_arrivals"]
    assert [[*card] for card in body["new_arrivals"]] == [["id", "name"]] * 2
    assert refusal(Phone().get("home?sections=prices")) == (400, "unknown_field")
    assert refusal(Phone().get("home?limit=0")) == (400, "invalid_request")


def test_a_section_that_fails_is_empty_and_named(monkeypatch):
    on_sale("a")

    def broken(*args, **options):
        raise DatabaseError("no such index")

    monkeypatch.setattr(home, "read_shelves", broken)

    answer = Phone().get("home")

    assert answer.status_code == 200
    assert answer.json()["meta"]["degraded"] == [
        "featured_products",
        "best_sellers",
        "new_arrivals",
        "recently_ordered",
    ]
    assert answer.json()["new_arrivals"] == []
    assert not answer.has_header("ETag")
    assert answer["Cache-Control"] == "private, no-cache"


def fill(number: int) -> None:
    tree = categories(**{f"c{one}": "" for one in range(12)})
    rows = goods(*(f"p{one}" for one in range(number)))
    for place, row in enumerate(rows):
        Product.objects.filter(pk=row.pk).update(
            is_featured=place < 10,
            category=tree[f"c{place % 12}"],
            name=f"USB-C to Lightning braided cable {place} m",
            name_ar="كيبل شحن سريع مع غلاف قماشي",
        )
        if 10 <= place < 20:
            BestSeller.objects.create(product=row, rank=place, quantity=1, orders=1, computed_at=NOON)
    sell(**{str(row.zoho_id): "82750" for row in rows})
    shop()
    pictured(*rows)


def test_four_sections_of_ten_are_small():
    fill(40)
    buyer = customer()
    rows = list(Product.objects.order_by("pk")[20:30])
    invoices(tuple(rows), buyer=buyer)

    user = account(buyer)

    for language in ("ar", "en"):
        answer = Phone(user, language=language).get("home")

        body = answer.json()
        sections = ("featured_products", "best_sellers", "new_arrivals", "recently_ordered")
        assert [len(body[name]) for name in sections] == [10, 10, 10, 10]
        assert len(answer.content) <= 40_000
        assert len(gzip.compress(answer.content)) <= 10_000
        assert json.loads(answer.content) == body


def test_promotions_for_others_do_not_hide_those_for_everybody():
    shop()
    me, other = customer("Me"), customer("Other")
    wholesale = sell("wholesale")
    for number in range(45):
        theirs = Promotion.objects.create(name_en="Theirs", kind="percentage", value=Decimal(5), code=f"C{number}")
        target = {"customer": other} if number % 2 else {"price_list": wholesale}
        PromotionTarget.objects.create(promotion=theirs, **target)
    mine = Promotion.objects.create(name_en="Mine", kind="percentage", value=Decimal(5))
    PromotionTarget.objects.bulk_create(PromotionTarget(promotion=mine, customer=one) for one in (other, me))
    Promotion.objects.create(name_en="Everybody's", kind="percentage", value=Decimal(5))

    seen = {
        name: [one["name"] for one in phone.get("home").json()["promotions"]]
        for name, phone in (("guest", Phone()), ("me", Phone(account(me))))
    }

    assert seen == {"guest": ["Everybody's"], "me": ["Mine", "Everybody's"]}


def test_the_queries_do_not_grow():
    fill(50)
    buyer = Phone(account(customer()))
    assert Phone().get("home").status_code == 200  # whoever comes first counts the categories for all
    counts: dict[str, list[int]] = {"guest": [], "buyer": []}
    for size in (50, 1):
        if size == 1:
            Product.objects.exclude(pk=Product.objects.order_by("pk").first().pk).update(is_hidden=True)
        for name, phone in (("guest", Phone()), ("buyer", buyer)):
            cache.clear()
            with CaptureQueriesContext(connection) as captured:
                assert phone.get("home?limit=20").status_code == 200
            counts[name].append(len(captured))

    assert counts == {"guest": [9, 9], "buyer": [12, 12]}
