from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class AdjustmentLineValues:
    """One product corrected: by a quantity in its unit, or by a value in the base currency."""

    zoho_id: str = ""
    product_zoho_id: str = ""
    product_name: str = ""
    description: str = ""
    unit: str = ""
    quantity_adjusted: Decimal | None = None
    value_adjusted: Decimal | None = None
    item_total: Decimal | None = None
    account_name: str = ""
    warehouse_zoho_id: str = ""
    warehouse_name: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class AdjustmentValues:
    """An inventory adjustment; `type` is quantity or value."""

    zoho_id: str
    date: dt.date | None = None
    reference: str = ""
    type: str = ""
    status: str = ""
    reason: str = ""
    description: str = ""
    currency: str = ""
    total: Decimal | None = None
    warehouse_zoho_id: str = ""
    warehouse_name: str = ""
    custom_fields: list[dict[str, Any]] = field(default_factory=list)
    zoho_created_at: dt.datetime | None = None
    zoho_modified_at: dt.datetime | None = None
    lines: tuple[AdjustmentLineValues, ...] | None = None
