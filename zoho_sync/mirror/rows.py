"""The mirror's rows: locked in key order, written in one statement."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import F, OuterRef, Subquery

from tsh_erp.common.sql import insert_new, insert_or_update, is_worth_copying, lock_name, update_from_values
from zoho_sync.mirror.observations import MISDATED, Verdict
from zoho_sync.models import InboxEvent, Sighting, ZohoRecord

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
    """What the mirror holds of a record beside its payload; `key` is its row's.

    `observed_at` is when it was last heard of or seen in a list.
    """

    key: int
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
    rows = ZohoRecord.objects.of(module, [*zoho_ids]).order_by()
    found = {}
    for seen_at, zoho_id, *known in rows.values_list("sighting__seen_at", "zoho_id", "id", *Glimpse._fields[1:]):
        glimpse = Glimpse(*known)
        found[zoho_id] = glimpse._replace(observed_at=seen_at) if seen_at and seen_at > glimpse.observed_at else glimpse
    return found


def hold(module: str, zoho_ids: Collection[str]) -> dict[str, ZohoRecord]:
    """The mirror rows of these records, locked in key order until the transaction ends.

    Their `observed_at` is when they were last heard of or seen in a list.
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
    rows = ZohoRecord.objects.of(module, [*zoho_ids]).annotate(seen_at=F("sighting__seen_at"))
    found = {row.zoho_id: row for row in rows.select_for_update(of=("self",)).order_by("zoho_id")}
    for row in found.values():
        seen_at: datetime | None = getattr(row, "seen_at", None)
        if seen_at and seen_at > row.observed_at:
            row.observed_at = seen_at
    return found


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


def see(keys: Collection[int], *, at: datetime) -> None:
    """Note that a list showed these rows of the mirror (`Glimpse.key`) at this time, and said nothing new of them.

    Their time is never turned back. One statement, which reads and locks no row of the mirror.
    """
    if not keys:
        return
    table = connection.ops.quote_name(Sighting._meta.db_table)
    parameters: list[Any]
    if connection.vendor == "postgresql":
        rows, parameters = "SELECT key, %s FROM unnest(%s::bigint[]) AS key ORDER BY key", [at, sorted(keys)]
    else:
        moment = connection.ops.adapt_datetimefield_value(at)
        rows = f"VALUES {', '.join(['(%s, %s)'] * len(keys))}"
        parameters = [value for key in sorted(keys) for value in (key, moment)]
    with connection.cursor() as cursor:
        cursor.execute(
            # Names come from the model, values are parameters.
            f"INSERT INTO {table} (record_id, seen_at) {rows} ON CONFLICT (record_id) "
            f"DO UPDATE SET seen_at = EXCLUDED.seen_at WHERE {table}.seen_at < EXCLUDED.seen_at",
            parameters,
        )


def mark_misdated(module: str, zoho_ids: Collection[str]) -> None:
    """Say of the events of these records that their time is wrong where the mirror's is earlier. One statement."""
    here = ZohoRecord.objects.filter(module=OuterRef("module"), zoho_id=OuterRef("zoho_id")).values("modified_at")
    taken = [Verdict.APPLIED.value, Verdict.UNCHANGED.value, Verdict.SUPERSEDED.value]
    events = InboxEvent.objects.filter(module=module, zoho_id__in=sorted(zoho_ids), state__in=taken)
    events.filter(modified_at__gt=Subquery(here)).update(reason=MISDATED)
