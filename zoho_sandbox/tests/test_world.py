from __future__ import annotations

from decimal import Decimal

from zoho_sandbox.wire import encode
from zoho_sandbox.world.build import Size, build_world
from zoho_sandbox.world.happenings import happen
from zoho_sandbox.world.oddities import make_odd


def everything(world) -> bytes:
    return encode({module: list(world.records(module)) for module in world.tables})


def check_books(world) -> None:
    """Totals, allocations and balances agree with each other."""
    applied: dict[str, Decimal] = {}
    for payment in world.records("customerpayment"):
        put = sum(row["amount_applied"] for row in payment["invoices"])
        assert payment["amount"] == put + payment["unused_amount"]
        for row in payment["invoices"]:
            applied[row["invoice_id"]] = applied.get(row["invoice_id"], Decimal(0)) + row["amount_applied"]
    owed: dict[str, Decimal] = {}
    for invoice in world.records("invoice"):
        assert invoice["sub_total"] == sum(line["item_total"] for line in invoice["line_items"])
        assert invoice["total"] == invoice["sub_total"] - invoice["discount_total"] + invoice["shipping_charge"]
        assert invoice["payment_made"] == applied.get(invoice["invoice_id"], 0)
        if invoice["status"] != "void":
            assert invoice["balance"] == invoice["total"] - invoice["payment_made"] - invoice["credits_applied"]
        if invoice["status"] not in ("draft", "void"):
            owed[invoice["customer_id"]] = owed.get(invoice["customer_id"], Decimal(0)) + invoice["balance"]
    for bill in world.records("bill"):
        assert bill["balance"] == bill["total"] - bill["payment_made"] - bill["vendor_credits_applied"]
        assert bill["payment_made"] == sum(row["amount"] for row in bill["payments"])
    for contact in world.records("contact"):
        if contact["contact_type"] == "customer":
            assert contact["outstanding_receivable_amount"] == owed.get(contact["contact_id"], 0)
    for item in world.records("item"):
        if "locations" in item:
            assert item["stock_on_hand"] == sum(row["location_stock_on_hand"] for row in item["locations"])


def test_the_default_company_has_the_real_sizes_and_the_real_dirt():
    world = build_world()

    items, contacts = list(world.records("item")), list(world.records("contact"))
    assert len(items) == 2221
    assert sum(item["status"] == "active" for item in items) == 1312
    assert sum(item.get("stock_on_hand", 0) > 0 for item in items) == 479
    assert sum(not item["sku"] for item in items) == 1755
    assert sum(not item["rate"] for item in items) == 548
    assert sum(not item["category_id"] for item in items) == 1761
    assert max(len(item["sku"]) for item in items) == 120
    assert len(contacts) == 2503
    assert sum(contact["contact_type"] == "vendor" for contact in contacts) == 81
    sizes = {module: len(world.tables[module]) for module in ("pricebook", "category", "location", "invoice")}
    assert sizes == {"pricebook": 7, "category": 33, "location": 3, "invoice": 300}
    check_books(world)


def test_the_same_seed_makes_the_same_company_and_the_same_days():
    first, second = (build_world(Size.scaled(60), seed=7) for _ in range(2))
    other = build_world(Size.scaled(60), seed=8)
    for _ in range(50):
        happen(first), happen(second)

    assert everything(first) == everything(second)
    assert everything(first) != everything(other)


def test_the_books_still_agree_after_many_days():
    world = build_world(Size.scaled(60))

    changes = [change for _ in range(400) for change in happen(world)]

    assert len(changes) > 400
    assert {change.module for change in changes} >= {"item", "contact", "salesorder", "invoice", "customerpayment"}
    check_books(world)


def test_a_company_without_goods_or_people_has_no_documents():
    assert not build_world(Size.scaled(0)).tables["invoice"]
    assert not build_world(Size.scaled(20, contacts=0)).tables["invoice"]


def test_odd_books_still_add_up_and_move_their_times():
    world = build_world(Size.scaled(60))
    before = world.clock.last

    changed = make_odd(world)

    assert changed > 20
    for module in ("salesorder", "invoice", "creditnote", "purchaseorder", "bill", "vendorcredit"):
        for document in world.records(module):
            parts = (
                document["sub_total"]
                - document["discount_total"]
                + document["shipping_charge"]
                + document["adjustment"]
                + document["tax_total"]
            )
            assert document["total"] == parts
    moved = [stored for table in world.tables.values() for stored in table.values() if stored.modified > before]
    assert len(moved) >= changed - 3
