"""From order to payment: purchase orders, bills, vendor payments, vendor credits, and what we owe."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from zoho_sandbox.wire import Record
from zoho_sandbox.world.company import currency
from zoho_sandbox.world.lines import Wanted, document, in_base
from zoho_sandbox.world.sales import Applied
from zoho_sandbox.world.state import World, money


def new_purchaseorder(world: World, vendor: Record, wanted: Wanted, at: datetime) -> Record:
    """An order at a vendor, stored."""
    record = document(world, vendor, wanted, buying=True)
    for line in record["line_items"]:
        line |= {"purchase_rate": line["rate"], "quantity_received": money(0)}
    record |= {
        "purchaseorder_id": world.new_id(),
        "purchaseorder_number": world.new_number("PO"),
        "date": at.date().isoformat(),
        "delivery_date": (at.date() + timedelta(days=30)).isoformat(),
        "expected_delivery_date": (at.date() + timedelta(days=30)).isoformat(),
        # Mixed case, as the documentation's example has it (api.md §6.16).
        "status": world.random.choice(("open", "Partially_Received", "billed")),
        "is_drop_shipment": False,
        "is_backorder": False,
        "bills": [],
    }
    return world.add("purchaseorder", record, created=at)


def new_bill(world: World, vendor: Record, wanted: Wanted, at: datetime, *, order: Record | None = None) -> Record:
    """A bill nothing is paid of yet, stored."""
    record = document(world, vendor, wanted, buying=True)
    record |= {
        "bill_id": world.new_id(),
        "bill_number": world.new_number("BL"),
        "purchaseorder_id": order["purchaseorder_id"] if order else "",
        "date": at.date().isoformat(),
        "due_date": (at.date() + timedelta(days=vendor["payment_terms"] or 0)).isoformat(),
        "due_by_days": "",
        "status": "open",
        "payment_terms": vendor["payment_terms"],
        "payment_terms_label": vendor["payment_terms_label"],
        "balance": record["total"],
        "payment_made": money(0),
        "vendor_credits_applied": money(0),
        "unused_credits_payable_amount": money(0),
        "tax_amount_withheld": money(0),
        "payments": [],
        "vendor_credits": [],
    }
    vendor["has_transaction"] = True
    if order:
        keys = ("bill_id", "bill_number", "status", "date", "due_date", "total", "balance")
        order |= {"status": "billed", "bills": [{key: record[key] for key in keys}]}
    return world.add("bill", record, created=at)


def new_vendorpayment(
    world: World, vendor: Record, applied: Applied, at: datetime, *, excess: Decimal | int = 0
) -> Record:
    """Money paid, put on bills; `excess` stays as balance. Stored, and the bills settled."""
    amount = sum((part for _, part in applied), money(0)) + money(excess)
    payment_id, bills = world.new_id(), []
    for bill, part in applied:
        row_id = world.new_id()
        bill["payment_made"] += part
        bill["payments"].append(
            {"payment_id": payment_id, "bill_payment_id": row_id, "date": at.date().isoformat(), "amount": part}
        )
        settle_bill(bill)
        bills.append(
            {
                "bill_payment_id": row_id,
                "bill_id": bill["bill_id"],
                "bill_number": bill["bill_number"],
                "date": bill["date"],
                "total": bill["total"],
                "balance": bill["balance"],
                "amount_applied": part,
                "tax_amount_withheld": money(0),
            }
        )
    record: Record = {
        "payment_id": payment_id,
        "payment_number": str(world.numbers.setdefault("vendorpayment", 0) + 1),
        "vendor_id": vendor["contact_id"],
        "vendor_name": vendor["contact_name"],
        "bill_numbers": ", ".join(row["bill_number"] for row in bills),
        "payment_mode": "Bank Transfer",
        "description": "",
        "date": at.date().isoformat(),
        "reference_number": "",
        "currency_id": vendor["currency_id"],
        "currency_code": vendor["currency_code"],
        "currency_symbol": vendor["currency_symbol"],
        "exchange_rate": currency(world, vendor["currency_code"])["exchange_rate"],
        "amount": amount,
        "bcy_amount": money(0),
        "balance": money(excess),
        "bcy_balance": money(0),
        "paid_through_account_id": "",
        "paid_through_account_name": "البنك",
        "billing_address": dict(vendor["billing_address"]),
        "vendorpayment_refunds": [],
        "bills": bills,
        "location_id": "",
        "location_name": "",
        "custom_fields": [],
    }
    record |= {"bcy_amount": in_base(record, amount), "bcy_balance": in_base(record, record["balance"])}
    world.numbers["vendorpayment"] += 1
    return world.add("vendorpayment", record, created=at)


def new_vendorcredit(
    world: World, vendor: Record, wanted: Wanted, at: datetime, *, bill: Record | None = None
) -> Record:
    """Goods sent back, stored; as much as fits is put on `bill`."""
    record = document(world, vendor, wanted, buying=True)
    put = min(record["total"], bill["balance"]) if bill else money(0)
    record |= {
        "vendor_credit_id": world.new_id(),
        "vendor_credit_number": world.new_number("DN"),
        "date": at.date().isoformat(),
        "status": "open" if put < record["total"] else "closed",
        "balance": record["total"] - put,
        "has_attachment": False,
        "bills": [],
    }
    if bill and put:
        row_id = world.new_id()
        bill["vendor_credits_applied"] += put
        bill["vendor_credits"].append(
            {
                "vendor_credit_id": record["vendor_credit_id"],
                "vendor_credit_bill_id": row_id,
                "vendor_credit_number": record["vendor_credit_number"],
                "date": at.date().isoformat(),
                "amount": put,
            }
        )
        settle_bill(bill)
        record["bills"] = [
            {
                "vendor_credit_bill_id": row_id,
                "bill_id": bill["bill_id"],
                "bill_number": bill["bill_number"],
                "date": at.date().isoformat(),
                "amount": put,
            }
        ]
    return world.add("vendorcredit", record, created=at)


def settle_bill(bill: Record) -> None:
    """Work out balance and status from what was paid and credited."""
    settled = bill["payment_made"] + bill["vendor_credits_applied"]
    bill["balance"] = bill["total"] - settled
    if bill["balance"] <= 0:
        bill["status"] = "paid"
    elif settled:
        bill["status"] = "partially_paid"


def balance_vendors(world: World) -> None:
    """Make what we owe vendors agree with their documents. Their time does not move."""
    owed: dict[str, Decimal] = {}
    unused: dict[str, Decimal] = {}
    for bill in world.records("bill"):
        owed[bill["vendor_id"]] = owed.get(bill["vendor_id"], money(0)) + bill["balance"]
    for module in ("vendorcredit", "vendorpayment"):
        for record in world.records(module):
            unused[record["vendor_id"]] = unused.get(record["vendor_id"], money(0)) + record["balance"]
    rates = {record["currency_code"]: record["exchange_rate"] for record in world.records("currency")}
    for contact in world.records("contact"):
        if contact["contact_type"] == "vendor":
            for key, amounts in (("outstanding_payable_amount", owed), ("unused_credits_payable_amount", unused)):
                contact[key] = amounts.get(contact["contact_id"], money(0))
                contact[f"{key}_bcy"] = money(contact[key] * rates[contact["currency_code"]])
