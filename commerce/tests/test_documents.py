from dataclasses import replace
from decimal import Decimal

import pytest

from catalog.models import Product, Warehouse
from catalog.services.products import save_products
from catalog.services.warehouses import save_warehouses
from catalog.tests.queries import steps
from catalog.values import ProductValues, WarehouseValues
from commerce.models import (
    Bill,
    CreditNote,
    CreditNoteAllocation,
    Customer,
    InventoryAdjustment,
    Invoice,
    InvoiceLine,
    SalesOrder,
    VendorCreditAllocation,
)
from commerce.services.adjustments import save_adjustments
from commerce.services.currencies import save_currencies
from commerce.services.documents import (
    retire_invoices,
    save_bills,
    save_credit_notes,
    save_invoices,
    save_purchase_orders,
    save_sales_orders,
    save_vendor_credits,
)
from commerce.services.parties import retire_parties, save_parties
from commerce.tests.builders import DAY, LATER, NOON, bill, customer, invoice, line, to_bill, to_invoice, vendor
from commerce.values import (
    AdjustmentLineValues,
    AdjustmentValues,
    CreditNoteValues,
    CurrencyValues,
    PurchaseOrderLineValues,
    PurchaseOrderValues,
    SalesOrderLineValues,
    SalesOrderValues,
    VendorCreditValues,
)
from tsh_erp.common.errors import MissingParent
from tsh_erp.common.upsert import Saved
from tsh_erp.events.models import StoredEvent

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def parties():
    save_parties([customer("c1"), vendor("v1")], at=NOON)
    StoredEvent.objects.all().delete()


def events():
    return list(StoredEvent.objects.order_by("id").values_list("type", "data"))


def test_an_invoice_is_stored_as_zoho_sent_it():
    save_products([ProductValues(zoho_id="p1", name="Cable")], at=NOON)
    save_warehouses([WarehouseValues(zoho_id="w1", name="Main")], at=NOON)
    StoredEvent.objects.all().delete()
    lines = (
        line("p1", quantity=Decimal(2), rate=Decimal("1.5"), item_total=Decimal(999), warehouse_zoho_id="w1"),
        line("404", description="not here yet"),
    )

    saved = save_invoices([invoice("i1", total=Decimal("12.345678"), discount="20.00%", lines=lines)], at=NOON)

    assert saved == Saved(created=frozenset({"i1"}))
    stored = Invoice.objects.get()
    assert stored.customer == Customer.objects.get()
    assert (stored.total, stored.sub_total, stored.discount) == (Decimal("12.345678"), None, "20.00%")
    first, second = stored.lines.order_by("position")
    assert (first.product, first.warehouse) == (Product.objects.get(), Warehouse.objects.get())
    assert first.item_total == Decimal(999)
    assert (second.product, second.product_zoho_id, second.product_name) == (None, "404", "Product 404")
    assert events() == [("commerce.invoice.created", {"zoho_id": "i1"})]


def test_lines_are_replaced_as_a_whole():
    save_invoices([invoice(lines=(line("1"), line("2"), line("3")))], at=NOON)

    saved = save_invoices([invoice(lines=(line("3"), line("4")))], at=LATER)

    assert saved.changed == {"i1"}
    assert list(InvoiceLine.objects.order_by("position").values_list("position", "product_zoho_id")) == [
        (1, "3"),
        (2, "4"),
    ]
    assert events()[-1] == ("commerce.invoice.updated", {"zoho_id": "i1", "fields": ["lines"]})


def test_lines_that_are_not_told_stay():
    save_invoices([invoice(lines=(line("1"),))], at=NOON)

    save_invoices([invoice(lines=None, status="paid")], at=LATER)

    assert Invoice.objects.get().status == "paid"
    assert InvoiceLine.objects.count() == 1


def test_an_empty_list_of_lines_removes_them():
    save_invoices([invoice(lines=(line("1"),))], at=NOON)

    save_invoices([invoice(lines=())], at=LATER)

    assert not InvoiceLine.objects.exists()


def test_the_same_news_again_writes_and_tells_nothing():
    values = [invoice(lines=(line("1", quantity=Decimal(2)),), total=Decimal("7.10"))]
    save_invoices(values, at=NOON)
    key = InvoiceLine.objects.get().pk
    StoredEvent.objects.all().delete()

    saved = save_invoices(values, at=LATER)

    assert saved == Saved(unchanged=frozenset({"i1"}))
    assert InvoiceLine.objects.get().pk == key
    assert events() == []


def test_a_document_waits_for_its_customer():
    with pytest.raises(MissingParent) as error:
        save_invoices([invoice("i1", customer_zoho_id="404")], at=NOON)

    assert (error.value.parent, error.value.zoho_id) == ("commerce.customer", "404")
    assert error.value.child == "commerce.invoice i1"


def test_a_document_of_a_retired_customer_is_still_a_document():
    retire_parties(["c1"], at=NOON)

    save_invoices([invoice()], at=LATER)

    assert Invoice.objects.get().customer.retired_at == NOON


def test_a_gap_in_the_figures_is_recorded_and_nothing_is_corrected():
    complete = invoice(
        sub_total=Decimal(100),
        tax_total=Decimal(10),
        total=Decimal(120),
        payments_applied=Decimal(20),
        credits_applied=Decimal(0),
        balance=Decimal(100),
        lines=(),
        is_complete=True,
    )

    save_invoices([complete, replace(complete, zoho_id="i2", is_complete=False)], at=NOON)

    stored = Invoice.objects.get(zoho_id="i1")
    assert (stored.identity_gap, stored.balance_gap, stored.total) == (Decimal(10), Decimal(0), Decimal(120))
    unchecked = Invoice.objects.get(zoho_id="i2")
    assert (unchecked.identity_gap, unchecked.balance_gap) == (None, None)


def test_a_credit_note_is_used_up_by_credits_and_refunds():
    figures = {"total": Decimal(50), "credits_used": Decimal(30), "refunded": Decimal(5), "balance": Decimal(15)}

    save_credit_notes([CreditNoteValues(zoho_id="n1", customer_zoho_id="c1", is_complete=True, **figures)], at=NOON)

    assert CreditNote.objects.get().balance_gap == 0


def test_a_void_document_owes_nothing_whatever_its_total():
    figures = {"sub_total": Decimal(110), "tax_total": Decimal(0), "total": Decimal(110), "balance": Decimal(0)}
    applied = {"payments_applied": Decimal(0), "credits_applied": Decimal(0)}

    save_invoices([invoice(status="void", lines=(), is_complete=True, **figures, **applied)], at=NOON)

    assert (Invoice.objects.get().identity_gap, Invoice.objects.get().balance_gap) == (0, None)


def test_a_void_document_keeps_the_time_it_was_voided():
    save_invoices([invoice(status="void")], at=NOON)
    save_invoices([invoice(status="void", notes="again")], at=LATER)
    assert Invoice.objects.get().voided_at == NOON

    save_invoices([invoice(status="draft")], at=LATER)
    assert Invoice.objects.get().voided_at is None


def test_a_deleted_document_is_retired_and_kept():
    save_invoices([invoice(lines=(line("1"),))], at=NOON)

    assert retire_invoices(["i1"], at=LATER) == 1

    assert Invoice.objects.get().retired_at == LATER
    assert InvoiceLine.objects.count() == 1
    assert events()[-1] == ("commerce.invoice.retired", {"zoho_id": "i1"})


def test_a_retired_document_that_is_saved_again_is_alive():
    save_invoices([invoice()], at=NOON)
    retire_invoices(["i1"], at=NOON)

    saved = save_invoices([invoice()], at=LATER)

    assert saved.changed == {"i1"}
    assert Invoice.objects.get().retired_at is None


def test_a_credit_note_names_every_invoice_it_was_applied_to():
    save_invoices([invoice("i1"), invoice("i2")], at=NOON)
    applied = (to_invoice("i1", "10"), to_invoice("i2", "2.5"), to_invoice("i1", "1"))

    save_credit_notes([CreditNoteValues(zoho_id="n1", customer_zoho_id="c1", allocations=applied)], at=NOON)

    rows = CreditNoteAllocation.objects.order_by("position").values_list("invoice__zoho_id", "amount")
    assert list(rows) == [("i1", Decimal(10)), ("i2", Decimal("2.5")), ("i1", Decimal(1))]


def test_a_vendor_credit_waits_for_its_bill():
    applied = (to_bill("b1", "10"),)
    values = [VendorCreditValues(zoho_id="n1", vendor_zoho_id="v1", allocations=applied)]
    with pytest.raises(MissingParent) as error:
        save_vendor_credits(values, at=NOON)
    assert (error.value.parent, error.value.zoho_id) == ("commerce.bill", "b1")
    assert error.value.child == "commerce.vendorcredit n1"

    save_bills([bill("b1")], at=NOON)
    save_vendor_credits(values, at=NOON)

    assert VendorCreditAllocation.objects.get().bill == Bill.objects.get()


def test_a_currency_told_by_its_id_gets_its_code():
    save_currencies([CurrencyValues(zoho_id="7", code="RMB")], at=NOON)

    save_bills([bill("b1", currency="", currency_zoho_id="7"), bill("b2", currency="", currency_zoho_id="8")], at=NOON)

    assert dict(Bill.objects.values_list("zoho_id", "currency")) == {"b1": "RMB", "b2": ""}


def test_the_last_of_two_values_of_one_document_stands():
    save_invoices([invoice(status="draft"), invoice(status="sent")], at=NOON)

    assert Invoice.objects.get().status == "sent"


def sales_orders(size):
    lines = (SalesOrderLineValues(product_zoho_id="p1", quantity=Decimal(1)),) * 3
    return [SalesOrderValues(zoho_id=f"so{n}", customer_zoho_id="c1", lines=lines) for n in range(size)]


def invoices(size):
    lines = (line("p1", quantity=Decimal(1)),) * 3
    return [invoice(f"{n}", lines=lines, salesperson_zoho_id="u", sales_order_zoho_id="so0") for n in range(size)]


def credit_notes(size):
    more = {"lines": (line("p1"),) * 3, "allocations": (to_invoice("kept", "1"),) * 2}
    return [CreditNoteValues(zoho_id=f"{n}", customer_zoho_id="c1", **more) for n in range(size)]


def bills(size):
    return [bill(f"{n}", lines=(line("p1"),) * 3) for n in range(size)]


def purchase_orders(size):
    lines = (PurchaseOrderLineValues(product_zoho_id="p1"),) * 3
    return [PurchaseOrderValues(zoho_id=f"{n}", vendor_zoho_id="v1", lines=lines) for n in range(size)]


def vendor_credits(size):
    more = {"lines": (line("p1"),) * 3, "allocations": (to_bill("kept", "1"),) * 2}
    return [VendorCreditValues(zoho_id=f"{n}", vendor_zoho_id="v1", **more) for n in range(size)]


def adjustments(size):
    lines = (AdjustmentLineValues(product_zoho_id="p1", quantity_adjusted=Decimal(1)),) * 3
    return [AdjustmentValues(zoho_id=f"{n}", type="quantity", lines=lines) for n in range(size)]


@pytest.mark.parametrize(
    ("save", "values"),
    [
        (save_sales_orders, sales_orders),
        (save_invoices, invoices),
        (save_credit_notes, credit_notes),
        (save_bills, bills),
        (save_purchase_orders, purchase_orders),
        (save_vendor_credits, vendor_credits),
        (save_adjustments, adjustments),
    ],
)
def test_a_batch_costs_the_same_queries_at_any_size(save, values):
    save_products([ProductValues(zoho_id="p1", name="Cable")], at=NOON)
    save_invoices([invoice("kept")], at=NOON)
    save_bills([bill("kept")], at=NOON)

    one, *rest = values(51)
    small, large = steps(lambda: save([one], at=NOON)), steps(lambda: save(rest, at=NOON))
    changed, *others = [replace(each, warehouse_name="Moved", lines=each.lines[:2]) for each in values(51)]
    small_again, large_again = steps(lambda: save([changed], at=LATER)), steps(lambda: save(others, at=LATER))

    assert large == small
    assert large_again == small_again


def test_an_adjustment_keeps_reason_and_lines():
    adjusted = (AdjustmentLineValues(product_zoho_id="p1", quantity_adjusted=Decimal(-3), unit="pcs"),)
    save_adjustments(
        [AdjustmentValues(zoho_id="a1", date=DAY, type="quantity", reason="Damaged", lines=adjusted)], at=NOON
    )

    stored = InventoryAdjustment.objects.get()
    assert (stored.reason, stored.type, stored.date) == ("Damaged", "quantity", DAY)
    assert stored.lines.get().quantity_adjusted == Decimal(-3)
    assert events() == [("commerce.inventoryadjustment.created", {"zoho_id": "a1"})]


def test_a_sales_order_keeps_its_sub_statuses_and_quantities():
    lines = (SalesOrderLineValues(quantity=Decimal(5), quantity_invoiced=Decimal(3), quantity_shipped=Decimal(1)),)
    statuses = {"order_status": "open", "invoiced_status": "partially_invoiced", "shipped_status": "pending"}

    save_sales_orders([SalesOrderValues(zoho_id="so1", customer_zoho_id="c1", lines=lines, **statuses)], at=NOON)

    stored = SalesOrder.objects.get()
    assert (stored.order_status, stored.invoiced_status, stored.shipped_status) == tuple(statuses.values())
    assert (stored.lines.get().quantity_invoiced, stored.lines.get().quantity_packed) == (Decimal(3), None)
