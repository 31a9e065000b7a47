"""The limits towards Zoho: per minute, per day, at once; exact whoever calls."""

from __future__ import annotations

import subprocess
import threading
import time
import uuid
from bisect import bisect_left
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zoho_sandbox.limits import Limits
from zoho_sandbox.server import Sandbox
from zoho_sync.client import Client, Priority
from zoho_sync.client.configuration import read_configuration
from zoho_sync.client.limits import LEASE, AllBusy, Limiter
from zoho_sync.client.pace import Pace
from zoho_sync.client.usage import read_usage
from zoho_sync.entities import BY_MODULE
from zoho_sync.errors import LimitReached, QuotaSpent
from zoho_sync.models import ApiSlot, ApiUsage, ZohoConnection
from zoho_sync.tests.conftest import point_at

pytestmark = pytest.mark.django_db
USER = BY_MODULE["user"]
MORNING = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)  # nine o'clock in Baghdad
MIDNIGHT = datetime(2026, 3, 1, 21, 0, tzinfo=UTC)
ORGANISATION = "770000001"


class Clock:
    def __init__(self, now=MORNING):
        self.now = now

    def __call__(self):
        return self.now

    def move(self, seconds):
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock():
    return Clock()


def limiter(clock, priority=Priority.WEBHOOK):
    made = Limiter(ORGANISATION, priority, clock=clock)
    call(made)
    ApiUsage.objects.all().delete()
    ZohoConnection.objects.update(paced_until_us=0, calls_today=0)
    return made


def enter(limiter, *, most_wait=1.0):
    """As the client does: look again when the rows have been made."""
    try:
        return limiter.enter(most_wait=most_wait)
    except AllBusy as error:
        if error.retry_after:
            raise
        return limiter.enter(most_wait=most_wait)


def call(limiter, **options):
    permit = enter(limiter, **options)
    limiter.leave(permit)
    return permit


# --- the minute -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("per_minute", "burst", "at_most"), [(1, 1, 1), (2, 1, 2), (10, 1, 10), (50, 2, 47), (100, 4, 95), (1000, 4, 923)]
)
def test_the_pace_keeps_below_the_limit(per_minute, burst, at_most):
    pace = Pace.of(per_minute)

    in_a_minute = pace.burst - 1 + -(-60_000_000 // pace.interval_us)

    assert (pace.burst, in_a_minute) == (burst, at_most)
    assert at_most <= per_minute


def test_after_a_pause_four_may_call_at_once_and_then_one_every_interval(clock):
    urgent = limiter(clock)

    waits = [call(urgent, most_wait=20).wait for _ in range(7)]

    interval = Pace.of(100).interval_us / 1_000_000
    assert waits == pytest.approx([0, 0, 0, 0, interval, 2 * interval, 3 * interval], abs=1e-4)
    assert interval == pytest.approx(60 / 92, abs=1e-5)


def test_who_would_wait_too_long_is_told_how_long_and_spends_nothing(clock):
    urgent = limiter(clock)
    for _ in range(4):
        call(urgent, most_wait=0)

    with pytest.raises(LimitReached, match="our 100 requests a minute are used up for now") as caught:
        urgent.enter(most_wait=0.3)

    assert caught.value.retry_after == pytest.approx(60 / 92, abs=1e-3)
    assert (ApiUsage.objects.get().calls, ApiSlot.objects.filter(token__isnull=False).count()) == (4, 0)
    clock.move(caught.value.retry_after + 0.001)
    assert call(urgent).wait == 0


def test_a_clock_that_was_set_back_stops_everybody_for_a_minute_only(clock):
    urgent = limiter(clock)
    clock.move(3600)
    call(urgent)
    clock.move(-3600)

    with pytest.raises(LimitReached) as caught:
        urgent.enter(most_wait=5)

    assert caught.value.retry_after == 60
    clock.move(60)
    assert call(urgent, most_wait=0).wait == 0


@pytest.mark.parametrize(
    ("per_minute", "at_once", "ahead"), [(100, 5, 4), (100, 20, 4), (50, 20, 3), (30, 5, 2), (20, 5, 1)]
)
def test_long_work_never_keeps_a_webhook_from_its_turn(clock, settings, per_minute, at_once, ahead):
    settings.ZOHO_MAX_CONCURRENT, settings.ZOHO_REQUESTS_PER_MINUTE = at_once, per_minute
    urgent, full = limiter(clock), Limiter(ORGANISATION, Priority.FULL, clock=clock)
    interval = Pace.of(per_minute).interval_us / 1_000_000
    for _ in range(Pace.of(per_minute).burst - 1):
        call(full)

    waits = [enter(full, most_wait=80).wait for _ in range(ahead)]
    with pytest.raises(AllBusy):
        full.enter(most_wait=80)

    assert waits == pytest.approx([number * interval for number in range(ahead)], abs=1e-4)
    assert enter(urgent, most_wait=5).wait == pytest.approx(ahead * interval, abs=1e-4)


def test_long_work_that_finds_too_many_before_it_looks_again_when_its_turn_may_come(clock, settings):
    settings.ZOHO_MAX_CONCURRENT = 20
    limiter(clock)
    full, interval = Limiter(ORGANISATION, Priority.FULL, clock=clock), Pace.of(100).interval_us / 1_000_000
    for _ in range(7):
        enter(full, most_wait=80)

    with pytest.raises(AllBusy, match="our 100 requests a minute are used up for now") as caught:
        full.enter(most_wait=80)

    assert caught.value.retry_after == pytest.approx(4 * interval, abs=1e-4)
    assert caught.value.look_after == pytest.approx((interval, 2 * interval), abs=1e-4)
    clock.move(interval)
    assert full.enter(most_wait=80).wait == pytest.approx(3 * interval, abs=1e-4)


@given(
    per_minute=st.integers(5, 300),
    gaps=st.lists(st.one_of(st.just(0.0), st.floats(0, 2), st.floats(0, 90)), min_size=1, max_size=60),
    patience=st.sampled_from([0.0, 1.0, 20.0]),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_window_of_a_minute_ever_sees_more_than_the_limit(django_settings, per_minute, gaps, patience):
    django_settings.ZOHO_REQUESTS_PER_MINUTE = per_minute
    ZohoConnection.objects.update(paced_until_us=0)
    clock, sent = Clock(), []
    urgent = Limiter(ORGANISATION, Priority.WEBHOOK, clock=clock)
    for gap in gaps:
        clock.move(gap)
        for _ in range(4):
            try:
                sent.append(clock.now.timestamp() + call(urgent, most_wait=patience).wait)
            except LimitReached:
                break

    sent.sort()
    busiest = max((n + 1 - bisect_left(sent, end - 60 + 1e-3) for n, end in enumerate(sent)), default=0)
    assert busiest <= per_minute


@pytest.fixture
def django_settings(settings, db):
    settings.ZOHO_REQUESTS_PER_DAY = 10**9
    return settings


@pytest.mark.django_db(transaction=True)
def test_threads_in_a_hurry_do_not_exceed_the_pace(settings):
    settings.ZOHO_REQUESTS_PER_MINUTE = 1200
    times, barrier = [], threading.Barrier(4)
    call(Limiter(ORGANISATION, Priority.WEBHOOK), most_wait=1)

    def hurry():
        mine = Limiter(ORGANISATION, Priority.WEBHOOK)
        barrier.wait()
        ends = time.monotonic() + 1.5
        while time.monotonic() < ends:
            try:
                permit = mine.enter(most_wait=1)
            except AllBusy:
                continue
            admitted = time.monotonic() + permit.wait
            time.sleep(permit.wait)
            times.append(admitted)
            mine.leave(permit)
        connections.close_all()

    threads = [threading.Thread(target=hurry) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    span = max(times) - min(times)
    allowed = 1200 * 0.92 / 60
    assert 0.85 * allowed * span <= len(times) <= allowed * span + 5


# --- the day ----------------------------------------------------------------------------------------


def test_every_priority_stops_earlier_and_the_last_tenth_is_for_webhooks(clock, settings):
    settings.ZOHO_REQUESTS_PER_DAY, settings.ZOHO_REQUESTS_PER_MINUTE = 100, 10**6
    limiter(clock)
    made = {}

    for priority in reversed(Priority):
        mine = Limiter(ORGANISATION, priority, clock=clock)
        spent = None
        while spent is None:
            try:
                call(mine)
                made[priority.name] = made.get(priority.name, 0) + 1
            except QuotaSpent as error:
                spent = error
        assert spent.retry_after == (MIDNIGHT - MORNING).total_seconds()

    assert made == {"BACKFILL": 70, "FULL": 10, "STOCK": 5, "INCREMENTAL": 5, "WEBHOOK": 10}
    assert str(spent) == "100 of the day's 100 requests are used, and this (webhook) may use 100"
    usage = read_usage(ZohoConnection.objects.get(), at=clock.now)
    assert (usage.used, usage.limit) == (100, 100)
    assert [(one.priority.name, one.calls, one.refused, one.stops_at) for one in usage.by_priority] == [
        ("WEBHOOK", 10, 1, 100),
        ("INCREMENTAL", 5, 1, 90),
        ("STOCK", 5, 1, 85),
        ("FULL", 10, 1, 80),
        ("BACKFILL", 70, 1, 70),
    ]


def test_a_new_day_begins_at_local_midnight(clock, settings):
    settings.ZOHO_REQUESTS_PER_DAY, settings.ZOHO_REQUESTS_PER_MINUTE = 2, 10**6
    urgent = limiter(clock)
    call(urgent)
    call(urgent)
    clock.now = MIDNIGHT - timedelta(seconds=1)
    with pytest.raises(QuotaSpent):
        call(urgent)

    clock.now = MIDNIGHT
    call(urgent)

    assert {str(row.day): row.calls for row in ApiUsage.objects.all()} == {"2026-03-01": 2, "2026-03-02": 1}
    clock.now = MIDNIGHT - timedelta(seconds=1)  # another machine, whose clock is a moment behind
    call(urgent)
    assert (ZohoConnection.objects.get().calls_today, str(ZohoConnection.objects.get().calls_day)) == (2, "2026-03-02")


@given(
    calls=st.lists(st.sampled_from(list(Priority)), min_size=1, max_size=60),
    quota=st.integers(1, 30),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_priority_uses_more_than_its_share(django_settings, calls, quota):
    django_settings.ZOHO_REQUESTS_PER_DAY, django_settings.ZOHO_REQUESTS_PER_MINUTE = quota, 10**9
    ApiUsage.objects.all().delete()
    ZohoConnection.objects.update(paced_until_us=0, calls_today=0)
    used = 0
    for priority in calls:
        try:
            call(Limiter(ORGANISATION, priority, clock=Clock()))
        except QuotaSpent:
            assert used >= quota * {1: 100, 2: 90, 3: 85, 4: 80, 5: 70}[priority] // 100
        else:
            used += 1

    assert used <= quota
    assert sum(row.calls for row in ApiUsage.objects.all()) == used == ZohoConnection.objects.get().calls_today


def test_what_zoho_says_is_believed_when_it_is_less(settings):
    with Sandbox(limits=Limits(per_day=40)) as zoho:
        point_at(zoho, settings)
        urgent = Client(read_configuration(), patience=0)
        full = Client(read_configuration(), Priority.FULL, patience=0)
        for _ in range(5):
            full.fetch(USER, "me")
        row = ZohoConnection.objects.get()
        assert (row.zoho_limit, row.zoho_remaining) == (40, 35)

        with zoho.control.world.lock:  # another program uses up the same quota
            zoho.control.gate._today = 30
        full.fetch(USER, "me")
        full.fetch(USER, "me")
        with pytest.raises(QuotaSpent, match="Zoho says that 8 of the day's 40 requests are left, too few for this"):
            full.fetch(USER, "me")

        for _ in range(8):
            urgent.fetch(USER, "me")
        with pytest.raises(QuotaSpent, match="Zoho says that 0 of"):
            urgent.fetch(USER, "me")
        assert zoho.stats()["requests"]["limited"] == 0


def test_a_day_that_is_spent_is_over_for_all_until_zohos_reset(zoho):
    zoho.control.fault("daily_limit", times=1)
    urgent = Client(read_configuration(), patience=0)
    with pytest.raises(QuotaSpent):
        urgent.fetch(USER, "me")

    with pytest.raises(QuotaSpent, match="Zoho says that 0 of the day's 10000 requests are left") as caught:
        urgent.fetch(USER, "me")

    assert 34870 < caught.value.retry_after <= 34881
    assert zoho.calls("/users") == 1


def test_after_a_minutes_block_nobody_calls(zoho):
    zoho.control.fault("minute_limit_43", times=1)
    with pytest.raises(LimitReached):
        Client(read_configuration(), patience=0).fetch(USER, "me")

    for priority in Priority:
        with pytest.raises(LimitReached, match=r"a limit of Zoho's is reached \(code 43\)") as caught:
            Client(read_configuration(), priority, patience=0).fetch(USER, "me")

    assert 55 < caught.value.retry_after <= 60
    assert zoho.calls("/users") == 1
    usage = read_usage(ZohoConnection.objects.get(), at=timezone.now())
    assert (usage.blocked_reason, usage.by_priority[0].limited) == ("a limit of Zoho's is reached (code 43)", 1)


# --- at once ----------------------------------------------------------------------------------------


def test_there_are_as_many_slots_as_allowed_and_one_of_them_is_for_webhooks(clock, settings):
    settings.ZOHO_REQUESTS_PER_MINUTE = 10**6
    urgent, full = limiter(clock), Limiter(ORGANISATION, Priority.FULL, clock=clock)
    held = [enter(full) for _ in range(4)]

    with pytest.raises(AllBusy, match="4 requests are under way already"):
        full.enter(most_wait=0)
    held.append(enter(urgent))
    with pytest.raises(AllBusy, match="5 requests are under way already"):
        urgent.enter(most_wait=0)
    assert read_usage(ZohoConnection.objects.get(), at=clock.now).slots_used == 5

    full.leave(held[0])
    assert enter(full)


def test_a_caller_who_died_gives_his_slot_back_when_the_lease_ends(clock, settings):
    settings.ZOHO_REQUESTS_PER_MINUTE, settings.ZOHO_MAX_CONCURRENT = 10**6, 1
    urgent = limiter(clock)
    dead = enter(urgent)
    clock.move(LEASE.total_seconds() - 1)
    with pytest.raises(AllBusy):
        urgent.enter(most_wait=0)

    clock.move(1)
    alive = enter(urgent)

    urgent.leave(dead)  # it was not dead after all: it gives back nothing that is not its own
    with pytest.raises(AllBusy):
        urgent.enter(most_wait=0)
    urgent.leave(alive)
    assert enter(urgent)


def test_the_slot_of_a_process_that_is_gone_is_free_for_whoever_misses_it(clock, settings):
    settings.ZOHO_REQUESTS_PER_MINUTE, settings.ZOHO_MAX_CONCURRENT = 10**6, 2
    urgent = limiter(clock)
    alive, killed = enter(urgent), enter(urgent)
    with subprocess.Popen(["true"]) as process:
        process.wait()
    token = killed.token.bytes
    of_the_dead = uuid.UUID(bytes=token[:4] + process.pid.to_bytes(4, "big") + token[8:])
    ApiSlot.objects.filter(token=killed.token).update(token=of_the_dead)

    with pytest.raises(AllBusy, match="the slots of dead callers were given back") as caught:
        urgent.enter(most_wait=0)

    assert caught.value.retry_after == 0
    assert enter(urgent)
    assert set(ApiSlot.objects.values_list("token", flat=True)) >= {alive.token}
    with pytest.raises(AllBusy, match="2 requests are under way already"):
        urgent.enter(most_wait=0)


@pytest.mark.django_db(transaction=True)
def test_never_more_calls_at_once_than_allowed(settings):
    with Sandbox(limits=Limits(at_once=3)) as zoho:
        point_at(zoho, settings)
        settings.ZOHO_MAX_CONCURRENT = 3
        zoho.control.faults.slow_seconds = 0.02
        zoho.control.fault("slow")
        barrier = threading.Barrier(8)

        def pull():
            mine = Client(read_configuration(), patience=30)
            barrier.wait()
            for _ in range(5):
                mine.fetch(USER, "me")
            mine.close()
            connections.close_all()

        threads = [threading.Thread(target=pull) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        told = zoho.stats()["requests"]

    assert (told["total"], told["limited"], told["most_at_once"]) == (40, 0, 3)
    assert not ApiSlot.objects.filter(token__isnull=False).exists()


# --- the cost ---------------------------------------------------------------------------------------


def test_an_idle_limiter_costs_a_statement_before_the_call_and_one_after(zoho):
    reader = Client(read_configuration(), patience=0)
    reader.fetch(USER, "me")
    connection = connections["default"]

    with CaptureQueriesContext(
        connection,
    ) as queries:
        reader.fetch(USER, "me")

    statements = [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]
    assert len(statements) == (2 if connection.vendor == "postgresql" else 4)
    assert "RETURNING" in statements[0]
    reader.close()
