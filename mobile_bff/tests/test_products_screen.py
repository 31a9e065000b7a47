"""The screen of one product, and what is shown beside it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.models import Product, Warehouse
from catalog.services.item_groups import save_item_groups
from catalog.services.products import retire_products
from catalog.values import ItemGroupValues, StockFigures, WarehouseStock
from commerce.models import BestSeller, Invoice, InvoiceLine, ProductRating, Promotion, PromotionTarget, Review
from mobile_bff.tests.builders import (
    NOON,
    account,
    categories,
    customer,
    goods,
    on_sale,
    pictured,
    salesperson,
    sell,
    shop,
    staff,
)
from mobile_bff.tests.calling import Phone, refusal

pytestmark = pytest.mark.django_db


def get(product: Product | int, query: str = "", phone: Phone | None = None):
    key = product.pk if isinstance(product, Product) else product
    return (phone or Phone()).get(f"products/{key}{query}")


def invoices(*sold: tuple[Product, ...], buyer=None, status: str = "sent") -> None:
    """An invoice for each group of products."""
    buyer = buyer or customer("Buyer")
    for number, products in enumerate(sold):
        document = Invoice.objects.create(customer=buyer, status=status, date=NOON.date() + timedelta(days=number))
        InvoiceLine.objects.bulk_create(
            InvoiceLine(document=document, product=row, position=place) for place, row in enumerate(products)
        )


def names(items) -> list[str]:
    return [item["name"] for item in items]


def test_it_says_everything_about_the_product():
    tree = categories(cables="", usb="cables")
    (cable,) = on_sale(
        "a",
        price="1250",
        brand="TSH",
        unit="pcs",
        description="A cable",
        category_zoho_id="usb",
        custom_fields=[{"api_name": "cf_warranty_months", "label": "Warranty", "value": "12"}],
        stock=4,
    )
    pictured(cable)
    ProductRating.objects.create(product=cable, count=2, average=Decimal("4.50"), stars_5=1, stars_4=1)
    writer = customer("Ahmed Kareem")
    Review.objects.create(
        product=cable, customer=writer, rating=5, body="Good", status="approved", is_verified=True, written_at=NOON
    )
    Review.objects.create(product=cable, customer=customer("Spam"), rating=1, status="pending", written_at=NOON)

    body = get(cable).json()

    picture = "/media/pictures/00/" + f"{cable.pk:064x}"
    image = {
        "thumb": f"{picture}-thumb.webp",
        "card": f"{picture}-card.webp",
        "full": f"{picture}-full.webp",
        "width": 1200,
        "height": 900,
        "alt": "Seen from above",
    }
    assert body["product"] == {
        "id": str(cable.pk),
        "sku": "SKU-a",
        "name": "Product a",
        "brand": "TSH",
        "image": image,
        "price": {"amount": "1250", "currency": "IQD"},
        "compare_at": None,
        "discount_percent": None,
        "stock": {"status": "low", "available": 4, "capped": False, "as_of": None},
        "rating": {"average": "4.5", "count": 2},
        "badges": [],
        "in_cart_qty": 0,
        "min_qty": 1,
        "step": 1,
        "description": "A cable",
        "unit": "pcs",
        "category": {
            "id": str(tree["usb"].pk),
            "name": "Usb",
            "path": [{"id": str(tree["cables"].pk), "name": "Cables"}, {"id": str(tree["usb"].pk), "name": "Usb"}],
        },
        "images": [image],
        "attributes": [],
        "variants": [],
        "price_tiers": [],
        "promotions": [],
        "warranty_months": 12,
        "share_url": None,
    }
    assert body["reviews"]["histogram"] == {"5": 1, "4": 1, "3": 0, "2": 0, "1": 0}
    (review,) = body["reviews"]["items"]
    assert (review["author"], review["verified"], review["created_at"]) == ("Ahmed K.", True, "2026-03-01T09:00:00Z")
    assert "related" not in body


def test_it_speaks_the_language_of_the_phone():
    (cable,) = on_sale("a", description="A cable")
    Product.objects.filter(pk=cable.pk).update(name_ar="كيبل", description_ar="كيبل شحن")

    arabic, english = get(cable, phone=Phone(language="ar")), get(cable)

    assert [answer.json()["product"]["name"] for answer in (arabic, english)] == ["كيبل", "Product a"]
    assert arabic.json()["product"]["description"] == "كيبل شحن"
    assert (arabic["Content-Language"], english["Content-Language"]) == ("ar", "en")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"is_hidden": True}, (410, "gone")),
        ({"is_active": False}, (410, "gone")),
        ({"can_be_sold": False}, (410, "gone")),
        ({}, (200, None)),
    ],
)
def test_what_is_hidden_is_gone(values, expected):
    (cable,) = on_sale("a")
    Product.objects.filter(pk=cable.pk).update(**values)

    for path in ("", "/related"):
        answer = Phone().get(f"products/{cable.pk}{path}")
        assert (answer.status_code, answer.json().get("code")) == expected


def test_what_was_deleted_in_zoho_is_gone():
    (cable,) = on_sale("a")
    retire_products(["a"], at=NOON)

    assert refusal(get(cable)) == (410, "gone")


@pytest.mark.lesson("L27")
def test_without_a_price_in_the_callers_lists_it_is_not_sold_there():
    (only_wholesale,) = goods("a")
    wholesale = sell("wholesale", currency="USD", a="0.75")
    shop()

    assert refusal(get(only_wholesale)) == (404, "not_found")
    assert refusal(get(only_wholesale, "/related")) == (404, "not_found")
    buyer = Phone(account(customer(price_list=wholesale)))
    assert get(only_wholesale, phone=buyer).json()["product"]["price"] == {"amount": "0.75", "currency": "USD"}


@pytest.mark.parametrize("key", ["0", "7", "99999999999999999999999", "abc", "-1", "1.5", "١"])
def test_unknown_products_are_not_found(key):
    shop()

    assert refusal(Phone().get(f"products/{key}")) == (404, "not_found")


def test_some_fields_only():
    (cable,) = on_sale("a")

    body = get(cable, "?fields=name,price,name_ar,description_en").json()

    assert body["product"] == {
        "id": str(cable.pk),
        "name": "Product a",
        "price": {"amount": "1500", "currency": "IQD"},
        "name_ar": None,
        "description_en": None,
    }
    answer = get(cable, "?fields=name,base_cost,zoho_id")
    assert refusal(answer) == (400, "unknown_field")
    assert [error["field"] for error in answer.json()["errors"]] == ["fields.base_cost", "fields.zoho_id"]
    assert refusal(get(cable, "?include=cost")) == (400, "unknown_field")


def test_a_price_that_fell_is_shown_beside_the_new_one():
    (cable,) = on_sale("a", price="2000")
    sell("consumers", at=timezone.now(), a="1500")

    card = get(cable).json()["product"]

    assert (card["price"]["amount"], card["compare_at"]["amount"], card["discount_percent"]) == ("1500", "2000", 25)
    assert card["badges"] == ["sale"]


def test_badges():
    first, best, young = on_sale("a", "b", "c")
    Product.objects.filter(pk=first.pk).update(created_at=timezone.now() - timedelta(days=400))
    Product.objects.filter(pk=best.pk).update(created_at=timezone.now() - timedelta(days=31))
    BestSeller.objects.create(product=best, rank=50, quantity=1, orders=1, computed_at=NOON)
    BestSeller.objects.create(product=first, rank=51, quantity=1, orders=1, computed_at=NOON)

    assert [get(row).json()["product"]["badges"] for row in (first, best, young)] == [[], ["best_seller"], ["new"]]


def test_the_variants_of_its_group():
    save_item_groups([ItemGroupValues(zoho_id="g", name="Bag")], at=NOON)
    black, red, unsold = goods("a", "b", "c", item_group_zoho_id="g")
    sell(a="1000", b="1100")
    shop()
    for row, colour in ((black, "Black"), (red, "Red")):
        Product.objects.filter(pk=row.pk).update(options=[{"attribute": "Colour", "option": colour}])
    pictured(black, red)

    product = get(black).json()["product"]

    assert product["attributes"] == [{"name": "Colour", "value": "Black"}]
    (variant,) = product["variants"]
    assert (variant["id"], variant["options"], variant["price"]["amount"]) == (str(red.pk), {"Colour": "Red"}, "1100")
    assert variant["image_index"] == 1
    assert len(product["images"]) == 2
    assert str(unsold.pk) not in str(product["variants"])


def test_promotions_that_are_about_it():
    tree = categories(cables="", usb="cables")
    cable, other = on_sale("a", "b")
    Product.objects.filter(pk=cable.pk).update(category=tree["usb"])
    about = {"all": {}, "cables": {"category": tree["cables"]}, "other": {"product": other}, "mine": {"product": cable}}
    for name, target in about.items():
        promotion = Promotion.objects.create(name_en=name, kind="percentage", value=Decimal("12.5"))
        if target:
            PromotionTarget.objects.create(promotion=promotion, **target)
    over = timezone.now() - timedelta(minutes=1)
    Promotion.objects.create(name_en="over", kind="percentage", value=Decimal(5), ends_at=over)

    shown = [names(get(row).json()["product"]["promotions"]) for row in (cable, other)]

    assert shown == [["all", "cables", "mine"], ["all", "other"]]
    assert get(cable).json()["product"]["promotions"][0]["label"] == "12.5% off"


def test_who_sees_how_much_stock():
    place = WarehouseStock(
        warehouse_zoho_id="w1", warehouse_name="Baghdad", figures=StockFigures(accounting_for_sale=Decimal(300))
    )
    (cable,) = goods("a", stock=500, places=(place,))
    sell(a="1500")
    wholesale = sell("wholesale", a="1200")
    shop(shown_stock_cap=10)
    callers = {
        "guest": Phone(),
        "consumer": Phone(account(customer(), "+9647700000001")),
        "wholesale": Phone(account(customer(price_list=wholesale), "+9647700000002")),
        "salesperson": Phone(salesperson().login),
        "staff": Phone(staff()),
    }

    seen = {name: get(cable, phone=phone).json()["product"]["stock"] for name, phone in callers.items()}

    told = [{"id": str(Warehouse.objects.get().pk), "name": "Baghdad", "available": 300}]
    assert [(name, stock["available"], stock["capped"]) for name, stock in seen.items()] == [
        ("guest", 10, True),
        ("consumer", 10, True),
        ("wholesale", 500, False),
        ("salesperson", 500, False),
        ("staff", 500, False),
    ]
    assert [stock.get("warehouses") for stock in seen.values()] == [None, None, told, told, told]


def test_related_are_bought_with_it_then_of_its_category_then_of_its_brand():
    tree = categories(cables="")
    rows = on_sale("a", "b", "c", "d", "e", "f", "g")
    cable, often, twice, once, near, brand, _other = rows
    Product.objects.filter(pk__in=[cable.pk, near.pk, often.pk]).update(category=tree["cables"])
    Product.objects.filter(pk__in=[cable.pk, brand.pk]).update(brand="TSH")
    invoices((cable, often, twice), (cable, often, once), (cable, often, twice), (near, brand))

    answer = get(cable, "/related").json()

    assert answer["strategy"] == "bought_together"
    assert names(answer["items"]) == ["Product b", "Product c", "Product e", "Product f"]
    assert names(get(cable, "/related?limit=2").json()["items"]) == ["Product b", "Product c"]
    assert names(get(cable, "?include=related").json()["related"]) == names(answer["items"])
    assert get(near, "/related").json()["strategy"] == "same_category"


def test_related_never_shows_what_cannot_be_bought():
    cable, hidden, sold_out, unpriced, void = on_sale("a", "b", "c", "d", "e")
    invoices(*[(cable, hidden, sold_out, unpriced)] * 2)
    invoices(*[(cable, void)] * 2, status="void")
    Product.objects.filter(pk=hidden.pk).update(is_hidden=True)
    Product.objects.filter(pk=sold_out.pk).update(accounting_for_sale=0)
    sell(a="1500", b="1500", c="1500", e="1500")

    assert get(cable, "/related").json()["items"] == []


@pytest.mark.parametrize("limit", ["0", "-1", "x", "1e3"])
def test_a_limit_that_is_no_number_is_refused(limit):
    (cable,) = on_sale("a")

    answer = get(cable, f"/related?limit={limit}")

    assert refusal(answer) == (400, "invalid_request")
    assert answer.json()["errors"][0]["field"] == "limit"


def queries_of(path: str, phone: Phone) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert phone.get(path).status_code == 200
    return len(captured)


def test_the_queries_do_not_grow():
    save_item_groups([ItemGroupValues(zoho_id="g", name="Bag")], at=NOON)
    tree = categories(cables="")
    rows = goods(*(f"p{number}" for number in range(50)), item_group_zoho_id="g")
    Product.objects.update(category=tree["cables"])
    sell(**{str(row.zoho_id): "1500" for row in rows})
    shop()
    pictured(*rows)
    cable = rows[0]
    ProductRating.objects.create(product=cable, count=9, average=Decimal(4), stars_4=9)
    for number in range(9):
        Review.objects.create(
            product=cable, customer=customer(f"C {number}"), rating=4, status="approved", written_at=NOON
        )
    for _ in range(5):
        promotion = Promotion.objects.create(name_en="Eid", kind="percentage", value=Decimal(5))
        PromotionTarget.objects.create(promotion=promotion, category=tree["cables"])
    invoices(*[tuple(rows)] * 2)
    buyer = Phone(account(customer(price_list=sell("wholesale", **{str(row.zoho_id): "1400" for row in rows}))))

    counts = {}
    for size in (50, 1):
        if size == 1:
            Product.objects.exclude(pk__in=[cable.pk, rows[1].pk]).update(is_hidden=True, item_group=None)
        for name, phone in (("guest", Phone()), ("buyer", buyer)):
            for path in (f"products/{cable.pk}", f"products/{cable.pk}/related?limit=20"):
                phone.get(path)
                counts.setdefault((name, path.rpartition("/")[2][:7]), []).append(queries_of(path, phone))

    assert counts == {
        ("guest", str(cable.pk)): [8, 8],
        ("guest", "related"): [7, 7],
        ("buyer", str(cable.pk)): [11, 11],
        ("buyer", "related"): [9, 9],
    }
