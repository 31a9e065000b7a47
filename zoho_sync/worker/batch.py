"""One batch of claimed jobs of one module, through one transaction."""

from __future__ import annotations

import random
import time
import traceback
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import IntegrityError, close_old_connections, connection, transaction

from catalog.services.freshness import touched_last
from tsh_erp.events.publish import caused_by
from zoho_sync import alerts, client, dead_letters, drift, queue, refetch, safety_share, stock
from zoho_sync.apply import TRANSIENT, Outcome, Result, apply_records
from zoho_sync.entities import Entity
from zoho_sync.errors import (
    InvalidPayload,
    MappingError,
    OrganisationMustWait,
    PermanentError,
    SyncError,
    TemporaryError,
)
from zoho_sync.inbox import observe
from zoho_sync.mirror import Kind, Observation
from zoho_sync.models import InboxEvent
from zoho_sync.queue import Claim, End, Settlement, Work
from zoho_sync.worker.clock import Clock
from zoho_sync.worker.outcomes import LOGGED, Attempt, record_attempts

log = structlog.get_logger(__name__)

# A batch that fails by nobody's fault is done again at once this often, then given back for a moment.
SAME_BATCH_TRIES = 3
GIVEN_BACK_SECONDS = 5
ORGANISATION_WAIT_SECONDS = 60


@dataclass
class Batch:
    """Claimed jobs of one module. `held` are all claims of the worker, whose leases a fetch must not outlast."""

    worker: str
    entity: Entity
    claims: tuple[Claim, ...]
    clock: Clock
    held: Sequence[Claim]
    id: uuid.UUID = field(default_factory=uuid.uuid4)

    def __post_init__(self) -> None:
        self._started = time.monotonic()
        self._started_at = self.clock.now()
        self._can_fetch = refetch.is_configured()
        self._events: dict[str, list[InboxEvent]] = {}
        self._observations: dict[str, list[Observation]] = {}
        self._fetched: dict[str, Observation] = {}
        self._blocked: dict[str, SyncError] = {}
        self._fetch_later: dict[str, SyncError] = {}

    def run(self) -> int:
        """Fetch what must be fetched, then apply and settle; how many jobs were settled."""
        for attempt in range(1, SAME_BATCH_TRIES + 1):
            try:
                self._read_events()
                if self._can_fetch:
                    self._fetch()
                settled = self._apply_and_settle()
                self._watch_for_drift()
                return settled
            except TRANSIENT:
                log.warning("batch_again", module=self.entity.module, attempt=attempt, exc_info=True)
                close_old_connections()
                self.clock.sleep(random.uniform(0.05, 0.3) * attempt)  # noqa: S311 - jitter, not a secret
            except Exception as error:
                log.exception("batch_broke", module=self.entity.module, jobs=[claim.id for claim in self.claims])
                return self._each_alone() if len(self.claims) > 1 else self._fail(error)
        return self._give_back(End.RELEASED)

    def _each_alone(self) -> int:
        """What broke the batch belongs to one of its records; the others are done."""
        return sum(self._alone(claim).run() for claim in self.claims)

    def _alone(self, claim: Claim) -> Batch:
        alone = Batch(self.worker, self.entity, (claim,), self.clock, held=self.held)
        alone._fetched = {claim.zoho_id: self._fetched[claim.zoho_id]} if claim.zoho_id in self._fetched else {}
        return alone

    def _fail(self, error: Exception) -> int:
        """Write the error of the one record down as any other: tried again later, a dead letter in the end."""
        [claim] = self.claims
        result = Result.failure(claim.zoho_id, error)
        try:
            with transaction.atomic():
                claims = queue.lock_claimed(self.claims)
                events = self._events.get(claim.zoho_id, [])
                self._record([Attempt(one, events, result) for one in claims], at=self.clock.now())
        except Exception:
            log.exception("failure_not_recorded", module=self.entity.module, job=claim.id)
            return self._give_back(End.RETRY, error)
        return len(claims)

    def _read_events(self) -> None:
        """Read and parse what is queued, outside the transaction.

        What arrives from now on has made a newer job for its record and waits for that.
        """
        self._events = {claim.zoho_id: [] for claim in self.claims}
        self._observations = {}
        for event in InboxEvent.objects.queued().of_records(self.entity.module, list(self._events)):
            self._events[event.zoho_id].append(event)
        for zoho_id, events in self._events.items():
            try:
                self._observations[zoho_id] = observe(events)
            except InvalidPayload as error:
                self._blocked[zoho_id] = error

    def _fetch(self) -> None:
        """Ask Zoho for the records that need it, outside any transaction, under fresh leases.

        Without an answer a delete cannot be believed and a mere fetch has nothing to say: these
        are blocked. Other news is applied, and the fetch is asked for again. A limit, and the end of
        the drain's time, hold for all that are still to be asked for.
        """
        stop: OrganisationMustWait | None = None
        wanted = [claim for claim in self.claims if claim.needs_fetch or self._is_deleted(claim)]
        if self.entity.module == stock.MODULE:
            stop = self._fetch_together([claim for claim in wanted if claim.zoho_id not in self._asked])
        for claim in wanted:
            if claim.zoho_id in self._asked:
                continue
            if not stop and not self.clock.left():
                stop = OrganisationMustWait("the drain's time is up", retry_after=0)
            try:
                if stop:
                    raise stop
                queue.renew(self.held, at=self.clock.now())
                self._fetched[claim.zoho_id] = refetch.fetch_record(self.entity, claim.zoho_id, now=self.clock.now)
            except SyncError as error:
                stop = error if isinstance(error, OrganisationMustWait) else stop
                self._note_unfetched(claim, error)
        self._doubt_what_is_gone()
        if stop:
            alerts.tell_of(stop, at=self.clock.now())

    def _doubt_what_is_gone(self) -> None:
        """A 404 for a record that was deleted is believed; a wave of others waits for a person, or for better days."""
        gone = {
            claim.zoho_id: claim
            for claim in self.claims
            if claim.zoho_id in self._fetched
            and self._fetched[claim.zoho_id].kind is Kind.GONE
            and not self._is_deleted(claim)
        }
        if why := safety_share.doubt(self.entity.module, gone, at=self.clock.now()):
            for zoho_id, claim in gone.items():
                del self._fetched[zoho_id]
                self._note_unfetched(claim, TemporaryError(why))

    def _fetch_together(self, claims: Sequence[Claim]) -> OrganisationMustWait | None:
        """Items come a hundred to a call. What keeps the organisation waiting; what is left open is asked for alone."""
        if len(claims) < 2:
            return None
        try:
            details = stock.fetch_details(
                client.configured_client(),
                [claim.zoho_id for claim in claims],
                now=self.clock.now,
                goes_on=self._may_ask,
                halves=False,
            )
        except OrganisationMustWait as error:
            return error
        except PermanentError as error:
            # An id that Zoho does not take spoils the call for the others.
            log.warning("items_not_fetched_together", jobs=[claim.id for claim in claims], error=str(error))
            return None
        self._fetched |= details.found
        for claim in claims:
            if claim.zoho_id in details.failed:
                self._note_unfetched(claim, details.failed[claim.zoho_id])
        return None

    def _may_ask(self) -> bool:
        """Before each call: under fresh leases, while the drain has time."""
        if not self.clock.left():
            return False
        queue.renew(self.held, at=self.clock.now())
        return True

    def _note_unfetched(self, claim: Claim, error: SyncError) -> None:
        nothing_else = self._is_deleted(claim) or not self._events[claim.zoho_id]
        (self._blocked if nothing_else else self._fetch_later)[claim.zoho_id] = error

    def _is_deleted(self, claim: Claim) -> bool:
        return any(event.operation == InboxEvent.Operation.DELETE for event in self._events[claim.zoho_id])

    @property
    def _asked(self) -> set[str]:
        """Records that Zoho has been asked for, or need not be: a batch that is done again does not ask twice."""
        return self._fetched.keys() | self._fetch_later.keys() | self._blocked.keys()

    def _apply_and_settle(self) -> int:
        try:
            return self._transact()
        except IntegrityError:
            # A deferred constraint failed at the commit: find its record by doing each alone.
            return self._transact(one_by_one=True)

    def _transact(self, *, one_by_one: bool = False) -> int:
        with transaction.atomic(), touched_last(), caused_by(self.id):
            at = self.clock.now()
            claims = queue.lock_claimed(self.claims)
            if len(claims) < len(self.claims):
                log.warning("lease_lost", module=self.entity.module, lost=len(self.claims) - len(claims))
            ready = [claim for claim in claims if claim.zoho_id not in self._blocked]
            items = self._items_named(ready)
            results = {
                result.zoho_id: result
                for result in apply_records(
                    self.entity,
                    [one for claim in ready for one in self._known(claim.zoho_id)],
                    at=at,
                    can_fetch=self._can_fetch,
                    one_by_one=one_by_one,
                )
            }
            attempts = [
                self._blocked_attempt(claim, at=at)
                if claim.zoho_id in self._blocked
                else self._attempt(claim, results.get(claim.zoho_id), at=at)
                for claim in claims
            ]
            self._record(attempts, at=at)
            for zoho_id, more in self._items_named(ready).items():
                items[zoho_id] = items.get(zoho_id, frozenset()) | more
            self._queue_follow_ups(ready, results, items, at=at)
        return len(claims)

    def _watch_for_drift(self) -> None:
        """After the commit, whatever became of the records: what cannot be mapped is often what has changed."""
        ready = [claim.zoho_id for claim in self.claims if claim.zoho_id not in self._blocked]
        told = [one for zoho_id in ready for one in self._known(zoho_id)]
        drift.watch(self.entity.module, told, at=self.clock.now())

    def _items_named(self, claims: Sequence[Claim]) -> dict[str, frozenset[str]]:
        """The items whose stock these records move, as far as the mirror knows by now; they can only be asked for."""
        return stock.named_items(self.entity, [claim.zoho_id for claim in claims]) if self._can_fetch else {}

    def _record(self, attempts: list[Attempt], *, at: datetime) -> None:
        record_attempts(
            attempts,
            batch=self.id,
            worker=self.worker,
            started_at=self._started_at,
            duration_ms=int((time.monotonic() - self._started) * 1000 / max(len(attempts), 1)),
            at=at,
        )

    def _known(self, zoho_id: str) -> list[Observation]:
        fetched = self._fetched.get(zoho_id)
        return [*self._observations[zoho_id], *([fetched] if fetched else [])]

    def _attempt(self, claim: Claim, result: Result | None, *, at: datetime) -> Attempt:
        """What came of a claim. Of a record of which too little is told to store it, Zoho is asked first."""
        settlement = None
        if result and self._says_too_little(result) and claim.zoho_id not in self._fetched:
            error = self._fetch_later.get(claim.zoho_id)
            # Not yet asked, or told to wait: no attempt is used up by that.
            is_free = error is None or isinstance(error, OrganisationMustWait)
            may_try = not isinstance(error, PermanentError) and claim.attempts < settings.TDS_MAX_RETRY_ATTEMPTS
            if is_free or may_try:
                settlement = Settlement(
                    claim=claim,
                    end=End.RELEASED if is_free else End.RETRY,
                    due=at + _pause(error) if error else at,
                    error=str(error or result.error),
                    needs_fetch=True,
                )
        return Attempt(claim, self._events[claim.zoho_id], result, settlement)

    def _says_too_little(self, result: Result) -> bool:
        is_missing = isinstance(result.error, MappingError) and result.error.value is None
        return self._can_fetch and result.outcome is Outcome.FAILED and is_missing

    def _blocked_attempt(self, claim: Claim, *, at: datetime) -> Attempt:
        error = self._blocked[claim.zoho_id]
        result = Result.failure(claim.zoho_id, error)
        settlement = None
        if isinstance(error, OrganisationMustWait):
            settlement = Settlement(
                claim=claim,
                end=End.RELEASED,
                due=at + _pause(error),
                error=str(error),
                needs_fetch=claim.needs_fetch,
            )
        return Attempt(claim, self._events[claim.zoho_id], result, settlement)

    def _queue_follow_ups(
        self,
        claims: list[Claim],
        results: dict[str, Result],
        items: Mapping[str, frozenset[str]],
        *,
        at: datetime,
    ) -> None:
        """Ask for what is missing: details that a fetch would settle, parents that are not here, stock that moved.

        Jobs that wait for it already keep their back-off, and what a person must look at is left to them.
        """
        if not self._can_fetch:
            return
        works, parents = [], set()
        moved: frozenset[str] = frozenset()
        for claim in claims:
            result = results.get(claim.zoho_id)
            if error := self._fetch_later.get(claim.zoho_id):
                due = at + _pause(error)
                works.append(Work(module=claim.module, zoho_id=claim.zoho_id, needs_fetch=True, due=due))
            elif result and result.wants_detail and claim.zoho_id not in self._fetched:
                works.append(Work(module=claim.module, zoho_id=claim.zoho_id, needs_fetch=True, priority=6))
            if result and result.parent:
                parents.add(result.parent)
            elif result and result.outcome in LOGGED:
                moved |= items.get(claim.zoho_id, frozenset())
        for module, zoho_id in parents - dead_letters.find_buried(parents):
            works.append(Work(module=module, zoho_id=zoho_id, needs_fetch=True, priority=3))
        works += [Work(module=stock.MODULE, zoho_id=zoho_id, needs_fetch=True, priority=4) for zoho_id in moved]
        queue.enqueue(works, at=at, hurry=False)

    def _give_back(self, end: End, error: Exception | None = None) -> int:
        """Let others try the batch again in a moment; with an unforeseen error the attempt counts."""
        try:
            with transaction.atomic():
                at = self.clock.now()
                settlements = [
                    Settlement(
                        claim=claim,
                        end=end,
                        due=at + timedelta(seconds=GIVEN_BACK_SECONDS),
                        error=str(error) if error else "the database was busy",
                        traceback="".join(traceback.format_exception(error)) if error else "",
                        needs_fetch=claim.needs_fetch,
                    )
                    for claim in queue.lock_claimed(self.claims)
                ]
                queue.settle(settlements, at=at)
        except TRANSIENT:
            log.exception("batch_not_given_back", module=self.entity.module, jobs=[claim.id for claim in self.claims])
            connection.close()
        return 0


def _pause(error: SyncError) -> timedelta:
    """How long Zoho is left alone after `error`: what it asked for, else a minute."""
    seconds = error.retry_after if isinstance(error, TemporaryError) else None
    return timedelta(seconds=ORGANISATION_WAIT_SECONDS if seconds is None else seconds)
