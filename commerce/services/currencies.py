from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from commerce.models import Currency, ExchangeRate
from commerce.services.mirrored import publish_changes, retire_mirrored, write_rows
from commerce.services.rows import Known
from commerce.values import CurrencyValues
from tsh_erp.common.upsert import Saved, Upserted

RATE_COLUMNS = frozenset({"exchange_rate", "effective_date"})


def save_currencies(values: Sequence[CurrencyValues], *, at: datetime) -> Saved:
    """Save currencies; a rate that is new, or in force from another date, is added to the history."""
    if not values:
        return Saved()
    upserted = write_rows(Currency, list({one.zoho_id: one for one in values}.values()), Known())
    _append_rates(upserted, at=at)
    return publish_changes(Currency, upserted, {}, at=at)


def retire_currencies(zoho_ids: Sequence[str], *, at: datetime) -> int:
    return retire_mirrored(Currency, zoho_ids, at=at)


def _append_rates(upserted: Upserted[Currency], *, at: datetime) -> None:
    moved = upserted.created | {key for key, columns in upserted.changed.items() if columns & RATE_COLUMNS}
    rates = [
        ExchangeRate(
            currency=upserted.rows[key],
            rate=upserted.rows[key].exchange_rate,
            effective_date=upserted.rows[key].effective_date,
            recorded_at=at,
        )
        for key in sorted(moved)
        if upserted.rows[key].exchange_rate is not None
    ]
    if rates:
        ExchangeRate.objects.bulk_create(rates)
