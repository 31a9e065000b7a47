"""Retire rows that are gone in Zoho: marked, never deleted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from catalog.choices import Subject
from catalog.services.events import publish_retired
from catalog.services.freshness import touch
from tsh_erp.common.models import MirroredModel

R = TypeVar("R", bound=MirroredModel)


def retire(model: type[R], zoho_ids: Sequence[str], *, at: datetime, subject: str) -> dict[str, int]:
    """Retire the live rows among `zoho_ids`; their primary keys by Zoho id. Three queries, one when there are none.

    The caller says which freshness changes: `touch` comes last in its transaction.
    """
    live = model._default_manager.filter(zoho_id__in=zoho_ids, retired_at__isnull=True)
    rows: dict[str, int] = dict(live.order_by("zoho_id").select_for_update().values_list("zoho_id", "pk"))
    if rows:
        model._default_manager.filter(pk__in=rows.values()).update(retired_at=at, updated_at=at)
        publish_retired(subject, rows, at=at)
    return rows


def retire_and_touch(model: type[R], zoho_ids: Sequence[str], *, at: datetime, subject: str, freshness: Subject) -> int:
    """`retire` for models that nothing else depends on; how many rows were retired."""
    rows = retire(model, zoho_ids, at=at, subject=subject)
    if rows:
        touch(freshness, at=at)
    return len(rows)
