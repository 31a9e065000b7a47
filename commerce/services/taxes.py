from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from commerce.models import Tax
from commerce.services.mirrored import retire_mirrored, save_mirrored
from commerce.values import TaxValues
from tsh_erp.common.upsert import Saved


def save_taxes(values: Sequence[TaxValues], *, at: datetime) -> Saved:
    return save_mirrored(Tax, values, at=at)


def retire_taxes(zoho_ids: Sequence[str], *, at: datetime) -> int:
    return retire_mirrored(Tax, zoho_ids, at=at)
