"""Seven price lists: half of the catalogue priced in each, one list by percentage, one for buying."""

from __future__ import annotations

from decimal import Decimal

from zoho_sandbox.wire import Record
from zoho_sandbox.world.company import currency
from zoho_sandbox.world.state import World, money

# name, currency, factor on the item's rate (None: by percentage), sales or purchases
PRICE_LISTS = (
    ("جملة أ USD", "USD", Decimal("0.90"), "sales"),
    ("جملة ب USD", "USD", Decimal("0.95"), "sales"),
    ("مفرد IQD", "IQD", Decimal("1.20"), "sales"),
    ("فنيين IQD", "IQD", Decimal("1.05"), "sales"),
    ("فنيين USD", "USD", Decimal("1.05"), "sales"),
    ("عرض خاص", "USD", None, "sales"),
    ("مشتريات الصين", "CNY", Decimal("5.20"), "purchases"),
)
STEP = Decimal(250)
# The real lists hold 7,825 prices; about this share of the items that have a price at all.
SHARE_PRICED = 0.78


def add_price_lists(world: World) -> None:
    for name, code, factor, kind in PRICE_LISTS:
        record: Record = {
            "pricebook_id": world.new_id(),
            "name": name,
            "description": "",
            "currency_id": currency(world, code)["currency_id"],
            "currency_code": code,
            "decimal_place": 0 if code == "IQD" else 2,
            "is_default": False,
            "is_increase": False if factor is None else "",
            "percentage": money(5) if factor is None else "",
            "pricebook_type": "fixed_percentage" if factor is None else "per_item",
            "pricing_scheme": "unit",
            "rounding_type": "round_to_dollar" if factor is None else "no_rounding",
            "sales_or_purchase_type": kind,
            "status": "active",
            "pricebook_items": [],
        }
        if factor is not None:
            record["pricebook_items"] = [
                _price(world, item, code, factor)
                for item in world.records("item")
                if item["rate"] and world.random.random() < SHARE_PRICED
            ]
        world.add("pricebook", record, created=world.past(600))


def _price(world: World, item: Record, code: str, factor: Decimal) -> Record:
    rate = money(item["rate"] * factor)
    if code == "IQD":
        rate = money(
            (item["rate"] * factor * currency(world, "USD")["exchange_rate"] / STEP).to_integral_value() * STEP
        )
    return {
        "pricebook_item_id": world.new_id(),
        "item_id": item["item_id"],
        "item_name": item["name"],
        "pricebook_rate": rate,
        "pricebook_discount": "",
        "pricing_scheme": "unit",
        "price_brackets": [],
    }


def sales_lists(world: World) -> list[Record]:
    return [record for record in world.records("pricebook") if record["sales_or_purchase_type"] == "sales"]
