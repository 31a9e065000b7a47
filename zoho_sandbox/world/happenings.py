"""What happens to a trading company on a working day, one thing at a time and by chance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from zoho_sandbox.modules import BY_NAME
from zoho_sandbox.wire import Record
from zoho_sandbox.world.company import locations
from zoho_sandbox.world.counts import new_adjustment
from zoho_sandbox.world.goods import is_reckonable, move_stock, new_item, random_traits, sellable_items, tracked_items
from zoho_sandbox.world.lines import pick_goods
from zoho_sandbox.world.people import contacts, new_customer, new_vendor
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

Event = Literal["created", "updated", "deleted"]


@dataclass(frozen=True)
class Change:
    """One record that changed, and how; `record` is what it is now (or was last)."""

    module: str
    zoho_id: str
    event: Event
    record: Record


class NothingToDo(LookupError):
    """The company has nothing this could happen to; the text says what is missing."""


def created(module: str, record: Record) -> Change:
    return Change(module, str(record[BY_NAME[module].id_key]), "created", record)


def updated(world: World, module: str, record: Record) -> Change:
    """Note the change in the record's time."""
    zoho_id = str(record[BY_NAME[module].id_key])
    return Change(module, zoho_id, "updated", world.touch(module, zoho_id))


def _any(world: World, found: list[Record], what: str) -> Record:
    if not found:
        raise NothingToDo(f"no {what}")
    return world.random.choice(found)


# --- edits ------------------------------------------------------------------------------------------


def reprice_item(world: World) -> list[Change]:
    item = _any(world, [item for item in world.records("item") if is_reckonable(item)], "item")
    item["rate"] = money((item["rate"] or 5) * world.random.choice((9, 11, 12)) / 10)
    return [updated(world, "item", item)]


def toggle_item(world: World) -> list[Change]:
    item = _any(world, list(world.records("item")), "item")
    item["status"] = "inactive" if item["status"] == "active" else "active"
    return [updated(world, "item", item)]


def edit_customer(world: World) -> list[Change]:
    customer = _any(world, contacts(world, "customer"), "customer")
    phone = f"078{world.random.randint(10**7, 10**8 - 1)}"
    customer |= {"phone": phone, "mobile": phone}
    for person in customer["contact_persons"]:
        person |= {"phone": phone, "mobile": phone}
    return [updated(world, "contact", customer)]


def reprice_list(world: World) -> list[Change]:
    """A price in a list: the list's own time does not move (api.md §6.13)."""
    book = _any(world, [book for book in world.records("pricebook") if book["pricebook_items"]], "price list")
    priced = [row for row in book["pricebook_items"] if row["pricebook_rate"] != ""]
    row = world.random.choice(priced)
    row["pricebook_rate"] = money(row["pricebook_rate"] * world.random.choice((9, 11)) / 10)
    return [Change("pricebook", book["pricebook_id"], "updated", book)]


def void_invoice(world: World) -> list[Change]:
    unpaid = [record for record in world.records("invoice") if is_owed(record) and record["balance"] == record["total"]]
    invoice = _any(world, unpaid, "unpaid invoice")
    invoice["status"] = "void"
    settle_invoice(invoice, world.clock.last)
    balance_customers(world, {invoice["customer_id"]})
    return [updated(world, "invoice", invoice)]


# --- new records ------------------------------------------------------------------------------------


def add_item(world: World) -> list[Change]:
    return [created("item", world.add("item", new_item(world, random_traits(world.random))))]


def add_customer(world: World) -> list[Change]:
    return [created("contact", world.add("contact", new_customer(world)))]


def add_vendor(world: World) -> list[Change]:
    return [created("contact", world.add("contact", new_vendor(world)))]


def order_goods(world: World) -> list[Change]:
    customer, items = _any(world, contacts(world, "customer"), "customer"), _goods(world)
    return [created("salesorder", new_salesorder(world, customer, pick_goods(world, items), world.clock.advance()))]


def sell(world: World) -> list[Change]:
    """An invoice over the counter: goods leave the stock, the customer owes more."""
    customer, items = _any(world, contacts(world, "customer"), "customer"), _goods(world)
    invoice = new_invoice(world, customer, pick_goods(world, items), world.clock.advance())
    _move_goods(world, invoice, -1)
    balance_customers(world, {customer["contact_id"]})
    return [created("invoice", invoice)]


def bill_order(world: World) -> list[Change]:
    """An open order becomes an invoice."""
    order = _any(world, [record for record in world.records("salesorder") if record["status"] == "open"], "open order")
    customer = world.get("contact", order["customer_id"])
    if customer is None:
        raise NothingToDo("no customer for the order")
    invoice = new_invoice(world, customer, (), world.clock.advance(), order=order)
    _move_goods(world, invoice, -1)
    balance_customers(world, {customer["contact_id"]})
    return [created("invoice", invoice), updated(world, "salesorder", order)]


def receive_payment(world: World) -> list[Change]:
    """A customer pays one or two invoices, the last perhaps in part."""
    invoice = _any(world, [record for record in world.records("invoice") if is_owed(record)], "unpaid invoice")
    customer = world.get("contact", invoice["customer_id"])
    if customer is None:
        raise NothingToDo("no customer for the invoice")
    others = [
        record
        for record in world.records("invoice")
        if record["customer_id"] == customer["contact_id"] and is_owed(record) and record is not invoice
    ]
    applied = [(record, record["balance"]) for record in [*others[:1], invoice]]
    if world.random.random() < 0.4:
        applied[-1] = (invoice, money(invoice["balance"] / 2))
    payment = new_payment(world, customer, applied, world.clock.advance())
    balance_customers(world, {customer["contact_id"]})
    return [created("customerpayment", payment), *(updated(world, "invoice", record) for record, _ in applied)]


def take_back(world: World) -> list[Change]:
    customer, items = _any(world, contacts(world, "customer"), "customer"), _goods(world)
    note = new_creditnote(world, customer, pick_goods(world, items, 2), world.clock.advance())
    _move_goods(world, note, 1)
    balance_customers(world, {customer["contact_id"]})
    return [created("creditnote", note)]


def count_stock(world: World) -> list[Change]:
    tracked = tracked_items(world)
    if not tracked:
        raise NothingToDo("no item that keeps stock")
    changes = [(item, world.random.choice((-3, -1, 2, 10))) for item, _ in pick_goods(world, tracked, 3)]
    place = world.random.choice(locations(world))
    return [
        created("inventoryadjustment", new_adjustment(world, place, changes, world.clock.advance(), moves_stock=True))
    ]


def order_from_vendor(world: World) -> list[Change]:
    vendor, items = _any(world, contacts(world, "vendor"), "vendor"), _goods(world)
    return [created("purchaseorder", new_purchaseorder(world, vendor, pick_goods(world, items), world.clock.advance()))]


def buy(world: World) -> list[Change]:
    """A vendor's bill: goods arrive, we owe more."""
    vendor, items = _any(world, contacts(world, "vendor"), "vendor"), _goods(world)
    bill = new_bill(world, vendor, pick_goods(world, items), world.clock.advance())
    _move_goods(world, bill, 1)
    balance_vendors(world)
    return [created("bill", bill)]


def pay_vendor(world: World) -> list[Change]:
    bill = _any(world, [record for record in world.records("bill") if record["balance"] > 0], "unpaid bill")
    vendor = world.get("contact", bill["vendor_id"])
    if vendor is None:
        raise NothingToDo("no vendor for the bill")
    payment = new_vendorpayment(world, vendor, [(bill, bill["balance"])], world.clock.advance())
    balance_vendors(world)
    return [created("vendorpayment", payment), updated(world, "bill", bill)]


def send_back(world: World) -> list[Change]:
    vendor, items = _any(world, contacts(world, "vendor"), "vendor"), _goods(world)
    credit = new_vendorcredit(world, vendor, pick_goods(world, items, 2), world.clock.advance())
    _move_goods(world, credit, -1)
    balance_vendors(world)
    return [created("vendorcredit", credit)]


def _goods(world: World) -> list[Record]:
    found = sellable_items(world)
    if not found:
        raise NothingToDo("no item to sell")
    return found


def _move_goods(world: World, document: Record, sign: int) -> None:
    for line in document["line_items"]:
        if item := world.get("item", line["item_id"]):
            move_stock(item, line["location_id"], line["quantity"] * sign)


def drift(world: World, module: str, event: Event) -> None:
    """Another user of the books changes, makes or deletes one record of a module, by chance and without a webhook."""
    if event == "created":
        if module in CREATORS:
            CREATORS[module](world)
        return
    record = _any(world, list(world.records(module)), module)
    zoho_id = str(record[BY_NAME[module].id_key])
    if event == "deleted":
        world.remove(module, zoho_id)
    else:
        world.touch(module, zoho_id)


# --- a day ------------------------------------------------------------------------------------------

Happening = Callable[[World], list[Change]]

CREATORS: dict[str, Happening] = {
    "item": add_item,
    "contact": add_customer,
    "salesorder": order_goods,
    "invoice": sell,
    "customerpayment": receive_payment,
    "creditnote": take_back,
    "inventoryadjustment": count_stock,
    "purchaseorder": order_from_vendor,
    "bill": buy,
    "vendorpayment": pay_vendor,
    "vendorcredit": send_back,
}
"""How a new record of each module comes about."""

USUAL: tuple[tuple[Happening, int], ...] = (
    (reprice_item, 8),
    (edit_customer, 5),
    (order_goods, 8),
    (sell, 8),
    (bill_order, 6),
    (receive_payment, 6),
    (count_stock, 4),
    (reprice_list, 3),
    (take_back, 2),
    (buy, 2),
    (pay_vendor, 2),
    (order_from_vendor, 2),
    (add_customer, 2),
    (add_item, 2),
    (send_back, 1),
    (toggle_item, 1),
    (void_invoice, 1),
    (add_vendor, 1),
)


def happen(world: World) -> list[Change]:
    """One thing that is possible now, by chance and weight."""
    happenings = [happening for happening, _ in USUAL]
    weights = [weight for _, weight in USUAL]
    for _ in range(50):
        try:
            return world.random.choices(happenings, weights)[0](world)
        except NothingToDo:
            continue
    return []
