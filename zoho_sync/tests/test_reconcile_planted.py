"""Must show 4: forty planted differences of every kind, in Zoho and in our tables, are found exactly, and repaired."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from catalog.models import PriceListItem, Product, ProductImage, StockLevel, Warehouse
from commerce.models import (
    Bill,
    Currency,
    Customer,
    CustomerPaymentAllocation,
    InventoryAdjustment,
    Invoice,
    InvoiceLine,
    PurchaseOrder,
    SalesOrder,
    Tax,
    Vendor,
    VendorCredit,
    ZohoUser,
)
from tests.comparing import differences
from zoho_sandbox.server import Sandbox
from zoho_sandbox.world.build import Size
from zoho_sync.audit import audit
from zoho_sync.models import DeadLetter, ZohoRecord
from zoho_sync.tests.conftest import point_at
from zoho_sync.tests.reconciling import Run, brought, found, last_report, reconcile
from zoho_sync.tests.test_stock import tracked

__all__ = ["reconcile"]

Planted = tuple[str, str, str, str]


@pytest.fixture(
    params=[
        pytest.param(Size.scaled(60), id="small"),
        pytest.param(Size.scaled(600), id="scaled", marks=pytest.mark.slow),
    ]
)
def company(request: Any, transactional_db: None, settings: Any) -> Iterator[Sandbox]:
    # So few records are of one kind that one of them is more than a twentieth.
    settings.ZOHO_SWEEP_MAX_SHARE = 0.2
    with Sandbox(size=request.param) as sandbox:
        point_at(sandbox, settings)
        brought(sandbox)
        yield sandbox


def test_forty_planted_differences_are_found_exactly_and_repaired(company: Sandbox, reconcile: Run) -> None:
    assert reconcile()[0] == 0
    planted = {*plant_in_zoho(company), *plant_in_our_tables()}
    assert len(planted) == 40

    code, _, _ = reconcile()

    assert code == 1
    assert found() == planted
    assert last_report().match < 100

    code, _, err = reconcile("--repair")

    assert (found("open"), found("repaired"), err, code) == (set(), planted, "", 0)
    assert last_report().match == 100
    assert reconcile()[0] == 0
    assert found() == set()
    assert differences(company) == []
    assert {check.name: check.broken for check in audit() if not check.holds} == {}
    assert not DeadLetter.objects.exists()


def plant_in_zoho(zoho: Sandbox) -> Iterator[Planted]:
    """Changes of which no webhook tells, and which move no time: the first of the forty."""
    control = zoho.control

    def patch(module: str, zoho_id: str, **changes: Any) -> str:
        control.patch(module, zoho_id, changes, webhook=False, touch=False)
        return zoho_id

    items = [row["item_id"] for row in control.records("item")]
    yield "product", patch("item", items[0], rate=Decimal("77.25")), "different", "base_price"
    yield "product", patch("item", items[1], name="renamed in Zoho"), "different", "name"
    yield "product", patch("item", items[2], status="inactive"), "different", "is_active"
    new = {**control.get("item", items[3]), "item_id": "460000008888888", "sku": "", "image_document_id": ""}
    control.put("item", new, webhook=False)
    yield "product", "460000008888888", "missing", ""
    # A move between two warehouses, which no total of the list shows.
    several = next(row["item_id"] for row in tracked(zoho) if len(row["locations"]) > 1 and row["item_id"] in items[4:])
    places = control.world.get("item", several)["locations"]
    for place, moved in ((places[0], 4), (places[1], -4)):
        place["location_stock_on_hand"] += moved
        yield "stock", several, "different", f"stock[{place['location_id']}].accounting_on_hand"

    book = next(row for row in control.records("pricebook") if len(row.get("pricebook_items", [])) > 3)
    rows = [dict(row) for row in book["pricebook_items"]]
    rows[0]["pricebook_rate"] = Decimal("4.75")
    lost = rows.pop(1)
    patch("pricebook", book["pricebook_id"], pricebook_items=rows)
    yield "price-list", book["pricebook_id"], "different", f"prices[{rows[0]['item_id']}].rate"
    yield "price-list", book["pricebook_id"], "extra", f"prices[{lost['item_id']}]"

    contacts = control.records("contact")
    customers = [row["contact_id"] for row in contacts if row["contact_type"] == "customer"]
    vendors = [row["contact_id"] for row in contacts if row["contact_type"] == "vendor"]
    yield "customer", patch("contact", customers[0], company_name="شركة أخرى"), "different", "company_name"
    free = Customer.objects.filter(invoices=None, salesorders=None, payments=None, creditnotes=None).exclude(
        zoho_id__in=customers[:2]
    )
    gone = free.first().zoho_id
    control.delete("contact", gone, webhook=False)
    yield "customer", gone, "extra", ""
    yield "vendor", patch("contact", vendors[0], contact_name="another vendor"), "different", "name"
    invoices = [row["invoice_id"] for row in control.records("invoice")]
    yield "invoice", patch("invoice", invoices[0], balance=Decimal("1.5")), "different", "balance"
    control.delete("invoice", unpaid := _unpaid(invoices[1:]), webhook=False)
    yield "invoice", unpaid, "extra", ""
    order = control.records("salesorder")[0]["salesorder_id"]
    yield "sales-order", patch("salesorder", order, reference_number="PO-9"), "different", "reference"
    yield "currency", patch("currency", _second_currency(), exchange_rate=Decimal("1499")), "different", "exchange_rate"


def _unpaid(invoices: list[str]) -> str:
    free = Invoice.objects.filter(zoho_id__in=invoices, payment_allocations=None, credit_allocations=None)
    return str(free.order_by("pk").last().zoho_id)


def _second_currency() -> str:
    return str(Currency.objects.filter(is_base=False).order_by("pk").first().zoho_id)


def plant_in_our_tables() -> Iterator[Planted]:
    """Rows written past the services, with SQL: the rest of the forty."""
    known = set(Product.objects.order_by("zoho_id").values_list("zoho_id", flat=True)[:10])
    products = iter(Product.objects.exclude(zoho_id__in=known).filter(retired_at=None).order_by("-zoho_id"))

    def write(model: Any, pk: int, **changes: Any) -> None:
        model.objects.filter(pk=pk).update(**changes)

    one = next(products)
    write(Product, one.pk, brand="tampered")
    yield "product", one.zoho_id, "different", "brand"
    one = next(products)
    write(Product, one.pk, retired_at=timezone.now())
    yield "product", one.zoho_id, "missing", ""
    one = next(products)
    write(Product, one.pk, reorder_level=Decimal("123"))
    yield "product", one.zoho_id, "different", "reorder_level"
    one = next(one for one in products if one.category_id)
    write(Product, one.pk, category=None)
    yield "product", one.zoho_id, "different", "category"
    extra = Product.objects.create(zoho_id="460000007777777", name="nobody's")
    write(Product, extra.pk, created_at=timezone.now() - timedelta(days=1))
    yield "product", extra.zoho_id, "extra", ""
    one = next(products)
    ZohoRecord.objects.filter(module="item", zoho_id=one.zoho_id).delete()
    yield "product", one.zoho_id, "different", "mirror"
    one = next(products)
    record = ZohoRecord.objects.get(module="item", zoho_id=one.zoho_id)
    write(ZohoRecord, record.pk, payload={**record.payload, "unit": "tampered"})
    yield "product", one.zoho_id, "different", "mirror.unit"
    one = next(one for one in products if one.accounting_on_hand is not None)
    write(Product, one.pk, accounting_on_hand=one.accounting_on_hand + 1)
    yield "stock", one.zoho_id, "different", "accounting_on_hand"
    level = StockLevel.objects.filter(product__in=[next(products).pk for _ in range(10)]).exclude(physical_on_hand=None)
    level = level.select_related("product", "warehouse").first()
    write(StockLevel, level.pk, physical_on_hand=level.physical_on_hand + 2)
    field = f"stock[{level.warehouse.zoho_id}].physical_on_hand"
    yield "stock", level.product.zoho_id, "different", field
    image = ProductImage.objects.select_related("product").order_by("pk").last()
    image.delete()
    yield "image", image.product.zoho_id, "missing", "image"

    price = PriceListItem.objects.exclude(rate=None).select_related("price_list").order_by("-pk").first()
    price.delete()
    yield "price-list", price.price_list.zoho_id, "missing", f"prices[{price.product_zoho_id}]"

    customers = Customer.objects.order_by("-zoho_id")
    customer = customers.exclude(contactpersons=None).first()
    person = customer.contactpersons.order_by("pk").first()
    write(type(person), person.pk, phone="0")
    yield "customer", customer.zoho_id, "different", "contact_persons[1].phone"
    other = customers.exclude(pk=customer.pk).exclude(balances=None).first()
    balance = other.balances.get()
    write(type(balance), balance.pk, receivable=(balance.receivable or 0) + 9)
    yield "customer", other.zoho_id, "different", "balances[1].receivable"
    third = customers.exclude(pk__in=[customer.pk, other.pk]).exclude(zohoaddresss=None).first()
    third.zohoaddresss.order_by("pk").first().delete()
    yield "customer", third.zoho_id, "different", "addresses"
    vendor = Vendor.objects.order_by("zoho_id").last()
    write(Vendor, vendor.pk, email="nobody@example.com")
    yield "vendor", vendor.zoho_id, "different", "email"

    line = InvoiceLine.objects.filter(position=1).select_related("document").order_by("pk").first()
    write(InvoiceLine, line.pk, quantity=Decimal("999"))
    yield "invoice", line.document.zoho_id, "different", "lines[1].quantity"
    allocation = CustomerPaymentAllocation.objects.select_related("payment").order_by("pk").last()
    allocation.delete()
    yield "payment", allocation.payment.zoho_id, "different", "allocations"
    order = SalesOrder.objects.order_by("-zoho_id").first()
    write(SalesOrder, order.pk, currency="XXX")
    yield "sales-order", order.zoho_id, "different", "currency"
    bill = Bill.objects.order_by("-zoho_id").exclude(total=None).first()
    write(Bill, bill.pk, total=bill.total + 1)
    yield "bill", bill.zoho_id, "different", "total"
    purchase = PurchaseOrder.objects.order_by("pk").first()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM commerce_purchaseorderline WHERE document_id = %s", [purchase.pk])
        cursor.execute("UPDATE commerce_bill SET purchase_order_id = NULL WHERE purchase_order_id = %s", [purchase.pk])
        cursor.execute("DELETE FROM commerce_purchaseorder WHERE id = %s", [purchase.pk])
    yield "purchase-order", purchase.zoho_id, "missing", ""
    credit = VendorCredit.objects.order_by("pk").first()
    write(VendorCredit, credit.pk, status="draft!")
    yield "vendor-credit", credit.zoho_id, "different", "status"
    user = ZohoUser.objects.order_by("pk").first()
    write(ZohoUser, user.pk, role="owner")
    yield "user", user.zoho_id, "different", "role"
    adjustment = InventoryAdjustment.objects.order_by("pk").first()
    write(InventoryAdjustment, adjustment.pk, reason="tampered")
    yield "inventory-adjustment", adjustment.zoho_id, "different", "reason"
    tax = Tax.objects.order_by("pk").first()
    write(Tax, tax.pk, percentage=Decimal("99"))
    yield "tax", tax.zoho_id, "different", "percentage"
    place = Warehouse.objects.order_by("pk").last()
    write(Warehouse, place.pk, city="elsewhere")
    yield "warehouse", place.zoho_id, "different", "city"
