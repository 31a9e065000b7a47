"""The mirror's rows: locked in key order, written in one statement."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection
from django.db.models import OuterRef, QuerySet, Subquery

from tsh_erp.common.sql import insert_new, insert_or_update, is_worth_copying, lock_name, update_from_values
from zoho_sync.mirror.observations import MISDATED, Verdict
from zoho_sync.models import InboxEvent, ZohoRecord

WRITTEN = (
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
)
HERE = frozenset({ZohoRecord.State.PRESENT, ZohoRecord.State.INACTIVE})


class Glimpse(NamedTuple):
    """What the mirror holds of a record beside its payload."""

    state: str
    list_hash: str
    modified_at: datetime | None
    observed_at: datetime
    detail_at: datetime | None
    detail_stale: bool

    @property
    def is_here(self) -> bool:
        """Whether Zoho still has the record, as far as we know."""
        return self.state in HERE

    def is_as_listed(self, list_hash: str, modified_at: datetime | None) -> bool:
        """Whether a list row with this hash and this modification time proves that nothing has happened.

        It does when it is the row that a list showed last and no later change was heard of since; a
        record without times may have changed and changed back.
        """
        return (
            modified_at is not None and self.is_here and self.list_hash == list_hash and self.modified_at == modified_at
        )


def glance(module: str, zoho_ids: Collection[str]) -> dict[str, Glimpse]:
    """What the mirror holds of these records, by Zoho id; absent ones are left out. Reads no payload and locks nothing.

    One statement. Whoever applies what follows from it looks again under the lock (`hold`).
    """
    rows = ZohoRecord.objects.of(module, list(zoho_ids)).order_by()
    return {row[0]: Glimpse(*row[1:]) for row in rows.values_list("zoho_id", *Glimpse._fields)}


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
    """Insert or update mirror rows, which must be held. One statement, and a COPY where many are new."""
    ordered = sorted(rows, key=lambda row: row.zoho_id)
    new = [row for row in ordered if row.pk is None]
    if is_worth_copying(ZohoRecord, new):
        ordered = [row for row in ordered if row.pk is not None]
        insert_new(ZohoRecord, new, key=["module", "zoho_id"], fields=WRITTEN)
    if ordered:
        insert_or_update(ZohoRecord, ordered, key=["module", "zoho_id"], fields=WRITTEN)


def touch(rows: Sequence[ZohoRecord]) -> None:
    """Note when rows whose content did not change were seen, never turning their time back. One statement.

    They must be held.
    """
    times = [(row.pk, row.observed_at, row.detail_at) for row in rows]
    update_from_values(ZohoRecord, ("observed_at", "detail_at"), times, only_upwards=True)


def see(module: str, seen_at: Mapping[str, datetime]) -> None:
    """Note when these records (by Zoho id) were seen in a list that said nothing new of them.

    Their time is never turned back. Locks them in key order and reads no row. On PostgreSQL one
    statement, on SQLite one for each different time, which is one for a page.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # Materialised, so that each row is locked once and in the order of the subquery.
            cursor.execute(
                """
                WITH behind AS MATERIALIZED (
                    SELECT record.id, seen.moment
                    FROM unnest(%s::varchar[], %s::timestamptz[]) AS seen (zoho_id, moment)
                    JOIN zoho_sync_zohorecord AS record ON record.module = %s AND record.zoho_id = seen.zoho_id
                    WHERE record.observed_at < seen.moment
                    ORDER BY record.zoho_id
                    FOR UPDATE OF record
                )
                UPDATE zoho_sync_zohorecord AS record SET "observed_at" = behind.moment
                FROM behind WHERE record.id = behind.id
                """,
                [list(seen_at), list(seen_at.values()), module],
            )
        return
    by_time = defaultdict(list)
    for zoho_id, moment in seen_at.items():
        by_time[moment].append(zoho_id)
    for moment, zoho_ids in by_time.items():
        ZohoRecord.objects.of(module, zoho_ids).filter(observed_at__lt=moment).update(observed_at=moment)


def mark_misdated(module: str, zoho_ids: Collection[str]) -> None:
    """Say of the events of these records that their time is wrong where the mirror's is earlier. One statement."""
    here = ZohoRecord.objects.filter(module=OuterRef("module"), zoho_id=OuterRef("zoho_id")).values("modified_at")
    taken = [Verdict.APPLIED.value, Verdict.UNCHANGED.value, Verdict.SUPERSEDED.value]
    events = InboxEvent.objects.filter(module=module, zoho_id__in=sorted(zoho_ids), state__in=taken)
    events.filter(modified_at__gt=Subquery(here)).update(reason=MISDATED)
