"""Which records of Zoho's move stock, and the items that they name."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from zoho_sync.entities import Entity
from zoho_sync.models import ZohoRecord

MODULE = "item"
# A webhook of one of these has the items of its lines read anew. Invoices, bills, credit notes and vendor credits move
# accounting stock too; they are edited for many other reasons (each payment does), so that they are left to the
# comparison of totals every quarter of an hour. Named here, they would be followed at once, for a call a batch.
MOVES_STOCK = frozenset({"inventoryadjustment"})


def named_items(entity: Entity, zoho_ids: Collection[str]) -> dict[str, frozenset[str]]:
    """The Zoho ids of the items in the lines of these records, as the mirror has them. One query; none where the
    module moves no stock."""
    if entity.module not in MOVES_STOCK or not zoho_ids:
        return {}
    rows = ZohoRecord.objects.of(entity.module, sorted(zoho_ids)).values_list("zoho_id", "payload")
    return {zoho_id: frozenset(_items(payload.get("line_items"))) for zoho_id, payload in rows}


def _items(lines: Any) -> list[str]:
    if not isinstance(lines, list):
        return []
    ids = (line.get("item_id") for line in lines if isinstance(line, dict))
    return [str(one).strip() for one in ids if isinstance(one, str | int) and not isinstance(one, bool) and one]
