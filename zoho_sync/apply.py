"""The one door into the business tables: observations of Zoho records in, rows of their owners out.

Batch first: a batch is merged, mapped and saved in a constant number of queries. Only when
something unforeseen breaks a batch is each record tried alone, in a savepoint of its own.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from typing import Any

from django.db import InterfaceError, OperationalError, connection, transaction

from tsh_erp.common.errors import MissingParent
from tsh_erp.common.upsert import Saved
from zoho_sync import mirror
from zoho_sync.entities import MODULE_OF_MODEL, Entity, parents_of
from zoho_sync.errors import PermanentError, SyncError
from zoho_sync.mappers.record import Record
from zoho_sync.mirror import Folded, Judged, Kind, Observation, Verdict
from zoho_sync.models import ZohoRecord

# A deadlock, a lost connection, a locked database, a full disk: nobody's fault, the whole batch again.
TRANSIENT = (OperationalError, InterfaceError)


class Outcome(Enum):
    """What became of one record."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    STALE = "stale"
    WAITING = "waiting"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Result:
    """What became of one record and of each of its observations.

    `failed` are the observations that could not be taken, with the error; the others were judged
    without them. `parent` (module, Zoho id) is what a WAITING record waits for: nothing was written.
    """

    zoho_id: str
    outcome: Outcome
    judged: tuple[Judged, ...] = ()
    failed: tuple[Observation, ...] = ()
    error: Exception | None = None
    traceback: str = ""
    parent: tuple[str, str] | None = None
    wants_detail: bool = False

    @classmethod
    def failure(cls, zoho_id: str, error: Exception, observations: Sequence[Observation] = ()) -> Result:
        """A record of which nothing could be taken, with the error and its traceback."""
        return cls(
            zoho_id=zoho_id,
            outcome=Outcome.FAILED,
            failed=tuple(observations),
            error=error,
            traceback="".join(traceback.format_exception(error)),
        )


@dataclass(frozen=True)
class _Plan:
    """A record merged and mapped, ready to be written. `values` is None when nothing must be projected."""

    folded: Folded
    values: Any = None
    failed: tuple[Observation, ...] = ()
    error: Exception | None = None


def apply_records(
    entity: Entity,
    observations: Sequence[Observation],
    *,
    at: datetime,
    can_fetch: bool = False,
    one_by_one: bool = False,
) -> list[Result]:
    """Bring observations of one module into the mirror and the business tables; one result per record, in key order.

    Must run inside a transaction, which the caller commits. Raises only what is nobody's fault
    (`TRANSIENT`), so that the caller can do the whole batch again. With `one_by_one` each record
    has its own savepoint from the start: the caller's way out when the commit itself failed.
    """
    by_record: dict[str, list[Observation]] = {}
    for one in observations:
        by_record.setdefault(one.zoho_id, []).append(one)
    if not one_by_one:
        try:
            with transaction.atomic():
                results = _apply(entity, by_record, at=at, can_fetch=can_fetch)
                _check_deferred()
                return results
        except TRANSIENT:
            raise
        except Exception:  # noqa: BLE001, S110 - each record is now tried alone and reports its own error
            pass
    return [
        _apply_alone(entity, zoho_id, by_record[zoho_id], at=at, can_fetch=can_fetch) for zoho_id in sorted(by_record)
    ]


def _apply_alone(
    entity: Entity, zoho_id: str, observations: list[Observation], *, at: datetime, can_fetch: bool
) -> Result:
    try:
        with transaction.atomic():
            results = _apply(entity, {zoho_id: observations}, at=at, can_fetch=can_fetch)
            _check_deferred(thoroughly=True)
            return results[0]
    except TRANSIENT:
        raise
    except MissingParent as error:
        return Result(zoho_id=zoho_id, outcome=Outcome.WAITING, parent=(MODULE_OF_MODEL[error.parent], error.zoho_id))
    except Exception as error:  # noqa: BLE001 - whatever it is, it belongs on this record's row and nowhere else
        return Result.failure(zoho_id, error, observations)


def _apply(
    entity: Entity, by_record: Mapping[str, list[Observation]], *, at: datetime, can_fetch: bool
) -> list[Result]:
    held = mirror.hold(entity.module, by_record.keys())
    plans: dict[str, _Plan] = {}
    results: dict[str, Result] = {}
    for zoho_id, observations in by_record.items():
        plan = _plan(entity, held.get(zoho_id), observations, can_fetch=can_fetch)
        if plan is None:
            results[zoho_id] = _unmappable(entity, held.get(zoho_id), observations, can_fetch=can_fetch)
        else:
            plans[zoho_id] = plan
    results |= _withhold_orphans(plans, by_record)
    saved = _write(entity, plans, at=at)
    for zoho_id, plan in plans.items():
        results[zoho_id] = _result(zoho_id, plan, saved, is_new=zoho_id not in held)
    return [results[zoho_id] for zoho_id in sorted(results)]


def project_records(entity: Entity, zoho_ids: Sequence[str], *, at: datetime, one_by_one: bool = False) -> list[Result]:
    """Map these records of the mirror anew and write their business rows; the mirror stays as it is.

    Locks as `apply_records` does and, like it, runs inside the caller's transaction, raises only
    `TRANSIENT` and tries each record alone when `one_by_one` asks for it. One result per record that
    Zoho still has, in key order; one that cannot be mapped or saved is FAILED and harms no other.
    """
    if not one_by_one:
        try:
            with transaction.atomic():
                results = _project(entity, zoho_ids, at=at)
                _check_deferred()
                return results
        except TRANSIENT:
            raise
        except Exception:  # noqa: BLE001, S110 - each record is now tried alone and reports its own error
            pass
    return [result for zoho_id in sorted(zoho_ids) for result in _project_alone(entity, zoho_id, at=at)]


def _project_alone(entity: Entity, zoho_id: str, *, at: datetime) -> list[Result]:
    try:
        with transaction.atomic():
            results = _project(entity, [zoho_id], at=at)
            _check_deferred(thoroughly=True)
            return results
    except TRANSIENT:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it is this record's and no other's
        return [Result.failure(zoho_id, error)]


def _project(entity: Entity, zoho_ids: Sequence[str], *, at: datetime) -> list[Result]:
    plans: dict[str, _Plan] = {}
    results: dict[str, Result] = {}
    for zoho_id, row in mirror.hold(entity.module, zoho_ids).items():
        folded = Folded(row, judged=(), changed=True, dirty=False)
        if folded.gone:
            continue
        try:
            plans[zoho_id] = _map(entity, folded)
        except SyncError as error:
            results[zoho_id] = Result.failure(zoho_id, error)
    results |= _withhold_orphans(plans, {})
    saved = _save(entity, plans, at=at)
    for zoho_id in plans:
        outcome = Outcome.UPDATED if zoho_id in saved.changed else Outcome.UNCHANGED
        results[zoho_id] = Result(zoho_id=zoho_id, outcome=Outcome.CREATED if zoho_id in saved.created else outcome)
    return [results[zoho_id] for zoho_id in sorted(results)]


def _plan(
    entity: Entity, held: ZohoRecord | None, observations: Sequence[Observation], *, can_fetch: bool
) -> _Plan | None:
    """Merge and map; None when no observation could be mapped.

    An observation that cannot be mapped is left out, so that it takes no good one down with it.
    """
    try:
        return _map(entity, mirror.fold(entity, held, observations, can_fetch=can_fetch))
    except SyncError:
        if len(observations) == 1:
            return None
    return _Sieve(entity, held, observations, can_fetch).sift()


@dataclass
class _Sieve:
    """Finds which observations of a record can be mapped beside each other, when not all of them can.

    Groups are halved until the bad ones stand alone, so that one bad among many costs few folds.
    `kept` are those of the good ones without which a group beside them would be judged otherwise.
    """

    entity: Entity
    held: ZohoRecord | None
    observations: Sequence[Observation]
    can_fetch: bool
    good: list[int] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)
    failures: dict[int, tuple[int, SyncError]] = field(default_factory=dict)  # beside how many good ones, and why

    def __post_init__(self) -> None:
        # What is refused or overwritten decides nothing where others do not depend on its time, hints or tombstone.
        self._keeps_all = (
            any(one.kind is not Kind.WEBHOOK for one in self.observations)
            or len({one.time is None for one in self.observations}) > 1
            or len({tuple(sorted(one.hints.items())) for one in self.observations}) > 1
        )

    def sift(self) -> _Plan | None:
        """The plan of the good ones, which names the failed ones; None when there is no good one."""
        left: Sequence[int] = range(len(self.observations))
        while left:
            self._take(left)
            good = set(self.good)
            self.failures = {one: failure for one, failure in self.failures.items() if one not in good}
            # What failed may be good beside what was taken after it.
            left = sorted(one for one, (beside, _) in self.failures.items() if beside < len(self.good))
        if not self.good:
            return None
        plan, failed = self._try(self.good), sorted(self.failures)
        error = self.failures[failed[0]][1] if failed else None
        return _Plan(plan.folded, plan.values, tuple(self.observations[one] for one in failed), error)

    def _take(self, group: Sequence[int]) -> None:
        chosen = sorted([*self.kept, *group])
        try:
            plan = self._try(chosen)
        except SyncError as error:
            if len(group) == 1:
                self.failures[group[0]] = (len(self.good), error)
            else:
                self._take(group[: len(group) // 2])
                self._take(group[len(group) // 2 :])
            return
        self.good += group
        lost = () if self._keeps_all else (Verdict.SUPERSEDED, Verdict.STALE)
        judged = zip(chosen, plan.folded.judged, strict=True)
        self.kept = [position for position, one in judged if one.verdict not in lost]

    def _try(self, chosen: Sequence[int]) -> _Plan:
        told = [self.observations[position] for position in sorted(chosen)]
        return _map(self.entity, mirror.fold(self.entity, self.held, told, can_fetch=self.can_fetch))


def _map(entity: Entity, folded: Folded) -> _Plan:
    if not folded.changed or folded.gone:
        return _Plan(folded)
    values = entity.map(Record(folded.row.payload))
    if folded.row.detail_stale and getattr(values, "is_complete", False):
        # The head is newer than the lines: its identities are checked when the detail has come.
        values = replace(values, is_complete=False)
    return _Plan(folded, values)


def _unmappable(
    entity: Entity, held: ZohoRecord | None, observations: Sequence[Observation], *, can_fetch: bool
) -> Result:
    try:
        _map(entity, mirror.fold(entity, held, observations, can_fetch=can_fetch))
    except SyncError as error:
        return Result.failure(observations[0].zoho_id, error, observations)
    raise AssertionError("a record that could not be mapped now can")


def _withhold_orphans(plans: dict[str, _Plan], by_record: Mapping[str, Sequence[Observation]]) -> dict[str, Result]:
    """Take out of `plans` what cannot be stored for want of a parent; what becomes of it."""
    wanted = parents_of(plan.values for plan in plans.values() if plan.values is not None)
    here, gone = _known_parents(wanted)
    if mirror.hold_absent(absent := wanted - here - gone):
        # One that another worker is just bringing in is here now; one that comes later finds us waiting for it.
        more_here, more_gone = _known_parents(absent)
        here, gone = here | more_here, gone | more_gone
    results = {}
    for zoho_id, parents in {key: parents_of([plan.values]) for key, plan in plans.items() if plan.values}.items():
        if lost := parents & gone:
            module, parent_id = min(lost)
            error = PermanentError(f"{module} {parent_id}, to which it belongs, is gone from Zoho")
            results[zoho_id] = Result.failure(zoho_id, error, by_record.get(zoho_id, ()))
            del plans[zoho_id]
        elif missing := parents - here:
            results[zoho_id] = Result(zoho_id=zoho_id, outcome=Outcome.WAITING, parent=min(missing))
            del plans[zoho_id]
    return results


def _known_parents(wanted: set[tuple[str, str]]) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """Of these records (module, Zoho id): which are here, and which we only know to be gone. One query per module."""
    here: set[tuple[str, str]] = set()
    gone: set[tuple[str, str]] = set()
    for module in sorted({module for module, _ in wanted}):
        ids = sorted(zoho_id for parent, zoho_id in wanted if parent == module)
        for zoho_id, content in ZohoRecord.objects.of(module, ids).values_list("zoho_id", "hash"):
            (gone if content == mirror.EMPTY_HASH else here).add((module, zoho_id))
    return here, gone


def _write(entity: Entity, plans: Mapping[str, _Plan], *, at: datetime) -> Saved:
    folded = [plan.folded for plan in plans.values()]
    mirror.write([one.row for one in folded if one.dirty])
    mirror.touch([one.row for one in folded if not one.dirty and one.row.pk])
    if turned_back := [one.row.zoho_id for one in folded if one.turned_back]:
        mirror.mark_misdated(entity.module, turned_back)
    gone = sorted(zoho_id for zoho_id, plan in plans.items() if plan.folded.changed and plan.folded.gone)
    if gone:
        entity.retire(gone, at=at)
    return _save(entity, plans, at=at)


def _save(entity: Entity, plans: Mapping[str, _Plan], *, at: datetime) -> Saved:
    values = [plan.values for _, plan in sorted(plans.items()) if plan.values is not None]
    saved = entity.save(values, at=at) if values else Saved()
    if saved.created:
        for attach in entity.attach:
            attach(sorted(saved.created))
    return saved


def _result(zoho_id: str, plan: _Plan, saved: Saved, *, is_new: bool) -> Result:
    verdicts: Iterable[Verdict] = {judged.verdict for judged in plan.folded.judged}
    if plan.folded.changed:
        outcome = Outcome.CREATED if is_new or zoho_id in saved.created else Outcome.UPDATED
    else:
        outcome = Outcome.STALE if verdicts == {Verdict.STALE} else Outcome.UNCHANGED
    return Result(
        zoho_id=zoho_id,
        outcome=outcome,
        judged=plan.folded.judged,
        failed=plan.failed,
        error=plan.error,
        traceback="".join(traceback.format_exception(plan.error)) if plan.error else "",
        wants_detail=plan.folded.wants_detail,
    )


def _check_deferred(*, thoroughly: bool = False) -> None:
    """Raise now what the commit would raise: foreign keys are deferred in Django.

    SQLite can only check whole tables, so there a batch leaves it to the commit, and a record
    tried alone pays for the look.
    """
    if thoroughly or connection.vendor == "postgresql":
        connection.check_constraints()
