"""From order to cash: sales orders, invoices, customer payments, credit notes, and who owes what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from zoho_sandbox.wire import Record
from zoho_sandbox.world import words
from zoho_sandbox.world.company import currency
from zoho_sandbox.world.lines import Wanted, document, in_base
from zoho_sandbox.world.state import World, money

Applied = Sequence[tuple[Record, Decimal]]
"""Documents with the amount that is put on each."""


def new_salesorder(world: World, customer: Record, wanted: Wanted, at: datetime) -> Record:
    """A confirmed sales order, stored."""
    record = document(world, customer, wanted)
    quantity = sum((line["quantity"] for line in record["line_items"]), money(0))
    for line in record["line_items"]:
        line |= {"quantity_invoiced": money(0), "quantity_shipped": money(0), "is_invoiced": False}
    record |= {
        "salesorder_id": world.new_id(),
        "salesorder_number": world.new_number("SO"),
        "date": at.date().isoformat(),
        "shipment_date": "",
        "status": "open",
        "order_status": "confirmed",
        "invoiced_status": "not_invoiced",
        "paid_status": "unpaid",
        "shipped_status": "pending",
        "quantity": quantity,
        "quantity_invoiced": money(0),
        "quantity_shipped": money(0),
        "bcy_total": in_base(record, record["total"]),
        "delivery_method": "",
        "salesperson_id": customer["owner_id"],
        "salesperson_name": customer["owner_name"],
        "pricebook_id": customer["pricebook_id"],
        "is_emailed": False,
        "invoices": [],
        "packages": [],
    }
    customer["has_transaction"] = True
    return world.add("salesorder", record, created=at)


def new_invoice(
    world: World, customer: Record, wanted: Wanted, at: datetime, *, order: Record | None = None, status: str = "sent"
) -> Record:
    """An invoice nothing is paid of yet, stored; with `order` it bills that order's lines at its prices."""
    record = document(world, customer, wanted)
    if order:
        copied = ("discount", "discount_amount", "discount_total", "shipping_charge", "sub_total", "total")
        record |= {key: order[key] for key in copied}
        hidden = {"quantity_invoiced", "quantity_shipped", "is_invoiced", "line_item_id"}
        record["line_items"] = [
            {key: value for key, value in line.items() if key not in hidden}
            | {"line_item_id": world.new_id(), "salesorder_item_id": line["line_item_id"]}
            for line in order["line_items"]
        ]
    due = at.date() + timedelta(days=customer["payment_terms"])
    record |= {
        "invoice_id": world.new_id(),
        "invoice_number": world.new_number("INV"),
        "salesorder_id": order["salesorder_id"] if order else "",
        "salesorder_number": order["salesorder_number"] if order else "",
        "date": at.date().isoformat(),
        "due_date": due.isoformat(),
        "status": status,
        "payment_terms": customer["payment_terms"],
        "payment_terms_label": customer["payment_terms_label"],
        "payment_expected_date": "",
        "last_payment_date": "",
        "payment_made": money(0),
        "credits_applied": money(0),
        "tax_amount_withheld": money(0),
        "write_off_amount": money(0),
        "balance": record["total"],
        "is_emailed": False,
        "is_viewed_by_client": False,
        "client_viewed_time": "",
        "has_attachment": False,
        "documents": "",
        "salesperson_id": customer["owner_id"],
        "salesperson_name": customer["owner_name"],
        "notes": world.random.choice(words.NOTES),
    }
    customer["has_transaction"] = True
    if order:
        _mark_invoiced(order, record)
    return world.add("invoice", record, created=at)


def _mark_invoiced(order: Record, invoice: Record) -> None:
    for line in order["line_items"]:
        line |= {"quantity_invoiced": line["quantity"], "is_invoiced": True}
    keys = ("invoice_id", "invoice_number", "status", "date", "due_date", "total", "balance")
    order |= {
        "status": "invoiced",
        "order_status": "closed",
        "invoiced_status": "invoiced",
        "quantity_invoiced": order["quantity"],
        "invoices": [{key: invoice[key] for key in keys}],
    }


def new_payment(world: World, customer: Record, applied: Applied, at: datetime, *, excess: Decimal | int = 0) -> Record:
    """Money received, put on invoices; `excess` stays unused. Stored, and the invoices settled."""
    amount = sum((part for _, part in applied), money(0)) + money(excess)
    payment_id = world.new_id()
    invoices = []
    for invoice, part in applied:
        invoice["payment_made"] += part
        settle_invoice(invoice, at)
        invoices.append(
            {
                "invoice_payment_id": world.new_id(),
                "invoice_id": invoice["invoice_id"],
                "invoice_number": invoice["invoice_number"],
                "date": invoice["date"],
                "invoice_amount": invoice["total"],
                "amount_applied": part,
                "balance_amount": invoice["balance"],
                "tax_amount_withheld": money(0),
            }
        )
    record: Record = {
        "payment_id": payment_id,
        "payment_number": str(world.numbers.setdefault("payment", 0) + 1),
        "invoice_numbers": ", ".join(row["invoice_number"] for row in invoices),
        "date": at.date().isoformat(),
        "payment_mode": world.random.choice(("cash", "Cash", "Bank Transfer", "زين كاش")),
        "status": "success",
        "amount": amount,
        "bcy_amount": money(0),
        "unused_amount": money(excess),
        "amount_refunded": money(0),
        "bank_charges": money(0),
        "tax_amount_withheld": money(0),
        "reference_number": "",
        "description": "",
        "customer_id": customer["contact_id"],
        "customer_name": customer["contact_name"],
        "email": "",
        "currency_id": customer["currency_id"],
        "currency_code": customer["currency_code"],
        "currency_symbol": customer["currency_symbol"],
        "exchange_rate": currency(world, customer["currency_code"])["exchange_rate"],
        "account_id": "",
        "account_name": "الصندوق",
        "location_id": "",
        "location_name": "",
        "invoices": invoices,
        "custom_fields": [],
        "custom_field_hash": {},
    }
    record["bcy_amount"] = in_base(record, amount)
    world.numbers["payment"] += 1
    return world.add("customerpayment", record, created=at)


def new_creditnote(
    world: World, customer: Record, wanted: Wanted, at: datetime, *, invoice: Record | None = None
) -> Record:
    """Goods taken back, stored; as much as fits is put on `invoice`."""
    record = document(world, customer, wanted)
    put = min(record["total"], invoice["balance"]) if invoice else money(0)
    record |= {
        "creditnote_id": world.new_id(),
        "creditnote_number": world.new_number("CN"),
        "date": at.date().isoformat(),
        "status": "open" if put < record["total"] else "closed",
        "balance": record["total"] - put,
        "total_credits_used": put,
        "total_refunded_amount": money(0),
        "is_emailed": False,
        "salesperson_id": customer["owner_id"],
        "salesperson_name": customer["owner_name"],
        "invoices": [],
    }
    if invoice and put:
        invoice["credits_applied"] += put
        settle_invoice(invoice, at)
        record["invoices"] = [
            {
                "creditnote_invoice_id": world.new_id(),
                "invoice_id": invoice["invoice_id"],
                "invoice_number": invoice["invoice_number"],
                "date": at.date().isoformat(),
                "amount": put,
            }
        ]
    return world.add("creditnote", record, created=at)


def settle_invoice(invoice: Record, at: datetime) -> None:
    """Work out balance and status from what was paid and credited; a void invoice owes nothing."""
    if invoice["status"] == "void":
        invoice["balance"] = money(0)
        return
    settled = invoice["payment_made"] + invoice["credits_applied"] + invoice["write_off_amount"]
    invoice["balance"] = invoice["total"] - settled
    if settled:
        invoice["last_payment_date"] = at.date().isoformat()
    if invoice["balance"] <= 0:
        invoice["status"] = "paid"
    elif settled:
        invoice["status"] = "partially_paid"
    elif invoice["due_date"] < at.date().isoformat() and invoice["status"] == "sent":
        invoice["status"] = "overdue"


def is_owed(invoice: Record) -> bool:
    return invoice["status"] not in ("draft", "void") and invoice["balance"] > 0


def balance_customers(world: World, customer_ids: set[str] | None = None) -> None:
    """Make what customers owe, and what they have in credit, agree with their documents. Their time does not move."""
    owed: dict[str, Decimal] = {}
    unused: dict[str, Decimal] = {}
    for invoice in world.records("invoice"):
        if is_owed(invoice):
            owed[invoice["customer_id"]] = owed.get(invoice["customer_id"], money(0)) + invoice["balance"]
    for note in world.records("creditnote"):
        if note["status"] == "open":
            unused[note["customer_id"]] = unused.get(note["customer_id"], money(0)) + note["balance"]
    for payment in world.records("customerpayment"):
        unused[payment["customer_id"]] = unused.get(payment["customer_id"], money(0)) + payment["unused_amount"]
    rates = {record["currency_code"]: record["exchange_rate"] for record in world.records("currency")}
    for contact in world.records("contact"):
        zoho_id = contact["contact_id"]
        if contact["contact_type"] != "customer" or (customer_ids is not None and zoho_id not in customer_ids):
            continue
        rate = rates[contact["currency_code"]]
        for key, amounts in (("outstanding_receivable_amount", owed), ("unused_credits_receivable_amount", unused)):
            contact[key] = amounts.get(zoho_id, money(0))
            contact[f"{key}_bcy"] = money(contact[key] * rate)
