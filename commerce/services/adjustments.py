from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from commerce.models import InventoryAdjustment, InventoryAdjustmentLine
from commerce.services.mirrored import retire_mirrored, save_mirrored
from commerce.services.parts import Part
from commerce.values import AdjustmentValues
from tsh_erp.common.upsert import Saved


def save_adjustments(values: Sequence[AdjustmentValues], *, at: datetime) -> Saved:
    return save_mirrored(InventoryAdjustment, values, at=at, parts=[Part("lines", InventoryAdjustmentLine, "document")])


def retire_adjustments(zoho_ids: Sequence[str], *, at: datetime) -> int:
    return retire_mirrored(InventoryAdjustment, zoho_ids, at=at)
