"""Items with the dirt of a real catalogue, their categories, groups and stock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from random import Random

from zoho_sandbox.wire import Record
from zoho_sandbox.world import words
from zoho_sandbox.world.company import locations
from zoho_sandbox.world.state import World, money, stock

# Shares of the real catalogue (lessons.md): of 2,221 items 1,312 are active, 479 in stock,
# 1,755 without SKU, 548 with price 0, 1,761 without category.
ACTIVE, IN_STOCK, WITHOUT_SKU, FREE, WITHOUT_CATEGORY = (n / 2221 for n in (1312, 479, 1755, 548, 1761))
GROUP_SIZE = 3
ROOT_CATEGORY = "-1"


@dataclass(frozen=True)
class Traits:
    """What one item is to be like; the counts over all items come out exactly."""

    active: bool
    in_stock: bool
    has_sku: bool
    free: bool
    has_category: bool


def add_categories(world: World) -> None:
    """A root that Zoho shows as "-1", six departments and their 26 categories."""
    _add_category(world, ROOT_CATEGORY, "ROOT", "")
    for order, (department, children) in enumerate(words.CATEGORIES):
        parent = _add_category(world, world.new_id(), department, ROOT_CATEGORY, order)
        for place, name in enumerate(children):
            _add_category(world, world.new_id(), name, parent, place)


def _add_category(world: World, zoho_id: str, name: str, parent: str, order: int = 0) -> str:
    record: Record = {
        "category_id": zoho_id,
        "name": name,
        "description": "",
        "url": "",
        "parent_category_id": parent,
        "sibling_order": order,
        "visibility": True,
        "show_in_menu": True,
    }
    world.add("category", record, created=world.past(900))
    return zoho_id


def add_items(world: World, count: int) -> None:
    """`count` items of the real shares; a few of them inactive ones marked ❌, some grouped by variant."""
    skus = iter(words.STRANGE_SKUS)
    for traits in _traits(world.random, count):
        record = new_item(world, traits)
        if traits.has_sku and (strange := next(skus, None)):
            record["sku"] = strange
        world.add("item", record, created=world.past(900))
    _add_groups(world)


def _traits(random: Random, count: int) -> list[Traits]:
    def spread(share: float) -> list[bool]:
        chosen = round(share * count)
        flags = [True] * chosen + [False] * (count - chosen)
        random.shuffle(flags)
        return flags

    active = spread(ACTIVE)
    # Only active items lie in stock.
    stocked = iter(
        random.sample([True] * round(IN_STOCK * count) + [False] * (sum(active) - round(IN_STOCK * count)), sum(active))
    )
    columns = zip(active, spread(WITHOUT_SKU), spread(FREE), spread(WITHOUT_CATEGORY), strict=True)
    return [Traits(a, a and next(stocked), not sku, free, not category) for a, sku, free, category in columns]


def random_traits(random: Random) -> Traits:
    """What a new item of today is like: active, priced, named by a category more often than not."""
    return Traits(True, random.random() < 0.5, random.random() < 0.3, False, random.random() < 0.7)


def new_item(world: World, traits: Traits) -> Record:
    """An item record, not yet stored."""
    random = world.random
    kind, category_name, variants = random.choice(words.KINDS)
    name = f"{kind} {random.choice(words.BRANDS)} {random.choice(variants)} {random.randint(1, 99)}"
    if random.random() < 0.03:
        name = random.choice(words.ARABIC_NAMES).format(name)
    if not traits.active and random.random() < 0.4:
        name = f"❌{name}❌"
    rate = (
        money(0)
        if traits.free
        else money(random.choice((1.35, 2.5, 5, 7, 10, 17, 35, 60.36, 102)) * random.randint(1, 3))
    )
    is_tracked = traits.in_stock or random.random() < 0.93
    record: Record = {
        "item_id": world.new_id(),
        "name": name,
        "item_name": name,
        "sku": f"tsh{random.randint(1, 9999):05d}" if traits.has_sku else "",
        "unit": random.choice(("pcs",) * 19 + ("PCS",)),
        "unit_id": "",
        "status": "active" if traits.active else "inactive",
        "source": random.choice(("", "csv", "user")),
        "description": "",
        "brand": "",
        "manufacturer": "",
        "category_id": "",
        "category_name": "",
        "rate": rate,
        "purchase_rate": money(rate * Decimal("0.8")),
        "tax_id": "",
        "tax_name": "",
        "tax_percentage": 0,
        "is_taxable": True,
        "product_type": "goods",
        "item_type": "inventory" if is_tracked else "sales",
        "can_be_sold": True,
        "can_be_purchased": is_tracked,
        "track_inventory": is_tracked,
        "is_returnable": True,
        "is_combo_product": False,
        "upc": "",
        "ean": str(random.randint(10**12, 10**13 - 1)) if random.random() < 0.1 else "",
        "isbn": "",
        "part_number": "",
        "purchase_description": "",
        "vendor_id": "",
        "vendor_name": "",
        "image_name": "",
        "image_type": "",
        "image_document_id": "",
        "account_name": "Sales",
        "purchase_account_name": "Cost of Goods Sold",
        "inventory_account_name": "Inventory Asset" if is_tracked else "",
        "tags": [],
        "custom_fields": [],
        "custom_field_hash": {},
        "package_details": {
            "length": "",
            "width": "",
            "height": "",
            "weight": "",
            "weight_unit": "kg",
            "dimension_unit": "cm",
        },
    }
    if random.random() < 0.2:
        record |= {"image_name": "item.png", "image_type": "png", "image_document_id": world.new_id()}
    if traits.has_category:
        category = _category_called(world, category_name)
        record |= {"category_id": category["category_id"], "category_name": category["name"]}
    if is_tracked:
        record["reorder_level"] = money(random.choice((2, 5, 10, 25))) if random.random() < 0.1 else ""
        _lay_in_stock(world, record, traits.in_stock)
    return record


def _category_called(world: World, name: str) -> Record:
    return next(record for record in world.records("category") if record["name"] == name)


# --- stock ------------------------------------------------------------------------------------------


def _lay_in_stock(world: World, item: Record, in_stock: bool) -> None:
    rows = []
    for place in locations(world):
        on_hand = (
            world.random.randint(1, 60) if in_stock and (place["is_primary"] or world.random.random() < 0.4) else 0
        )
        if not in_stock and world.random.random() < 0.01:
            on_hand = -world.random.randint(1, 20)
        committed = world.random.randint(0, on_hand // 4) if on_hand > 4 else 0
        rows.append(
            {
                "location_id": place["location_id"],
                "location_name": place["location_name"],
                "status": "active",
                "is_primary": place["is_primary"],
                "location_stock_on_hand": stock(on_hand),
                "location_committed_stock": stock(committed),
                "location_actual_committed_stock": stock(committed),
            }
        )
    item["locations"] = rows
    add_up_stock(item)


def add_up_stock(item: Record) -> None:
    """Work out what follows from on hand and committed per place: available, for sale, and the totals."""
    for row in item["locations"]:
        on_hand, committed = row["location_stock_on_hand"], row["location_committed_stock"]
        for kind in ("", "actual_"):
            row[f"location_{kind}available_stock"] = on_hand
            row[f"location_{kind}available_for_sale_stock"] = on_hand - committed
    item["stock_on_hand"] = sum((row["location_stock_on_hand"] for row in item["locations"]), stock(0))
    for name in ("available_stock", "committed_stock", "available_for_sale_stock"):
        for kind in ("", "actual_"):
            item[f"{kind}{name}"] = sum((row[f"location_{kind}{name}"] for row in item["locations"]), stock(0))


def move_stock(item: Record, location_id: str, quantity: Decimal) -> bool:
    """Add `quantity` (may be negative) to what lies at a location; False for items that keep no stock.

    A movement of stock does not move the item's `last_modified_time` (api.md §6.13).
    """
    rows = item.get("locations", ()) if is_reckonable(item) else ()
    for row in rows:
        if row["location_id"] == location_id:
            row["location_stock_on_hand"] += stock(quantity)
            add_up_stock(item)
            return True
    return False


def sellable_items(world: World) -> list[Record]:
    """Active items that have a price."""
    return [
        record
        for record in world.records("item")
        if record["status"] == "active" and record["rate"] and is_reckonable(record)
    ]


def tracked_items(world: World) -> list[Record]:
    return [record for record in world.records("item") if record.get("locations") and is_reckonable(record)]


def is_reckonable(item: Record) -> bool:
    """Whether its figures are numbers, not "" or text: the company's people let the others be."""
    rows = item.get("locations", ())
    figures = [item["rate"], *(value for row in rows for key, value in row.items() if key.endswith(("stock", "hand")))]
    return all(isinstance(figure, Decimal) for figure in figures)


# --- groups -----------------------------------------------------------------------------------------


def _add_groups(world: World) -> None:
    """Every fiftieth item begins a group of three variants."""
    items = list(world.records("item"))
    for first in range(0, len(items) - GROUP_SIZE, 50):
        _add_group(world, items[first : first + GROUP_SIZE], world.past(400))


def _add_group(world: World, members: list[Record], created: datetime) -> None:
    attribute_id, group_id = world.new_id(), world.new_id()
    options = [{"id": world.new_id(), "name": f"لون {number}"} for number, _ in enumerate(members, start=1)]
    name = members[0]["name"].strip("❌")
    for member, option in zip(members, options, strict=True):
        member |= {
            "group_id": group_id,
            "group_name": name,
            "attribute_id1": attribute_id,
            "attribute_name1": "اللون",
            "attribute_option_id1": option["id"],
            "attribute_option_name1": option["name"],
        }
    shown = (
        "item_id",
        "name",
        "sku",
        "status",
        "rate",
        "purchase_rate",
        "attribute_option_id1",
        "attribute_option_name1",
    )
    group: Record = {
        "group_id": group_id,
        "group_name": name,
        "product_type": "goods",
        "brand": "",
        "manufacturer": "",
        "unit": members[0]["unit"],
        "description": "",
        "is_taxable": True,
        "tax_id": "",
        "tax_name": "",
        "status": "active",
        "source": "",
        "image_id": "",
        "image_name": "",
        "image_type": "",
        "attribute_id1": attribute_id,
        "attribute_name1": "اللون",
        "custom_fields": [],
        "items": [{key: member[key] for key in shown} for member in members],
        "attributes": [{"id": attribute_id, "name": "اللون", "options": options}],
    }
    world.add("itemgroup", group, created=created)
