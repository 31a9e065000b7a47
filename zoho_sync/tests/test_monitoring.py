"""Every number equals what is there, wherever it is read."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tsh_erp.jobs.models import Heartbeat
from zoho_sync import monitoring, overview
from zoho_sync.models import (
    Alert,
    ApiUsage,
    DeadLetter,
    ErrorGroup,
    InboxEvent,
    Priority,
    SyncLog,
    SyncQueueItem,
    SyncRun,
    ZohoConnection,
    ZohoRecord,
)
from zoho_sync.monitoring import DAY, HOUR, MINUTE, keeping
from zoho_sync.tests.road import NOON, deliver, drain, item, receive_body, seconds
from zoho_sync.tests.seeding import alert, attempt, event, job, letter

pytestmark = pytest.mark.django_db
Status, State, Outcome = SyncQueueItem.Status, InboxEvent.State, SyncLog.Outcome
SEEDED = {
    Status.PENDING: 3,
    Status.RETRY: 2,
    Status.PROCESSING: 1,
    Status.COMPLETED: 7,
    Status.DEAD_LETTER: 4,
    Status.DISCARDED: 5,
}


@pytest.fixture(autouse=True)
def _nothing_kept() -> Any:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def seeded() -> None:
    """So many jobs of each status; the older ones of a status come first."""
    for status, count in SEEDED.items():
        for number in range(count):
            job(status, at=NOON - timedelta(minutes=10 * (count - number)))


# --- what waits ----------------------------------------------------------------------------------


@pytest.mark.lesson("L20")
@pytest.mark.usefixtures("seeded")
def test_jobs_are_counted_by_every_status():
    depth = monitoring.queue_depth(at=NOON)

    assert depth.by_status == {str(status): count for status, count in SEEDED.items()}
    assert (depth.total, depth.waiting) == (22, 5)


@pytest.mark.usefixtures("seeded")
def test_the_age_of_the_oldest_stands_beside_every_open_state():
    depth = monitoring.queue_depth(at=NOON)

    assert depth.oldest == {
        "pending": NOON - timedelta(minutes=30),
        "retry": NOON - timedelta(minutes=20),
        "processing": NOON - timedelta(minutes=10),
    }
    assert depth.oldest_due_at == NOON - timedelta(minutes=30)
    assert depth.oldest_due_seconds(NOON) == 1800


def test_a_job_that_is_not_due_yet_is_not_late():
    job(Status.RETRY, at=NOON - HOUR, next_attempt_at=NOON + HOUR)

    depth = monitoring.queue_depth(at=NOON)

    assert (depth.oldest_due_at, depth.oldest_due_seconds(NOON)) == (None, 0)
    assert depth.oldest["retry"] == NOON - HOUR


def test_an_empty_queue_has_no_ages():
    depth = monitoring.queue_depth(at=NOON)

    assert set(depth.by_status.values()) == {0}
    assert (depth.total, depth.oldest_due_at, set(depth.oldest.values())) == (0, None, {None})


def test_open_dead_letters_and_alerts_are_counted():
    letter("1")
    letter("2", state=DeadLetter.State.RESOLVED)
    alert("a", severity=Alert.Severity.CRITICAL)
    alert("b", state=Alert.State.ACKNOWLEDGED)
    alert("c", state=Alert.State.RESOLVED)

    assert monitoring.open_dead_letters() == 1
    assert monitoring.open_alerts() == {"info": 0, "warning": 1, "critical": 1}


# --- many rows -----------------------------------------------------------------------------------


def test_what_rests_on_many_rows_is_kept_for_a_while(monkeypatch):
    monkeypatch.setattr(keeping, "MANY", 2)
    for _ in range(3):
        job(Status.COMPLETED)
    job(Status.PENDING)
    first = monitoring.queue_depth(at=NOON)

    job(Status.COMPLETED)
    job(Status.PENDING)
    later = monitoring.queue_depth(at=NOON + seconds(30))

    assert first.by_status["completed"] == later.by_status["completed"] == 3
    assert later.closed_counted_at == NOON
    assert (later.by_status["pending"], later.open_counted_at) == (2, NOON + seconds(30))
    assert later.total == 5


def test_the_sampler_counts_anew_what_was_kept(monkeypatch):
    monkeypatch.setattr(keeping, "MANY", 2)
    for _ in range(3):
        job(Status.COMPLETED)
    monitoring.queue_depth(at=NOON)
    job(Status.COMPLETED)

    monitoring.sample(at=NOON + seconds(60))

    assert monitoring.queue_depth(at=NOON + seconds(61)).by_status["completed"] == 4


def test_few_rows_are_counted_each_time():
    job(Status.COMPLETED)
    assert monitoring.queue_depth(at=NOON).by_status["completed"] == 1

    job(Status.COMPLETED)

    assert monitoring.queue_depth(at=NOON).by_status["completed"] == 2


# --- what was done -------------------------------------------------------------------------------


@pytest.mark.lesson("L20")
def test_attempts_are_counted_by_outcome_and_time():
    for outcome in Outcome:
        attempt(outcome, at=NOON - seconds(30))
    attempt(Outcome.APPLIED, at=NOON - timedelta(minutes=30))
    attempt(Outcome.DEAD, at=NOON - timedelta(hours=5))
    attempt(Outcome.APPLIED, at=NOON - timedelta(hours=25))

    minute, hour, day = (monitoring.attempts(within=length, at=NOON) for length in (MINUTE, HOUR, DAY))

    assert minute.by_outcome == {str(outcome): 1 for outcome in Outcome}
    assert (minute.good, minute.failed, minute.success_rate) == (3, 2, 0.6)
    assert (hour.good, hour.failed) == (4, 2)
    assert (day.good, day.failed, day.success_rate) == (4, 3, 4 / 7)
    assert hour.per_second == pytest.approx(4 / 3600)


def test_without_attempts_there_is_no_success_rate():
    attempt(Outcome.WAITING)

    assert monitoring.attempts(within=HOUR, at=NOON).success_rate is None


def test_processing_time_is_told_by_nearest_rank():
    for ms in range(1, 101):
        attempt(Outcome.APPLIED, duration_ms=ms)
    attempt(Outcome.RELEASED, duration_ms=10_000)
    attempt(Outcome.APPLIED, duration_ms=10_000, at=NOON - timedelta(hours=2))

    found = monitoring.processing_ms(within=HOUR, at=NOON)

    assert (found.p50, found.p95, found.of) == (50, 95, 100)


def test_lag_is_from_the_change_in_zoho_to_our_commit():
    for number, lag in enumerate((5, 10, 20), start=1):
        event(State.APPLIED, str(number), modified_at=NOON - seconds(lag), settled_at=NOON)
    event(State.APPLIED, "4", modified_at=NOON + seconds(3), settled_at=NOON)  # Zoho's clock is ahead
    event(State.APPLIED, "5", modified_at=None, settled_at=NOON)
    event(State.UNCHANGED, "6", modified_at=NOON - seconds(500), settled_at=NOON)

    found = monitoring.lag_seconds(within=HOUR, at=NOON)

    assert (found.p50, found.p95, found.of) == (5, 20, 4)


def test_nothing_measured_has_no_percentiles():
    assert monitoring.processing_ms(within=HOUR, at=NOON) == monitoring.Percentiles(None, None, 0)


# --- what came in --------------------------------------------------------------------------------


def test_webhooks_are_counted_by_path_and_outcome_and_repeats_apart():
    deliver(item("1"))
    for _ in range(2):
        receive_body(item("1"))
    deliver(item("2", rate="abc"))
    receive_body(b"rubbish")
    receive_body({"items": [item("3")["item"], item("4")["item"]]})
    drain()
    event(State.APPLIED, "9", received_at=NOON - timedelta(hours=25))

    products = next(one for one in monitoring.webhook_volume(within=DAY, at=NOON) if one.path == "products")

    assert (products.deliveries, products.events, products.duplicates) == (6, 4, 2)
    assert products.by_state == {"applied": 1, "dead": 1, "invalid": 1, "split": 1}
    assert products.last_received_at == NOON


# --- how new it is -------------------------------------------------------------------------------


def test_freshness_is_told_by_the_last_good_pull_and_the_newest_change():
    old = _run(SyncRun.Status.COMPLETED, hours=5)
    good = _run(SyncRun.Status.COMPLETED, hours=2)
    failed = _run(SyncRun.Status.FAILED, hours=1)
    _run(SyncRun.Status.COMPLETED, hours=1, module="contact")
    for number, hours in enumerate((3, 1)):
        ZohoRecord.objects.create(
            module="item", zoho_id=str(number), observed_at=NOON, modified_at=NOON - timedelta(hours=hours)
        )

    fresh = {one.module: one for one in monitoring.freshness()}

    assert (fresh["item"].brought_at, fresh["item"].last_run) == (good.started_at, failed)
    assert old.started_at < good.started_at
    assert fresh["item"].newest_change_at == NOON - HOUR
    assert fresh["item"].age_seconds(NOON) == 7200
    assert (fresh["invoice"].brought_at, fresh["invoice"].age_seconds(NOON)) == (None, None)


def test_the_mirror_is_counted_by_module_and_state():
    for number, state in enumerate(("present", "present", "gone")):
        ZohoRecord.objects.create(module="item", zoho_id=str(number), observed_at=NOON, state=state)

    states = {one.module: one.by_state for one in monitoring.module_states()}

    assert states["item"] == {"present": 2, "gone": 1}
    assert states["contact"] == {}


def _run(status: SyncRun.Status, *, hours: float, module: str = "item") -> SyncRun:
    started = NOON - timedelta(hours=hours)
    return SyncRun.objects.create(
        module=module, mode=SyncRun.Mode.INCREMENTAL, status=status, started_at=started, finished_at=started
    )


# --- Zoho ----------------------------------------------------------------------------------------


def test_the_budget_is_what_we_count_or_what_zoho_says(settings):
    _configure(settings)
    row = ZohoConnection.objects.create(organization_id="1", access_token_expires_at=NOON + HOUR)
    ApiUsage.objects.create(day=timezone.localdate(NOON), priority=Priority.FULL, calls=250)
    ours = monitoring.zoho_state(at=NOON)

    ZohoConnection.objects.filter(pk=row.pk).update(
        zoho_limit=1000, zoho_remaining=400, zoho_resets_at=NOON + HOUR, breaker_state="open"
    )
    theirs = monitoring.zoho_state(at=NOON)

    assert (ours.usage.used, ours.budget_used, ours.token.state) == (250, 0.25, "valid")
    assert (theirs.budget_used, theirs.usage.breaker) == (0.6, "open")


@pytest.mark.parametrize(
    ("columns", "state"),
    [
        ({}, "missing"),
        ({"access_token_expires_at": NOON - HOUR}, "expired"),
        ({"access_token_expires_at": NOON + HOUR}, "valid"),
        ({"refused_credentials": "abc", "access_token_expires_at": NOON + HOUR}, "refused"),
    ],
)
def test_the_token_is_told_as_it_is(settings, columns, state):
    _configure(settings)
    ZohoConnection.objects.create(organization_id="1", **columns)

    assert monitoring.zoho_state(at=NOON).token.state == state


def test_without_a_client_there_is_neither_token_nor_budget(settings):
    settings.ZOHO_ORGANIZATION_ID = settings.ZOHO_CLIENT_ID = ""

    found = monitoring.zoho_state(at=NOON)

    assert (found.token.state, found.usage, found.budget_used) == ("not_configured", None, None)


def _configure(settings: Any) -> None:
    for name in ("ZOHO_CLIENT_ID", "ZOHO_CLIENT_SECRET", "ZOHO_REFRESH_TOKEN", "ZOHO_ORGANIZATION_ID"):
        setattr(settings, name, "1")
    settings.ZOHO_REQUESTS_PER_DAY = 1000


# --- what it is done with ------------------------------------------------------------------------


def test_a_cluster_is_alive_while_it_beats():
    window = timedelta(seconds=django_settings.TDS_HEARTBEAT_SECONDS)
    for cluster, host, age in (("tsh_erp", "a", window / 2), ("tsh_erp", "b", window * 2), ("long", "a", window / 2)):
        Heartbeat.objects.create(cluster=cluster, host=host, pid=1, beat_at=NOON - age)

    found = monitoring.workers(at=NOON)

    assert [(one.cluster, one.host, one.is_alive) for one in found] == [
        ("long", "a", True),
        ("tsh_erp", "a", True),
        ("tsh_erp", "b", False),
    ]
    assert monitoring.workers_alive(found) == 1


def test_the_disk_of_the_database_is_measured():
    found = monitoring.disk()

    assert found.database_bytes > 100_000
    assert 0 < found.free_bytes <= found.total_bytes
    assert 0 <= found.used_share < 1


# --- all together --------------------------------------------------------------------------------


@pytest.mark.lesson("L31")
@pytest.mark.usefixtures("seeded")
def test_every_page_shows_the_same_numbers(admin_client, client, settings):
    settings.METRICS_TOKEN = "scrape"
    for outcome, count in ((Outcome.APPLIED, 9), (Outcome.DEAD, 1)):
        for _ in range(count):
            attempt(outcome, at=timezone.now() - seconds(5))
    letter("1")
    alert("a", severity=Alert.Severity.CRITICAL)

    def get(path: str) -> Any:
        answer = admin_client.get(path)
        assert answer.status_code == 200, answer.content
        return answer.json()

    stats, health = get("/api/zoho/dashboard/stats"), get("/api/zoho/dashboard/health")
    monitored = get("/api/tds/monitoring/health")
    out = io.StringIO()
    call_command("zoho_status", "--json", stdout=out)
    command = json.loads(out.getvalue())
    scraped = client.get("/metrics", headers={"authorization": "Bearer scrape"}).content.decode()

    queue = {
        "pending": 3,
        "processing": 1,
        "completed": 7,
        "failed": 2,
        "dead_letter": 4,
        "discarded": 5,
        "total": 22,
    }
    assert stats["queue"] == monitored["queue"] == command["queue"] == queue
    assert {name: health["queue"][name] for name in queue} == queue
    assert monitored["metrics"]["success_rate"] == stats["success_rate"] == command["success_rate"] == 0.9
    assert monitored["metrics"]["active_alerts"] == health["active_alerts"] == sum(stats["alerts"].values()) == 1
    assert stats["dead_letters_open"] == health["dead_letters_open"] == 1
    for line in (
        'tsh_queue_jobs{state="pending"} 3.0',
        'tsh_queue_jobs{state="retry"} 2.0',
        'tsh_queue_jobs{state="completed"} 7.0',
        'tsh_attempts_last_hour{outcome="applied"} 9.0',
        "tsh_success_rate 0.9",
        "tsh_dead_letters_open 1.0",
        'tsh_alerts_open{severity="critical"} 1.0',
    ):
        assert f"{line}\n" in scraped
    shown = admin_client.get("/api/zoho/dashboard/queue?status=retry").json()
    assert shown["count"] == queue["failed"]


def test_an_overview_costs_the_same_with_1_and_60_rows_of_everything():
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            seen = overview.look(at=NOON)
            overview.judge(seen, overview.thresholds())
            overview.look_ahead(seen)
            monitoring.freshness()
        return len(captured)

    def seed(number: int) -> None:
        for status in Status:
            job(status, at=NOON - HOUR, zoho_id=f"{status}{number}")
        attempt(Outcome.APPLIED)
        event(State.APPLIED, str(number))
        letter(str(number))

    seed(0)
    _run(SyncRun.Status.COMPLETED, hours=1)
    one = queries()
    for number in range(1, 60):
        seed(number)
        _run(SyncRun.Status.COMPLETED, hours=1)

    assert queries() == one
    assert ErrorGroup.objects.count() == 1
