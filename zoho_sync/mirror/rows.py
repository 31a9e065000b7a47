"""The mirror's rows: locked in key order, written in one statement."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from django.db import connection
from django.db.models import OuterRef, QuerySet, Subquery

from tsh_erp.common.sql import insert_or_update, lock_name, update_from_values
from zoho_sync.mirror.observations import MISDATED, Verdict
from zoho_sync.models import InboxEvent, ZohoRecord


def hold(module: str, zoho_ids: Collection[str]) -> dict[str, ZohoRecord]:
    """The mirror rows of these records, locked in key order until the transaction ends.

    Those that have none yet are held too: of two who bring a new record in, the second sees the first one's row.
    """
    rows = _locked(module, zoho_ids)
    absent = set(zoho_ids) - rows.keys()
    if absent and hold_absent({(module, zoho_id) for zoho_id in absent}):
        rows |= _locked(module, absent)
    return rows


def hold_absent(records: Collection[tuple[str, str]]) -> bool:
    """Until the transaction ends nobody else brings these records (module, Zoho id) into the mirror.

    Whether others may have done so until now. SQLite's transactions are exclusive from their beginning.
    """
    if connection.vendor != "postgresql" or not records:
        return False
    names = sorted(lock_name("mirror", module, zoho_id) for module, zoho_id in records)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(name) FROM unnest(%s::bigint[]) AS name", [names])
    return True


def _locked(module: str, zoho_ids: Collection[str]) -> dict[str, ZohoRecord]:
    return {row.zoho_id: row for row in _lock(module, zoho_ids)}


def _lock(module: str, zoho_ids: Collection[str]) -> QuerySet[ZohoRecord]:
    return ZohoRecord.objects.of(module, sorted(zoho_ids)).select_for_update().order_by("zoho_id")


def write(rows: Sequence[ZohoRecord]) -> None:
    """Insert or update mirror rows; they must be held, or new. One statement."""
    if rows:
        insert_or_update(
            ZohoRecord,
            sorted(rows, key=lambda row: row.zoho_id),
            key=["module", "zoho_id"],
            fields=[
                "state",
                "payload",
                "hash",
                "list_hash",
                "modified_at",
                "observed_at",
                "detail_at",
                "detail_stale",
                "gone_at",
                "updated_at",
            ],
        )


def touch(rows: Sequence[ZohoRecord]) -> None:
    """Note when rows whose content did not change were seen, never turning their time back. One statement.

    They must be held.
    """
    times = [(row.pk, row.observed_at, row.detail_at) for row in rows]
    update_from_values(ZohoRecord, ("observed_at", "detail_at"), times, only_upwards=True)


def see(module: str, seen_at: Mapping[str, datetime]) -> None:
    """Note when these records (by Zoho id) were seen, which said nothing new; locks them in key order."""
    rows = list(_lock(module, seen_at).defer("payload"))
    for row in rows:
        row.observed_at = max(row.observed_at, seen_at[row.zoho_id])
    touch(rows)


def mark_misdated(module: str, zoho_ids: Collection[str]) -> None:
    """Say of the events of these records that their time is wrong where the mirror's is earlier. One statement."""
    here = ZohoRecord.objects.filter(module=OuterRef("module"), zoho_id=OuterRef("zoho_id")).values("modified_at")
    taken = [Verdict.APPLIED.value, Verdict.UNCHANGED.value, Verdict.SUPERSEDED.value]
    events = InboxEvent.objects.filter(module=module, zoho_id__in=sorted(zoho_ids), state__in=taken)
    events.filter(modified_at__gt=Subquery(here)).update(reason=MISDATED)
