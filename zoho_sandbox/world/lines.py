"""What sales and purchase documents have in common: lines, totals, currency, addresses."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from zoho_sandbox.wire import Record
from zoho_sandbox.world.company import currency, locations
from zoho_sandbox.world.prices import STEP
from zoho_sandbox.world.state import World, money

Wanted = Sequence[tuple[Record, int]]
"""Items with quantities."""

ADDRESS_KEYS = ("attention", "address", "street2", "city", "state", "zip", "country", "phone", "fax")


def pick_goods(world: World, items: Sequence[Record], most: int = 6) -> Wanted:
    """One to `most` different items with everyday quantities."""
    chosen = world.random.sample(items, min(len(items), world.random.randint(1, most)))
    return [(item, world.random.choice((1, 1, 2, 3, 5, 10))) for item in chosen]


def document(world: World, contact: Record, wanted: Wanted, *, buying: bool = False) -> Record:
    """The common part of a document: lines, discount on the whole for some, totals that add up.

    total = sub_total - discount_total + shipping_charge + adjustment + tax_total, all in the contact's currency.
    """
    random = world.random
    code = contact["currency_code"]
    exchange_rate = currency(world, code)["exchange_rate"]
    place = random.choice(locations(world))
    lines = [
        _line(world, order, item, quantity, _rate(world, item, code, buying=buying), exchange_rate, place)
        for order, (item, quantity) in enumerate(wanted, start=1)
    ]
    sub_total = sum((line["item_total"] for line in lines), money(0))
    percentage = 0 if buying or random.random() < 0.9 else random.choice((5, 10))
    discount = money(sub_total * percentage / 100)
    shipping = money(0) if buying or random.random() < 0.9 else _local(world, Decimal(5), code)
    who = "vendor" if buying else "customer"
    return {
        f"{who}_id": contact["contact_id"],
        f"{who}_name": contact["contact_name"],
        "contact_persons_associated": [],
        "reference_number": f"REF {random.randint(1, 999)}" if random.random() < 0.2 else " ",
        "currency_id": contact["currency_id"],
        "currency_code": code,
        "currency_symbol": contact["currency_symbol"],
        "exchange_rate": exchange_rate,
        "price_precision": contact["price_precision"],
        "is_inclusive_tax": False,
        "is_discount_before_tax": True,
        "discount_type": "entity_level",
        "discount": f"{percentage}.00%" if percentage else money(0),
        "discount_amount": discount,
        "discount_total": discount,
        "shipping_charge": shipping,
        "adjustment": money(0),
        "adjustment_description": "",
        "line_items": lines,
        "sub_total": sub_total,
        "tax_total": money(0),
        "taxes": [],
        "total": sub_total - discount + shipping,
        "location_id": place["location_id"],
        "location_name": place["location_name"],
        "billing_address": {key: contact["billing_address"][key] for key in ADDRESS_KEYS},
        "shipping_address": {key: contact["shipping_address"][key] for key in ADDRESS_KEYS},
        "notes": "",
        "terms": "",
        "template_id": "",
        "template_name": "Standard Template",
        "custom_fields": [],
        "custom_field_hash": {},
    }


def _line(
    world: World, order: int, item: Record, quantity: int, rate: Decimal, exchange_rate: Decimal, place: Record
) -> Record:
    return {
        "line_item_id": world.new_id(),
        "item_id": item["item_id"],
        "sku": item["sku"],
        "name": item["name"],
        "description": "",
        "item_order": order,
        "bcy_rate": money(rate * exchange_rate),
        "rate": rate,
        "quantity": money(quantity),
        "unit": item["unit"],
        "discount": 0,
        "discount_amount": money(0),
        "tax_id": "",
        "tax_name": "",
        "tax_type": "",
        "tax_percentage": 0,
        "item_total": money(rate * quantity),
        "location_id": place["location_id"],
        "location_name": place["location_name"],
        "item_custom_fields": [],
    }


def _rate(world: World, item: Record, code: str, *, buying: bool) -> Decimal:
    """The item's rate (in dollars, as this company keeps its catalogue) in the document's currency."""
    return _local(world, item["purchase_rate" if buying else "rate"], code)


def _local(world: World, dollars: Decimal, code: str) -> Decimal:
    in_base = dollars * currency(world, "USD")["exchange_rate"]
    if code == "IQD":
        return money((in_base / STEP).to_integral_value() * STEP)
    return money(in_base / currency(world, code)["exchange_rate"])


def in_base(record: Record, amount: Decimal) -> Decimal:
    """An amount of that document or payment in the base currency."""
    return money(amount * record["exchange_rate"])
