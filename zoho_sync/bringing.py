"""Apply what was read, fetch the parents it misses, and hand on what could not be applied."""

from __future__ import annotations

import random
import time
import traceback
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import structlog
from django.db import IntegrityError, close_old_connections, transaction
from django.utils import timezone

from catalog.services.freshness import touched_last
from tsh_erp.events.publish import caused_by
from zoho_sync import dead_letters, drift, queue
from zoho_sync.apply import TRANSIENT, Outcome, Result, apply_records
from zoho_sync.entities import BY_MODULE, Entity
from zoho_sync.errors import OrganisationMustWait, PermanentError, SyncError
from zoho_sync.mirror import Kind, Observation
from zoho_sync.models import Priority
from zoho_sync.queue import Work
from zoho_sync.refetch import fetch_record

log = structlog.get_logger(__name__)

T = TypeVar("T")

TRIES = 3
DONE = frozenset({Outcome.CREATED, Outcome.UPDATED, Outcome.UNCHANGED, Outcome.STALE})


def persist(step: Callable[[], T], *, module: str) -> T:
    """Do `step` in a transaction, again when that fails by nobody's fault (`TRANSIENT`); the last try raises."""
    for attempt in range(1, TRIES):
        try:
            with transaction.atomic():
                return step()
        except TRANSIENT:
            log.warning("pull_step_again", module=module, attempt=attempt, exc_info=True)
            close_old_connections()
            time.sleep(random.uniform(0.05, 0.3) * attempt)  # noqa: S311 - jitter, not a secret
    with transaction.atomic():
        return step()


@dataclass
class Bringer:
    """Brings observations home for one run. No transaction is open while a parent is fetched, with `priority`.

    `beat` is called before each such fetch; what it raises is raised, and what waits for parents is not handed on.
    """

    priority: Priority = Priority.INCREMENTAL
    correlation: uuid.UUID = field(default_factory=uuid.uuid4)
    beat: Callable[[], None] = lambda: None
    _tried: set[tuple[str, str]] = field(default_factory=set)

    def bring(self, entity: Entity, observations: Sequence[Observation]) -> dict[str, Result]:
        """Apply a batch; the result of each record by Zoho id.

        A record that waits for a parent is tried again once that has been fetched and applied, each
        parent once in a run. What still waits then, or failed, is left to a dead letter or the worker.
        """
        results = self._apply(entity, observations)
        drift.watch(entity.module, observations)
        while missing := self._missing_parents(results):
            self._tried |= missing
            for module in sorted({module for module, _ in missing}):
                self._bring_parents(BY_MODULE[module], [zoho_id for one, zoho_id in sorted(missing) if one == module])
            waiting = {zoho_id for zoho_id, result in results.items() if result.parent in missing}
            results |= self._apply(entity, [one for one in observations if one.zoho_id in waiting])
        self._hand_on(entity, results, observations)
        return results

    def hand_over(self, entity: Entity, zoho_ids: Sequence[str]) -> None:
        """Leave records to the worker, which asks Zoho for them again in its own time."""
        works = [Work(module=entity.module, zoho_id=zoho_id, needs_fetch=True, priority=6) for zoho_id in zoho_ids]
        if works:
            persist(lambda: queue.enqueue(works, at=timezone.now()), module=entity.module)

    def bury(self, entity: Entity, zoho_id: str, error: PermanentError, payload: Mapping[str, object]) -> None:
        """A record that cannot be brought in however often it is tried: a case for a person."""
        letter = partial(
            dead_letters.bury,
            module=entity.module,
            zoho_id=zoho_id,
            events=(),
            error_class=type(error).__name__,
            message=str(error),
            traceback="".join(traceback.format_exception(error)),
            payload=dict(payload),
            at=timezone.now(),
        )
        persist(letter, module=entity.module)

    def _bring_parents(self, entity: Entity, zoho_ids: Sequence[str]) -> None:
        found = []
        for zoho_id in zoho_ids:
            self.beat()
            try:
                found.append(fetch_record(entity, zoho_id, priority=self.priority))
            except OrganisationMustWait:
                raise
            except SyncError as error:
                log.warning("parent_not_fetched", module=entity.module, zoho_id=zoho_id, error=str(error))
        # A parent that Zoho does not have either is no news: its child goes on waiting.
        self.bring(entity, [one for one in found if one.kind is not Kind.GONE])

    def _missing_parents(self, results: Mapping[str, Result]) -> set[tuple[str, str]]:
        return {result.parent for result in results.values() if result.parent} - self._tried

    def _apply(self, entity: Entity, observations: Sequence[Observation]) -> dict[str, Result]:
        if not observations:
            return {}
        try:
            return persist(lambda: self._transact(entity, observations), module=entity.module)
        except IntegrityError:
            # A deferred constraint failed at the commit: find its record by doing each alone.
            return persist(lambda: self._transact(entity, observations, one_by_one=True), module=entity.module)

    def _transact(
        self, entity: Entity, observations: Sequence[Observation], *, one_by_one: bool = False
    ) -> dict[str, Result]:
        with touched_last(), caused_by(self.correlation):
            at = timezone.now()
            results = apply_records(entity, observations, at=at, can_fetch=True, one_by_one=one_by_one)
            done = [(entity.module, result.zoho_id) for result in results if result.outcome in DONE]
            dead_letters.close_settled(done, at=at)
            queue.wake_children(done, at=at)
        return {result.zoho_id: result for result in results}

    def _hand_on(self, entity: Entity, results: Mapping[str, Result], observations: Sequence[Observation]) -> None:
        payloads = {one.zoho_id: one.payload for one in observations}
        later = []
        for zoho_id, result in results.items():
            if isinstance(result.error, PermanentError):
                self.bury(entity, zoho_id, result.error, payloads[zoho_id])
            elif result.outcome not in DONE or result.failed:
                later.append(zoho_id)
        self.hand_over(entity, later)
