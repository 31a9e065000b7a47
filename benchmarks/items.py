"""Generated item webhooks of the size and shape that Zoho's documentation shows. Standard library only."""

from __future__ import annotations

import json

# Where the generated numbers go; the names are long enough to occur nowhere else.
_ID, _NUMBER = "4815000000NNNNNNNNN", "NUMBER-OF-ITEM"
_PLACE = {
    "location_id": "460000000038080",
    "location_name": "المخزن الرئيسي",
    "status": "active",
    "is_primary": True,
    "location_stock_on_hand": 120.00,
    "location_available_stock": 96.00,
    "location_actual_available_stock": 96.00,
}
_ITEM = {
    "item_id": _ID,
    "name": f"Outdoor camera 4 MP, 2.8 mm, PoE {_NUMBER}",
    "group_id": "",
    "group_name": "",
    "unit": "pcs",
    "unit_id": "4815000000044300",
    "item_type": "inventory",
    "product_type": "goods",
    "can_be_sold": True,
    "can_be_purchased": True,
    "track_inventory": True,
    "is_taxable": True,
    "tax_id": "",
    "tax_name": "",
    "tax_percentage": "",
    "description": "كاميرا خارجية ٤ ميغابكسل، عدسة ٢٫٨ ملم، تغذية عبر كابل الشبكة، ضمان سنة",
    "purchase_description": "Bullet camera, H.265+, IR 30 m, IP67, carton of 20",
    "purchase_account_id": "4815000000035003",
    "purchase_account_name": "Cost of Goods Sold",
    "account_name": "Sales",
    "inventory_account_id": "4815000000035001",
    "status": "active",
    "source": "user",
    "rate": 12.50,
    "pricebook_rate": 12.50,
    "purchase_rate": 8.75,
    "reorder_level": 5,
    "brand": "Hikvision",
    "manufacturer": "Hikvision",
    "vendor_id": "4815000000044080",
    "vendor_name": "Shenzhen Trading",
    "stock_on_hand": 120.00,
    "available_stock": 96.00,
    "actual_available_stock": 96.00,
    "committed_stock": 24.00,
    "locations": [_PLACE],
    "sku": f"CAM-{_NUMBER}",
    "part_number": f"DS-2CD1043-{_NUMBER}",
    "image_name": "camera.jpg",
    "image_document_id": "",
    "image_type": "jpg",
    "custom_fields": [],
    "created_time": "2026-03-01T10:00:00+0300",
    "last_modified_time": "2026-03-02T10:00:00+0300",
}
_BODY = json.dumps({"item": _ITEM}, ensure_ascii=False).encode()


def item_id(number: int) -> str:
    """The Zoho id of the `number`th generated item."""
    return f"4815000000{number:09d}"


def item_body(number: int) -> bytes:
    """A webhook's body for the `number`th item, about 1.6 KB; each number is a record of its own."""
    return _BODY.replace(_ID.encode(), item_id(number).encode()).replace(_NUMBER.encode(), b"%d" % number)
