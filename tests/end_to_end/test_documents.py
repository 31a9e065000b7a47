"""Keys and parts of records: what identifies them, and what belongs to them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.db.models import Sum

from catalog.models import PriceList, PriceListItem, Product
from commerce.models import Customer, CustomerPayment, CustomerPaymentAllocation, SalesOrder
from tests.live.records import customer, invoice, item
from tests.live.web import Web
from tests.live.workers import Workers
from tsh_erp.common.models import MirroredModel
from zoho_sync.entities import ENTITIES
from zoho_sync.models import ZohoRecord


def payment(*allocations: tuple[str, str]) -> dict[str, Any]:
    rows = [{"invoice_id": one, "amount_applied": amount} for one, amount in allocations]
    return {"payment": {"payment_id": "8", "customer_id": "1", "amount": 100, "invoices": rows}}


@pytest.mark.lesson("L11")
def test_one_payment_over_two_invoices_is_two_rows_that_sum(web: Web, workers: Workers) -> None:
    web.deliver("customers", customer("1"))
    for number in ("71", "72"):
        web.deliver("invoices", invoice(number, customer_id="1"))
    web.deliver("payments", payment(("71", "60.25"), ("72", "39.75")))
    workers.settle()

    allocations = CustomerPaymentAllocation.objects.order_by("invoice__zoho_id")
    assert list(allocations.values_list("invoice__zoho_id", "amount")) == [
        ("71", Decimal("60.25")),
        ("72", Decimal("39.75")),
    ]
    assert allocations.aggregate(sum=Sum("amount"))["sum"] == CustomerPayment.objects.get().amount == 100

    web.deliver("payments", payment(("71", "100")))
    workers.settle()

    assert list(allocations.values_list("invoice__zoho_id", "amount")) == [("71", Decimal(100))]


@pytest.mark.lesson("L26")
def test_prices_reach_the_list_that_zoho_names(web: Web, workers: Workers) -> None:
    for number, name in (("21", "جملة"), ("22", "مفرد")):
        web.deliver("prices", {"pricebook": {"pricebook_id": number, "name": name, "pricebook_type": "per_item"}})
    web.deliver("products", item("1"))
    workers.settle()

    rows = [{"item_id": "1", "pricebook_rate": 1500}, {"item_id": "2", "pricebook_rate": "2,500.5"}]
    web.deliver("prices", {"pricebook": {"pricebook_id": "22", "pricebook_items": rows}})
    workers.settle()

    lines = PriceListItem.objects.order_by("product_zoho_id").values_list(
        "price_list__name", "product__zoho_id", "rate"
    )
    assert list(lines) == [("مفرد", "1", Decimal(1500)), ("مفرد", None, Decimal("2500.5"))]
    assert PriceList.objects.count() == 2


@pytest.mark.lesson("L28")
def test_the_sku_is_no_key(web: Web, workers: Workers) -> None:
    longest = "س" * 200
    for number, sku in (("1", "SAME"), ("2", "SAME"), ("3", ""), ("4", longest), ("5", " ")):
        web.deliver("products", item(number, sku=sku))
    workers.settle()

    skus = dict(Product.objects.values_list("zoho_id", "sku"))
    assert skus == {"1": "SAME", "2": "SAME", "3": None, "4": longest, "5": None}

    web.deliver("products", item("2", sku="OTHER"))
    workers.settle()
    assert dict(Product.objects.values_list("zoho_id", "sku")) == skus | {"2": "OTHER"}


@pytest.mark.lesson("L29")
def test_contacts_are_told_apart_by_their_id_alone(web: Web, workers: Workers) -> None:
    same = {"contact_name": "أحمد", "phone": "07701234567", "email": "shop@example.com"}
    for number in ("1", "2"):
        web.deliver("customers", customer(number, **same))
    web.deliver("customers", customer("3", contact_name="أحمد", phone="", email=""))
    web.deliver("customers", customer("2", **same | {"phone": "0780"}))
    workers.settle()

    rows = Customer.objects.order_by("zoho_id").values_list("zoho_id", "name", "phone", "email")
    assert list(rows) == [
        ("1", "أحمد", "07701234567", "shop@example.com"),
        ("2", "أحمد", "0780", "shop@example.com"),
        ("3", "أحمد", "", ""),
    ]


@pytest.mark.lesson("L34")
def test_every_mirrored_table_belongs_to_one_entity() -> None:
    owned = [label for entity in ENTITIES for label in entity.models]
    mirrored = [model._meta.label_lower for model in apps.get_models() if issubclass(model, MirroredModel)]

    assert sorted(owned) == sorted(mirrored)


@pytest.mark.lesson("L34")
def test_every_way_to_say_it_ends_in_the_same_row(web: Web, workers: Workers) -> None:
    order = {"salesorder_id": "1", "salesorder_number": "SO-1", "customer_id": "9"}
    web.deliver("customers", customer("9"))
    web.deliver("orders", {"salesorder": order | {"notes": "by its name"}})
    web.deliver("orders", order | {"notes": "bare"})
    web.deliver("orders", {"salesorders": [order | {"notes": "in a list"}]}, prefix="tds")
    web.deliver("products", {"sales_order": order | {"notes": "to another path"}})
    web.deliver("orders", {"entity_type": "ORDER", "entity_id": 1, "data": order | {"notes": "in an envelope"}})
    web.deliver(
        "orders",
        "JSONString=%7B%22salesorder%22%3A%7B%22salesorder_id%22%3A1%2C%22notes%22%3A%22as+a+form%22%7D%7D",
        content_type="application/x-www-form-urlencoded",
    )
    workers.settle()
    assert SalesOrder.objects.get().notes == "as a form"

    web.deliver(
        "orders",
        "salesorder_id=1&customer_id=9&notes=as%20pairs",
        content_type="application/x-www-form-urlencoded; charset=utf-8",
    )
    workers.settle()

    assert SalesOrder.objects.get().notes == "as pairs"
    assert list(ZohoRecord.objects.values_list("module", "zoho_id")) == [("contact", "9"), ("salesorder", "1")]
