"""Inventory adjustments: what a stock count or a broken box changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from zoho_sandbox.wire import Record
from zoho_sandbox.world import words
from zoho_sandbox.world.goods import move_stock
from zoho_sandbox.world.state import World, money, stock


def new_adjustment(
    world: World, place: Record, changes: Sequence[tuple[Record, int]], at: datetime, *, moves_stock: bool
) -> Record:
    """An adjustment of quantities at one location, stored. The past's adjustments already lie in the stock."""
    lines = []
    for item, quantity in changes:
        if moves_stock:
            move_stock(item, place["location_id"], stock(quantity))
        lines.append(
            {
                "line_item_id": world.new_id(),
                "item_id": item["item_id"],
                "name": item["name"],
                "sku": item["sku"],
                "description": "",
                "quantity_adjusted": stock(quantity),
                "item_total": money(item["purchase_rate"] * quantity),
                "unit": item["unit"],
                "is_combo_product": False,
                "adjustment_account_name": "Cost of Goods Sold",
                "location_id": place["location_id"],
                "location_name": place["location_name"],
            }
        )
    record: Record = {
        "inventory_adjustment_id": world.new_id(),
        "date": at.date().isoformat(),
        "reason": world.random.choice(words.ADJUSTMENT_REASONS),
        "reason_id": "",
        "description": "",
        "reference_number": world.new_number("IA"),
        "adjustment_type": "quantity",
        "status": "adjusted",
        "line_items": lines,
        "location_id": place["location_id"],
        "location_name": place["location_name"],
        "total": sum((line["item_total"] for line in lines), money(0)),
        "custom_fields": [],
    }
    return world.add("inventoryadjustment", record, created=at)
