"""Every order of delivery, claim, settlement, failure, lost lease and late settlement, with a clock of our own.

Hypothesis drives the real road: deliveries are received, jobs are claimed and worked on. Two workers may
hold claims for as long as they like, and settle them when they no longer may.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from catalog.models import Product
from zoho_sync import dead_letters, queue, worker
from zoho_sync.audit import audit
from zoho_sync.entities import BY_MODULE
from zoho_sync.models import DeadLetter, InboxEvent, SyncLog, SyncQueueItem
from zoho_sync.models.queue import WAITING, Status
from zoho_sync.queue import End, Settlement
from zoho_sync.tests.road import NOON, failing_save, item, moment, other_entity, receive_body, seconds

STEPS = 12
LEASE = 300
RECORDS = ("1", "2")
DONE = frozenset({"applied", "unchanged", "stale", "superseded"})


class Machine(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.now = NOON
        self.newest = Counter()  # the newest version of each record that was delivered
        self.held = []  # batches of claims, in the hands of whoever took them: valid ones and others
        self.valid = {}  # the token of each job that is really held
        self.ends = {}  # how each settled event ended, and in which log entry

    def teardown(self):
        try:
            self.finish()
        finally:
            transaction.set_rollback(True)
            self.transaction.__exit__(None, None, None)

    # --- what can happen ------------------------------------------------------------------------

    @initialize(news=st.lists(st.sampled_from(RECORDS), min_size=1, max_size=4))
    def begin(self, news):
        for zoho_id in news:
            self.deliver_news(zoho_id)

    @rule(zoho_id=st.sampled_from(RECORDS))
    def deliver_news(self, zoho_id):
        self.newest[zoho_id] += 1
        self.deliver(zoho_id, self.newest[zoho_id])

    @rule(zoho_id=st.sampled_from(RECORDS), behind=st.integers(0, 2))
    def deliver_late(self, zoho_id, behind):
        """The newest version once more, or one that was overtaken on its way."""
        if version := max(self.newest[zoho_id] - behind, 0):
            self.deliver(zoho_id, version)

    @rule()
    def wait_until_failures_are_tried_again(self):
        self.now += seconds(31)

    @rule()
    @precondition(lambda self: self.valid)
    def let_leases_run_out(self):
        """Nobody notices at once."""
        self.now += seconds(LEASE)

    @rule(name=st.sampled_from(["a", "b"]), limit=st.integers(1, 3))
    @precondition(lambda self: SyncQueueItem.objects.due(self.now).exists())
    def claim(self, name, limit):
        busy = set(SyncQueueItem.objects.processing().values_list("zoho_id", flat=True))
        claims = queue.claim(name, limit=limit, at=self.now)

        assert len(claims) <= limit
        assert not busy & {claim.zoho_id for claim in claims}
        assert not any(claim.token in self.valid.values() for claim in claims)
        assert len(claims) == 1 or not any(claim.deaths for claim in claims)
        self.valid |= {claim.id: claim.token for claim in claims}
        if claims:
            self.held.append((name, claims))

    @rule(again=st.booleans(), data=st.data())
    @precondition(lambda self: self.held)
    def settle(self, again, data):
        """A worker does its claims, whether they are still its own or not; and perhaps once more later."""
        name, claims = self.take_up(data, keep=again)
        own = self.lay_down(claims)

        assert worker.work(name, claims, self.clock()) == len(own)

    @rule(data=st.data(), bad=st.sampled_from(RECORDS))
    @precondition(lambda self: self.held)
    def fail(self, data, bad):
        name, claims = self.take_up(data, keep=False)
        own = self.lay_down(claims)
        entity = BY_MODULE["item"]
        save = failing_save(entity, lambda value: ZeroDivisionError("no luck") if value.zoho_id == bad else None)

        with other_entity("item", save=save):
            assert worker.work(name, claims, self.clock()) == len(own)

    @rule(data=st.data())
    @precondition(lambda self: self.held)
    def give_back(self, data):
        """A worker lets its claims go untouched, as when the database was busy."""
        _, claims = self.take_up(data, keep=False)
        own = self.lay_down(claims)

        with transaction.atomic():
            ours = queue.lock_claimed(claims)
            queue.settle([Settlement(claim=claim, end=End.RELEASED, due=self.now) for claim in ours], at=self.now)
        assert [claim.id for claim in ours] == own

    @rule()
    @precondition(lambda self: SyncQueueItem.objects.with_expired_lease(self.now).exists())
    def take_back_what_was_lost(self):
        expired = SyncQueueItem.objects.with_expired_lease(self.now)
        for job_id in expired.values_list("id", flat=True):
            del self.valid[job_id]

        worker.recover(at=self.now)
        assert not expired.exists()

    @rule()
    @precondition(lambda self: DeadLetter.objects.open().exists())
    def retry_what_is_dead(self):
        dead_letters.retry(DeadLetter.objects.all(), at=self.now)

    # --- what must hold at any time -------------------------------------------------------------

    @invariant()
    def every_record_has_one_waiting_and_one_processing_job_at_the_most(self):
        rows = SyncQueueItem.objects.values_list("id", "zoho_id", "status", "lock_token")
        waiting = Counter(zoho_id for _, zoho_id, status, _ in rows if status in WAITING)
        held = {job_id: token for job_id, _, status, token in rows if status == Status.PROCESSING}
        busy = Counter(zoho_id for _, zoho_id, status, _ in rows if status == Status.PROCESSING)

        assert max(waiting.values(), default=0) <= 1
        assert max(busy.values(), default=0) <= 1
        assert held == self.valid

        queued = set(InboxEvent.objects.queued().values_list("zoho_id", flat=True))
        assert queued <= waiting.keys() | busy.keys()

    @invariant()
    def no_event_is_settled_twice(self):
        ends = {
            pk: (state, log)
            for pk, state, log in InboxEvent.objects.values_list("id", "state", "log_id")
            if state in DONE
        }
        assert self.ends.items() <= ends.items()
        self.ends = ends
        assert (SyncLog.objects.aggregate(sum=Sum("event_count"))["sum"] or 0) == len(ends)

    # --- how it ends ----------------------------------------------------------------------------

    def finish(self):
        """Time enough for everything: each record is at its newest version, nothing was lost, nothing counted twice."""
        for _ in range(20):
            self.now += timedelta(hours=1)
            dead_letters.retry(DeadLetter.objects.all(), at=self.now)
            worker.drain("last", self.clock())
            if not SyncQueueItem.objects.filter(status__in=[*WAITING, Status.PROCESSING]).exists():
                break
        self.valid.clear()
        self.no_event_is_settled_twice()

        assert InboxEvent.objects.exclude(state__in=DONE).count() == 0
        rates = {row.zoho_id: int(row.base_price) for row in Product.objects.all()}
        assert rates == +self.newest
        assert [check for check in audit() if not check.holds] == []

    # --- in between -----------------------------------------------------------------------------

    def deliver(self, zoho_id, version):
        receive_body(item(zoho_id, rate=version, last_modified_time=moment(version)), at=self.now)

    def clock(self):
        return worker.Clock(now=lambda: self.now, sleep=lambda _: None)

    def take_up(self, data, *, keep):
        position = data.draw(st.integers(0, len(self.held) - 1))
        return self.held[position] if keep else self.held.pop(position)

    def lay_down(self, claims):
        """The jobs among `claims` that are really held by these tokens; they are about to be settled."""
        own = [claim.id for claim in claims if self.valid.get(claim.id) == claim.token]
        for job_id in own:
            del self.valid[job_id]
        return own


@pytest.mark.django_db
def test_whatever_happens_in_whatever_order_nothing_is_lost_or_done_twice(settings):
    settings.TDS_LOCK_TIMEOUT_SECONDS = LEASE
    settings.TDS_RETRY_BASE_SECONDS = settings.TDS_RETRY_CAP_SECONDS = 30
    settings.TDS_MAX_RETRY_ATTEMPTS = 3
    stories = hypothesis_settings.default.max_examples // 2  # each is many steps against the database
    run_state_machine_as_test(Machine, settings=hypothesis_settings(max_examples=stories, stateful_step_count=STEPS))
