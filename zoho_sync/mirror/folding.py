"""Merge what we hear of one record into its mirror row. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from math import inf
from typing import Any, NamedTuple

from tsh_erp.common.upsert import new_row
from zoho_sync.entities import Entity
from zoho_sync.mirror.observations import MISDATED, Judged, Kind, Observation, Verdict
from zoho_sync.models import ZohoRecord
from zoho_sync.models.payload import EncodedPayload

State = ZohoRecord.State
NOTES = ("list_hash", "modified_at", "detail_stale", "gone_at")


@dataclass(frozen=True, slots=True)
class Folded:
    """The mirror row as it should be, and what became of each observation.

    `changed`: the business row must follow. `dirty`: the mirror row must be written.
    `wants_detail`: what we know is incomplete or contested, a fetch would settle it. `turned_back`:
    Zoho's own record is of an earlier time than we had been told.
    """

    row: ZohoRecord
    judged: tuple[Judged, ...]
    changed: bool
    dirty: bool
    wants_detail: bool = False
    turned_back: bool = False

    @property
    def gone(self) -> bool:
        return _is_gone(self.row)


def fold(
    entity: Entity, held: ZohoRecord | None, observations: Sequence[Observation], *, can_fetch: bool = False
) -> Folded:
    """Merge `observations` of one record into its mirror row. Pure: `held` is not touched.

    They are taken in the order of Zoho's modification time, those without one where they arrived; a
    fetched record comes after all that had been observed when it was asked for. What is older than
    the mirror is refused (stale); what later ones overwrite whole is superseded. A tombstone yields
    to a fetched record; where nothing can be fetched (`can_fetch`), also to strictly later news.
    """
    row = _copy(entity, held, observations)
    known = _Known.of(held) if held else None
    merged: dict[str, Any] = dict(row.payload)
    verdicts: dict[int, Judged] = {}
    taken: list[_Taken] = []
    contested = unsettled = revival = False
    confirmed_present = any(one.kind is Kind.DETAIL for one in observations)
    final = _final_detail(observations, known)
    for one in _in_order(observations, final, start=held.modified_at if held else None):
        part = _part(entity, one, known, row, final)
        reason = _refusal(one, known, row, part, confirmed_present=confirmed_present)
        if not reason and can_fetch and _is_gone(row) and one.kind in (Kind.WEBHOOK, Kind.LIST):
            reason, revival = "the record was gone; Zoho is asked again", True
        if reason:
            verdicts[id(one)] = Judged(one, Verdict.STALE, reason)
            continue
        if part is Part.DETAILS:
            head = one.payload.keys() - entity.detail_only
            unsettled |= any(merged.get(key) != one.payload[key] for key in head)
        elif known and one.time and part is Part.WHOLE and one.kind is not Kind.DETAIL:
            contested |= one.time == known.modified_at
        news = _news(entity, one, part, merged)
        merged = _merge(entity, row, merged, one, part, news)
        taken.append(_Taken(one, news.keys(), part is Part.WHOLE and one.kind in (Kind.DETAIL, Kind.GONE)))
        if one is final:
            known = _Known.of(row)
    row.payload = encoded = _encoded(merged, taken)
    row.hash = encoded.hash
    changed = bool(taken) and (held is None or held.hash != row.hash or held.state != row.state)
    _judge(taken, verdicts, row, changed=changed)
    wants = revival or ((unsettled or (changed and (row.detail_stale or contested))) and not _is_gone(row))
    return Folded(
        row,
        tuple(verdicts[id(one)] for one in observations),
        changed=changed,
        dirty=changed or (held is not None and _must_be_written(held, row)),
        wants_detail=wants,
        turned_back=bool(held and held.modified_at and row.modified_at and row.modified_at < held.modified_at),
    )


def payload_hash(payload: Mapping[str, Any]) -> str:
    """SHA-256 of the payload's canonical JSON, as hex."""
    return (payload if isinstance(payload, EncodedPayload) else EncodedPayload(payload)).hash


EMPTY_HASH = payload_hash({})  # of a record that we only ever heard is gone


def _is_gone(row: ZohoRecord) -> bool:
    return row.state in (State.GONE, State.UNCONFIRMED_GONE)


def _copy(entity: Entity, held: ZohoRecord | None, observations: Sequence[Observation]) -> ZohoRecord:
    first = observations[0]
    if held is None:
        known = {"module": entity.module, "zoho_id": first.zoho_id, "observed_at": first.observed_at}
        return new_row(ZohoRecord, known)
    return new_row(ZohoRecord, vars(held))


def _must_be_written(held: ZohoRecord, row: ZohoRecord) -> bool:
    """Whether there is more to note than when the record was seen."""
    if held.observed_at == row.observed_at and held.detail_at != row.detail_at:
        return True
    return any(getattr(held, name) != getattr(row, name) for name in NOTES)


class Part(Enum):
    """How much of an observation may be taken.

    DETAILS: only the keys that lists lack; of the others the mirror has heard later. MISSING: only
    the keys that nobody else has.
    """

    WHOLE = "whole"
    DETAILS = "details"
    MISSING = "missing"


class _Known(NamedTuple):
    """The times of what is known, by which news is judged."""

    modified_at: datetime | None
    observed_at: datetime
    detail_at: datetime | None

    @classmethod
    def of(cls, row: ZohoRecord) -> _Known:
        return cls(row.modified_at, row.observed_at, row.detail_at)

    def is_behind(self, one: Observation) -> bool:
        """Whether it was observed earlier, and no time of Zoho's says that it is the newer all the same."""
        if one.time and self.modified_at and one.time != self.modified_at:
            return False
        return one.observed_at < self.observed_at


class _Taken(NamedTuple):
    """An observation that was merged, the keys it brought, and whether it left nothing of what came before."""

    observation: Observation
    keys: Collection[str]
    is_whole: bool


def _final_detail(observations: Sequence[Observation], known: _Known | None) -> Observation | None:
    """The last fetched record, if it is later than what is known: it has the last word on all that came before it."""
    final = None
    for one in observations:
        if one.kind is not Kind.DETAIL or (final and one.observed_at < final.observed_at):
            continue
        is_newer = known and one.time and known.modified_at and one.time > known.modified_at
        if known is None or one.observed_at >= known.observed_at or is_newer:
            final = one
    return final


def _in_order(
    observations: Sequence[Observation], final: Observation | None, *, start: datetime | None
) -> list[Observation]:
    """By modification time; one without a time stands after the newest that arrived before it.

    All that had been observed when `final` was asked for stands before it; but list rows right behind
    it, to fill in what only lists show.
    """
    if len(observations) == 1:
        return list(observations)
    newest, places = start.timestamp() if start else -inf, []
    for one in observations:
        own = one.time.timestamp() if one.time else newest
        newest = own if one is final else max(newest, own)
        places.append(own)
    base = next((place for one, place in zip(observations, places, strict=True) if one is final), -inf)

    def place(position: int) -> tuple[float, int, float, int]:
        one = observations[position]
        if one is final:
            return base, 1, base, position
        if final and one.observed_at <= final.observed_at:
            return base, 2 if one.kind is Kind.LIST else 0, places[position], position
        return (places[position] if one.time else max(base, places[position])), 3, 0.0, position

    return [observations[position] for position in sorted(range(len(observations)), key=place)]


def _part(entity: Entity, one: Observation, known: _Known | None, row: ZohoRecord, final: Observation | None) -> Part:
    if final and one.kind is Kind.LIST and one.observed_at <= final.observed_at:
        return Part.MISSING
    if known is None or not known.is_behind(one) or one.kind not in (Kind.WEBHOOK, Kind.DETAIL) or _is_gone(row):
        return Part.WHOLE
    # A list row that was seen since, or other partial news, says nothing of these.
    is_later = known.detail_at is None or one.observed_at >= known.detail_at
    return Part.DETAILS if is_later and entity.detail_only & one.payload.keys() else Part.WHOLE


def _refusal(one: Observation, known: _Known | None, row: ZohoRecord, part: Part, *, confirmed_present: bool) -> str:
    """Why nothing of this observation must be taken, or ""."""
    if one.kind is Kind.GONE and confirmed_present:
        return "Zoho still has the record"
    if _is_gone(row) and one.kind in (Kind.WEBHOOK, Kind.LIST):
        if not (one.time and row.gone_at and one.time > row.gone_at):
            return "the record is gone from Zoho"
        return ""
    if known is None or (one.kind is Kind.GONE and one.confirmed) or part is not Part.WHOLE:
        return ""
    if one.kind is Kind.DETAIL and one.observed_at >= known.observed_at:
        return ""
    if one.time and known.modified_at and one.time < known.modified_at:
        return "older than what is known"
    return "observed before what is known" if known.is_behind(one) else ""


def _news(entity: Entity, one: Observation, part: Part, merged: Mapping[str, Any]) -> Mapping[str, Any]:
    """What of its payload is to be taken."""
    if part is Part.DETAILS:
        return {key: value for key, value in one.payload.items() if key in entity.detail_only}
    if one.kind is not Kind.LIST or (part is Part.WHOLE and entity.detail_only.isdisjoint(one.payload)):
        return one.payload
    return {
        key: value
        for key, value in one.payload.items()
        if key not in entity.detail_only and not (part is Part.MISSING and key in merged)
    }


def _merge(
    entity: Entity, row: ZohoRecord, merged: dict[str, Any], one: Observation, part: Part, news: Mapping[str, Any]
) -> dict[str, Any]:
    row.observed_at = max(row.observed_at, one.observed_at)
    if one.kind is Kind.GONE:
        row.state = State.GONE if one.confirmed else State.UNCONFIRMED_GONE
        row.gone_at = one.time or one.observed_at
        return {**merged, **news}
    is_whole = part is Part.WHOLE
    header_moved = bool(is_whole and one.time and (row.modified_at is None or one.time > row.modified_at))
    if one.time and (header_moved or (is_whole and one.kind is Kind.DETAIL)):
        row.modified_at = one.time
    row.gone_at = None
    list_moved = False
    if one.kind is Kind.LIST:
        told = payload_hash(one.payload)
        # Balances and stock change without moving the time: what only the detail has of them is as old.
        # Where a webhook came in between, there is no earlier row to compare with, only what is known.
        list_moved = (
            told != row.list_hash and any(merged.get(k) != v for k, v in news.items())
            if row.list_hash
            else _contradicts(entity, news, merged)
        )
        # A row that a later detail contradicts proves nothing when it is seen again: things change and change back.
        row.list_hash = "" if part is Part.MISSING and _contradicts(entity, one.payload, merged) else told
    elif _contradicts(entity, news, merged):
        row.list_hash = ""
    replaces = is_whole and one.kind is Kind.DETAIL
    if replaces or entity.detail_only & news.keys():
        row.detail_at = max(row.detail_at or one.observed_at, one.observed_at)
        if is_whole or (one.time and one.time == row.modified_at):
            row.detail_stale = False
    elif entity.detail_only and (header_moved or list_moved or row.detail_at is None):
        row.detail_stale = True
    result = dict(news) if replaces else {**merged, **news}
    for key, value in one.hints.items():
        if not result.get(key):
            result[key] = merged.get(key) or value
    row.state = State.INACTIVE if str(result.get("status", "")).strip().casefold() == "inactive" else State.PRESENT
    return result


def _contradicts(entity: Entity, told: Mapping[str, Any], merged: Mapping[str, Any]) -> bool:
    """Whether it says other than what is known of what lists show."""
    return any(key in merged and merged[key] != value and key not in entity.detail_only for key, value in told.items())


def _encoded(merged: Mapping[str, Any], taken: Sequence[_Taken]) -> EncodedPayload:
    """`merged` with its text: often that of the last observation, which brought all that is known."""
    if taken:
        last, keys = taken[-1].observation, taken[-1].keys
        brought_all = len(merged) == len(keys) == len(last.payload) and not last.hints
        if brought_all and isinstance(last.payload, EncodedPayload):
            return last.payload
    return EncodedPayload(merged)


def _judge(taken: Sequence[_Taken], verdicts: dict[int, Judged], row: ZohoRecord, *, changed: bool) -> None:
    """From the last to the first: one of which nothing survives the later ones is superseded."""
    covered: set[str] = set()
    is_replaced = False
    for one, keys, is_whole in reversed(taken):
        last = taken[-1].observation
        reason = MISDATED if _is_misdated(one, row) else ""
        if one is not last and (is_replaced or one.kind is Kind.GONE or covered.issuperset(keys)):
            reason = reason or ("" if last.event else "overtaken by the record as Zoho has it")
            verdicts[id(one)] = Judged(one, Verdict.SUPERSEDED, reason, successor=last)
        else:
            verdicts[id(one)] = Judged(one, Verdict.APPLIED if changed else Verdict.UNCHANGED, reason)
        covered.update(keys)
        is_replaced = is_replaced or is_whole


def _is_misdated(one: Observation, row: ZohoRecord) -> bool:
    """Whether it was taken although the record, as it is now, is of an earlier time."""
    if one.modified_at is None or one.kind is Kind.GONE:
        return False
    return row.modified_at is None or one.modified_at > row.modified_at
