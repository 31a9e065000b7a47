"""Make the company: the same seed and size give the same books, byte for byte."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from random import Random
from typing import Self

from zoho_sandbox.clock import START, WorldClock
from zoho_sandbox.wire import Record
from zoho_sandbox.world.company import locations, open_company
from zoho_sandbox.world.counts import new_adjustment
from zoho_sandbox.world.goods import add_categories, add_items, sellable_items, tracked_items
from zoho_sandbox.world.lines import pick_goods
from zoho_sandbox.world.people import add_contacts, contacts
from zoho_sandbox.world.prices import add_price_lists
from zoho_sandbox.world.purchases import (
    balance_vendors,
    new_bill,
    new_purchaseorder,
    new_vendorcredit,
    new_vendorpayment,
)
from zoho_sandbox.world.sales import (
    balance_customers,
    is_owed,
    new_creditnote,
    new_invoice,
    new_payment,
    new_salesorder,
    settle_invoice,
)
from zoho_sandbox.world.state import World, money

# The real company (lessons.md): 2,221 items, 2,503 contacts of which 81 vendors, 19,636 orders to 23,972 invoices.
REAL_ITEMS, REAL_CONTACTS, VENDOR_SHARE, ORDERS_PER_INVOICE = 2221, 2503, 81 / 2503, 19636 / 23972
USUAL_INVOICES = 300
PAST_DAYS = 400


@dataclass(frozen=True, kw_only=True)
class Size:
    """How many records of each kind; the real company's by default, but for its years of documents."""

    items: int = REAL_ITEMS
    contacts: int = REAL_CONTACTS
    vendors: int = 81
    salesorders: int = round(USUAL_INVOICES * ORDERS_PER_INVOICE)
    invoices: int = USUAL_INVOICES
    creditnotes: int = 30
    purchaseorders: int = 40
    bills: int = 60
    vendorcredits: int = 10
    adjustments: int = 40

    @classmethod
    def scaled(cls, items: int = REAL_ITEMS, *, contacts: int | None = None, invoices: int | None = None) -> Self:
        """The company with `items` items and everything else in proportion, unless said otherwise."""
        share = items / REAL_ITEMS
        people = max(12, round(REAL_CONTACTS * share)) if contacts is None else contacts
        sold = max(10, round(USUAL_INVOICES * share)) if invoices is None else invoices
        size = cls(
            items=items,
            contacts=people,
            vendors=max(3, round(people * VENDOR_SHARE)),
            salesorders=round(sold * ORDERS_PER_INVOICE),
            invoices=sold,
            creditnotes=max(2, sold // 10),
            purchaseorders=max(2, sold // 8),
            bills=max(4, sold // 5),
            vendorcredits=max(2, sold // 30),
            adjustments=max(3, sold // 8),
        )
        if items == 0 or people <= size.vendors:
            # Nothing to sell, or nobody to sell it to: no documents.
            return replace(
                size,
                vendors=min(size.vendors, people),
                **dict.fromkeys(
                    (
                        "salesorders",
                        "invoices",
                        "creditnotes",
                        "purchaseorders",
                        "bills",
                        "vendorcredits",
                        "adjustments",
                    ),
                    0,
                ),
            )
        return size


def build_world(size: Size | None = None, *, seed: int = 1, live: bool = False) -> World:
    """The company as it stands on the first morning."""
    with _no_garbage():
        return _build(size or Size(), seed, live)


@contextmanager
def _no_garbage() -> Iterator[None]:
    """All that is made here stays: looking for garbage among it, again and again, would take half of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _build(size: Size, seed: int, live: bool) -> World:
    world = World(random=Random(seed), clock=WorldClock(live=live))  # noqa: S311 - make-believe, not secrets
    open_company(world)
    add_categories(world)
    add_items(world, size.items)
    add_price_lists(world)
    add_contacts(world, size.contacts, size.vendors)
    items = sellable_items(world)
    if items:
        _sell(world, size, items)
        _buy(world, size, items)
    balance_customers(world)
    balance_vendors(world)
    tracked = tracked_items(world)
    for _ in range(size.adjustments if tracked else 0):
        changes = [(item, world.random.choice((-3, -1, 1, 5))) for item, _ in pick_goods(world, tracked, 3)]
        new_adjustment(world, world.random.choice(locations(world)), changes, world.past(PAST_DAYS), moves_stock=False)
    return world


def _sell(world: World, size: Size, items: Sequence[Record]) -> None:
    random, customers = world.random, contacts(world, "customer")
    if not customers:
        return
    orders = [
        new_salesorder(world, random.choice(customers), pick_goods(world, items), world.past(PAST_DAYS))
        for _ in range(size.salesorders)
    ]
    by_id = {customer["contact_id"]: customer for customer in customers}
    to_bill = iter(random.sample(orders, round(len(orders) * 0.8)))
    for _ in range(size.invoices):
        order = next(to_bill, None)
        customer = by_id[order["customer_id"]] if order else random.choice(customers)
        status = random.choice(("sent",) * 16 + ("draft", "void"))
        new_invoice(world, customer, pick_goods(world, items), world.past(PAST_DAYS), order=order, status=status)
    for invoice in world.records("invoice"):
        settle_invoice(invoice, START)
    _pay(world, by_id)
    for _ in range(size.creditnotes):
        customer = random.choice(customers)
        owed = [record for record in _owed(world, customer) if random.random() < 0.5]
        new_creditnote(world, customer, pick_goods(world, items, 2), world.past(90), invoice=owed[0] if owed else None)


def _pay(world: World, customers: dict[str, Record]) -> None:
    """Two thirds of what is owed gets paid: one payment over up to three invoices of a customer, some in part."""
    random = world.random
    for customer in customers.values():
        owed = _owed(world, customer)[:3]
        if not owed or random.random() < 0.33:
            continue
        applied = [(invoice, invoice["balance"]) for invoice in owed]
        if random.random() < 0.3:
            applied[-1] = (owed[-1], money(owed[-1]["balance"] / 2))
        new_payment(world, customer, applied, world.past(60), excess=money(25) if random.random() < 0.1 else 0)


def _owed(world: World, customer: Record) -> list[Record]:
    return [
        invoice
        for invoice in world.records("invoice")
        if invoice["customer_id"] == customer["contact_id"] and is_owed(invoice)
    ]


def _buy(world: World, size: Size, items: Sequence[Record]) -> None:
    random, vendors = world.random, contacts(world, "vendor")
    if not vendors:
        return
    by_id = {vendor["contact_id"]: vendor for vendor in vendors}
    orders = [
        new_purchaseorder(world, random.choice(vendors), pick_goods(world, items), world.past(PAST_DAYS))
        for _ in range(size.purchaseorders)
    ]
    to_bill = iter(random.sample(orders, len(orders) // 2))
    for _ in range(size.bills):
        order = next(to_bill, None)
        vendor = by_id[order["vendor_id"]] if order else random.choice(vendors)
        bill = new_bill(world, vendor, pick_goods(world, items), world.past(PAST_DAYS), order=order)
        if random.random() < 0.6:
            part = bill["balance"] if random.random() < 0.7 else money(bill["balance"] / 2)
            new_vendorpayment(world, vendor, [(bill, part)], world.past(60))
    for _ in range(size.vendorcredits):
        vendor = random.choice(vendors)
        bills = [
            record
            for record in world.records("bill")
            if record["vendor_id"] == vendor["contact_id"] and record["balance"] > 0
        ]
        new_vendorcredit(world, vendor, pick_goods(world, items, 2), world.past(60), bill=bills[0] if bills else None)
