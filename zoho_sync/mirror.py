"""The mirror: merge what we hear of a Zoho record into what we knew, refuse older news, skip what says nothing new.

`fold` is pure. `hold` locks the mirror rows of a batch, `write` stores what changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

from django.db import connection

from tsh_erp.common.sql import insert_or_update, lock_name, update_from_values
from zoho_sync.entities import Entity
from zoho_sync.models import InboxEvent, ZohoRecord
from zoho_sync.models.payload import encode_payload

State = ZohoRecord.State
NOTES = ("list_hash", "modified_at", "detail_stale", "gone_at")


class Kind(Enum):
    """How much an observation says.

    DETAIL: a record fetched by its id; it replaces what we knew. LIST: a row of a list; it
    overlays, except the keys that only a detail has. WEBHOOK: whatever Zoho was configured to
    send; each key it carries overlays. GONE: Zoho says, or is said, to have it no more.
    """

    DETAIL = "detail"
    LIST = "list"
    WEBHOOK = "webhook"
    GONE = "gone"


@dataclass(frozen=True, kw_only=True, slots=True)
class Observation:
    """What we were told of one record at one moment.

    `payload` is Zoho's JSON object with fractions as Decimal; `modified_at` its
    `last_modified_time`, if it has one; `observed_at` when the webhook arrived or the request was
    sent. `confirmed` marks a GONE that Zoho answered itself. `hints` are keys to use where neither
    payload nor mirror has them. `event` is the inbox event it came in.
    """

    zoho_id: str
    kind: Kind
    observed_at: datetime
    payload: Mapping[str, Any] = field(default_factory=dict)
    modified_at: datetime | None = None
    confirmed: bool = False
    hints: Mapping[str, str] = field(default_factory=dict)
    event: int | None = None


class Verdict(Enum):
    """What became of one observation; its value is the state of its inbox event."""

    APPLIED = InboxEvent.State.APPLIED
    UNCHANGED = InboxEvent.State.UNCHANGED
    STALE = InboxEvent.State.STALE
    SUPERSEDED = InboxEvent.State.SUPERSEDED


@dataclass(frozen=True, slots=True)
class Judged:
    """An observation with its verdict; `successor` overtook it, `reason` says why it was refused."""

    observation: Observation
    verdict: Verdict
    reason: str = ""
    successor: Observation | None = None


@dataclass(frozen=True, slots=True)
class Folded:
    """The mirror row as it should be, and what became of each observation.

    `changed`: the business row must follow. `dirty`: the mirror row must be written.
    `wants_detail`: what we know is incomplete or contested, a fetch would settle it.
    """

    row: ZohoRecord
    judged: tuple[Judged, ...]
    changed: bool
    dirty: bool
    wants_detail: bool = False

    @property
    def gone(self) -> bool:
        return _is_gone(self.row)


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
    rows = ZohoRecord.objects.of(module, sorted(zoho_ids)).select_for_update().order_by("zoho_id")
    return {row.zoho_id: row for row in rows}


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
    """Note when rows whose content did not change were seen, never turning their time back. One statement."""
    update_from_values(ZohoRecord, ("observed_at",), [(row.pk, row.observed_at) for row in rows], only_upwards=True)


def fold(
    entity: Entity, held: ZohoRecord | None, observations: Sequence[Observation], *, can_fetch: bool = False
) -> Folded:
    """Merge `observations` of one record into its mirror row. Pure: `held` is not touched.

    They are taken in the order of Zoho's modification time, those without one where they arrived.
    What is older than the mirror is refused (stale); what later ones overwrite whole is superseded.
    A tombstone yields to a fetched record; where nothing can be fetched (`can_fetch`), also to
    strictly later news.
    """
    row = _copy(entity, held, observations)
    merged: dict[str, Any] = dict(row.payload)
    verdicts: dict[int, Judged] = {}
    accepted: list[Observation] = []
    contested = revival = False
    confirmed_present = any(one.kind is Kind.DETAIL for one in observations)
    for one in _in_order(observations, start=held.modified_at if held else None):
        reason = _refusal(one, held, row, confirmed_present=confirmed_present)
        if not reason and can_fetch and _is_gone(row) and one.kind in (Kind.WEBHOOK, Kind.LIST):
            reason, revival = "the record was gone; Zoho is asked again", True
        if reason:
            verdicts[id(one)] = Judged(one, Verdict.STALE, reason)
            continue
        if one.kind is not Kind.DETAIL and one.modified_at and held and one.modified_at == held.modified_at:
            contested = True
        merged = _merge(entity, row, merged, one)
        accepted.append(one)
    row.payload, row.hash = merged, payload_hash(merged)
    changed = bool(accepted) and (held is None or held.hash != row.hash or held.state != row.state)
    _judge(accepted, verdicts, changed=changed)
    wants = revival or (changed and (row.detail_stale or contested) and not _is_gone(row))
    dirty = changed or (held is not None and any(getattr(held, name) != getattr(row, name) for name in NOTES))
    return Folded(row, tuple(verdicts[id(one)] for one in observations), changed, dirty, wants)


def payload_hash(payload: Mapping[str, Any]) -> str:
    """SHA-256 of the payload's canonical JSON, as hex."""
    return hashlib.sha256(encode_payload(payload, sort_keys=True).encode("utf-8", "surrogatepass")).hexdigest()


EMPTY_HASH = payload_hash({})  # of a record that we only ever heard is gone


def _is_gone(row: ZohoRecord) -> bool:
    return row.state in (State.GONE, State.UNCONFIRMED_GONE)


def _copy(entity: Entity, held: ZohoRecord | None, observations: Sequence[Observation]) -> ZohoRecord:
    first = observations[0]
    if held is None:
        return ZohoRecord(module=entity.module, zoho_id=first.zoho_id, observed_at=first.observed_at)
    values = {column.attname: getattr(held, column.attname) for column in ZohoRecord._meta.concrete_fields}
    return ZohoRecord(**values)


def _in_order(observations: Sequence[Observation], *, start: datetime | None) -> list[Observation]:
    """By modification time; one without a time stands after the newest that arrived before it."""
    newest, keyed = start, []
    for position, one in enumerate(observations):
        if one.modified_at and (newest is None or one.modified_at > newest):
            newest = one.modified_at
        place = one.modified_at or newest
        keyed.append(((place is not None, place.timestamp() if place else 0.0, position), one))
    return [one for _, one in sorted(keyed, key=lambda pair: pair[0])]


def _refusal(one: Observation, held: ZohoRecord | None, row: ZohoRecord, *, confirmed_present: bool) -> str:
    """Why this observation must not be taken, or ""."""
    if one.kind is Kind.GONE and confirmed_present:
        return "Zoho still has the record"
    if _is_gone(row) and one.kind in (Kind.WEBHOOK, Kind.LIST):
        if not (one.modified_at and row.gone_at and one.modified_at > row.gone_at):
            return "the record is gone from Zoho"
        return ""
    if held is None or (one.kind is Kind.GONE and one.confirmed):
        return ""
    if one.modified_at and held.modified_at and one.modified_at != held.modified_at:
        return "older than what is known" if one.modified_at < held.modified_at else ""
    return "observed before what is known" if one.observed_at < held.observed_at else ""


def _merge(entity: Entity, row: ZohoRecord, merged: dict[str, Any], one: Observation) -> dict[str, Any]:
    row.observed_at = max(row.observed_at, one.observed_at)
    if one.kind is Kind.GONE:
        row.state = State.GONE if one.confirmed else State.UNCONFIRMED_GONE
        row.gone_at = one.modified_at or one.observed_at
        return {**merged, **one.payload}
    header_moved = bool(one.modified_at and (row.modified_at is None or one.modified_at > row.modified_at))
    if one.modified_at and header_moved:
        row.modified_at = one.modified_at
    row.gone_at = None
    if one.kind is Kind.LIST:
        row.list_hash = payload_hash(one.payload)
        overlay = {key: value for key, value in one.payload.items() if key not in entity.detail_only}
    else:
        overlay = dict(one.payload)
    is_detail = one.kind is Kind.DETAIL or bool(entity.detail_only & overlay.keys())
    if is_detail:
        row.detail_at, row.detail_stale = one.observed_at, False
    elif entity.detail_only and (header_moved or row.detail_at is None):
        row.detail_stale = True
    result = dict(overlay) if one.kind is Kind.DETAIL else {**merged, **overlay}
    for key, value in one.hints.items():
        if not result.get(key):
            result[key] = merged.get(key) or value
    row.state = State.INACTIVE if str(result.get("status", "")).strip().casefold() == "inactive" else State.PRESENT
    return result


def _judge(accepted: Sequence[Observation], verdicts: dict[int, Judged], *, changed: bool) -> None:
    for position, one in enumerate(accepted):
        later = accepted[position + 1 :]
        if later and _is_covered(one, later):
            reason = "" if later[-1].event else "overtaken by the record as Zoho has it"
            verdicts[id(one)] = Judged(one, Verdict.SUPERSEDED, reason, successor=later[-1])
        else:
            verdicts[id(one)] = Judged(one, Verdict.APPLIED if changed else Verdict.UNCHANGED)


def _is_covered(one: Observation, later: Sequence[Observation]) -> bool:
    """Whether nothing of this observation survives the later ones."""
    if any(other.kind in (Kind.DETAIL, Kind.GONE) for other in later):
        return True
    covered: set[str] = set().union(*(other.payload.keys() for other in later))
    return one.kind is Kind.GONE or one.payload.keys() <= covered
