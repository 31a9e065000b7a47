"""Retention forgets what is old and over, in small steps, and never what is open or still named by something."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.models import PriceChange, PriceList, Product
from tsh_erp.events.delivering import dispatch
from tsh_erp.events.models import FailedDelivery, StoredEvent
from tsh_erp.jobs.models import JobRun
from zoho_sync import dead_letters, retention, tasks
from zoho_sync.audit import audit
from zoho_sync.models import (
    Alert,
    ApiUsage,
    DeadLetter,
    InboxEvent,
    MetricSample,
    SyncCursor,
    SyncLog,
    SyncQueueItem,
    SyncRun,
)
from zoho_sync.retention import prune
from zoho_sync.tests.road import contact, deliver, drain, invoice, item, moment, states

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _retention(settings):
    settings.TDS_INBOX_RETENTION_DAYS, settings.TDS_LOG_RETENTION_DAYS = 30, 90
    settings.TDS_METRIC_RETENTION_DAYS = 30


@pytest.fixture
def now():
    return timezone.now()


def some(pruned: dict[str, int]) -> dict[str, int]:
    return {table: count for table, count in pruned.items() if count}


def age(days: float) -> None:
    """As if everything in the house had happened so much earlier."""
    dispatch()
    back = timedelta(days=days)
    columns = {
        InboxEvent: ("received_at", "settled_at"),
        SyncLog: ("started_at",),
        SyncQueueItem: ("created_at", "finished_at", "next_attempt_at"),
        DeadLetter: ("created_at", "updated_at", "closed_at"),
        StoredEvent: ("occurred_at", "dispatched_at"),
        Alert: ("first_seen_at", "last_seen_at", "resolved_at"),
    }
    for model, names in columns.items():
        for row in model.objects.all():
            moved = {name: getattr(row, name) - back for name in names if getattr(row, name)}
            model.objects.filter(pk=row.pk).update(**moved)


def broken() -> list[str]:
    return [check.name for check in audit(at=timezone.now()) if not check.holds]


def test_what_is_young_stays(now):
    deliver(item("1"), at=now)
    drain(now)
    age(29.9)

    assert some(prune(at=now)) == {}


def test_settled_events_go_and_their_log_stays_longer(now):
    deliver(item("1"), at=now)
    drain(now)
    age(30.1)

    assert some(prune(at=now)) == {"inbox": 1}
    assert (SyncLog.objects.count(), SyncQueueItem.objects.count()) == (1, 1)
    assert broken() == []


def test_jobs_logs_and_domain_events_go_when_the_log_does(now):
    deliver(item("1"), at=now)
    drain(now)
    events = StoredEvent.objects.count()
    age(90.1)

    assert some(prune(at=now)) == {"inbox": 1, "log": 1, "queue": 1, "domain_events": events}
    assert broken() == []


def test_what_waits_for_a_worker_or_for_a_person_stays(now):
    deliver(item("1", rate="cheap"), at=now)
    drain(now)
    deliver(item("2"), at=now)
    deliver(b"nonsense", at=now)
    age(400)

    assert some(prune(at=now)) == {}
    assert states() == ["dead", "queued", "invalid"]


def test_the_events_of_a_record_under_an_unresolved_dead_letter_stay(now):
    deliver(item("1", rate=5), at=now)
    drain(now)
    deliver(item("1", rate="cheap"), at=now)
    drain(now)
    age(31)

    assert some(prune(at=now)) == {}
    assert states() == ["applied", "dead"]


def test_a_closed_dead_letter_keeps_its_event_until_it_goes_itself(now, admin_user):
    deliver(item("1", rate="cheap"), at=now)
    drain(now)
    dead_letters.discard(DeadLetter.objects.all(), reason="a test", by=admin_user, at=now)
    age(40)
    assert some(prune(at=now)) == {}

    age(60)
    assert some(prune(at=now)) == {"dead_letters": 1, "inbox": 1, "log": 1, "queue": 1}


def test_an_event_goes_with_or_before_the_one_that_overtook_it(now):
    deliver(item("1", rate=1, last_modified_time=moment(1)), at=now)
    deliver(item("1", rate=2, last_modified_time=moment(2)), at=now)
    drain(now)
    InboxEvent.objects.filter(state="applied").update(received_at=now - 31 * DAY, settled_at=now - 31 * DAY)
    assert some(prune(at=now)) == {}, "the one that it overtook is young"

    age(31)
    assert some(prune(at=now)) == {"inbox": 2}


def test_a_delivery_of_several_records_goes_after_the_last_of_them(now):
    deliver({"items": [{"item_id": "5", "name": "A"}, {"item_id": "6", "name": "B"}]}, at=now)
    drain(now)
    age(31)
    InboxEvent.objects.filter(zoho_id="6").update(state="dead")
    DeadLetter.objects.create(
        module="item",
        zoho_id="6",
        error_class="E",
        message="m",
        group=dead_letters.ErrorGroup.objects.create(
            fingerprint="f", module="item", error_class="E", sample="m", first_seen_at=now, last_seen_at=now
        ),
    )
    assert some(prune(at=now)) == {"inbox": 1}
    assert states() == ["split", "dead"]

    DeadLetter.objects.all().delete()
    InboxEvent.objects.filter(zoho_id="6").update(state="discarded")
    assert some(prune(at=now)) == {"inbox": 2}


def test_a_log_entry_is_kept_as_long_as_an_event_names_it(now, settings):
    settings.TDS_LOG_RETENTION_DAYS = 10
    deliver(item("1"), at=now)
    drain(now)
    age(20)

    assert {"log", "queue", "inbox"} & some(prune(at=now)).keys() == set()
    age(11)
    assert {"log", "queue", "inbox"} <= some(prune(at=now)).keys()


def test_a_domain_event_that_somebody_could_not_take_stays(now):
    old = now - 91 * DAY
    kept = StoredEvent.objects.create(type="a", aggregate="a:1", occurred_at=old, dispatched_at=old)
    FailedDelivery.objects.create(event=kept, subscriber="tests.x", error="it", failed_at=old)
    StoredEvent.objects.create(type="a", aggregate="a:2", occurred_at=old, dispatched_at=old)
    StoredEvent.objects.create(type="a", aggregate="a:3", occurred_at=old)

    assert some(prune(at=now)) == {"domain_events": 1}
    assert list(StoredEvent.objects.order_by("id").values_list("aggregate", flat=True)) == ["a:1", "a:3"]


def a_run(finished: Any, **columns: Any) -> SyncRun:
    values = {"module": "item", "mode": "full", "status": "completed", "started_at": finished, "finished_at": finished}
    return SyncRun.objects.create(**{**values, **columns})


def test_of_runs_the_last_of_each_kind_and_those_that_set_a_cursor_stay(now):
    old = now - 91 * DAY
    gone, cursors, last = a_run(old), a_run(old), a_run(old)
    other = a_run(old, kind="stock")
    SyncCursor.objects.create(module="item", run=cursors)

    assert some(prune(at=now)) == {"runs": 1}
    assert set(SyncRun.objects.all()) == {cursors, last, other}
    assert not SyncRun.objects.filter(pk=gone.pk).exists()


def test_alerts_usage_samples_and_runs_of_jobs_go_when_they_are_old(now):
    for days in (89, 91):
        at = now - days * DAY
        for state in ("open", "resolved"):
            Alert.objects.create(
                fingerprint=str(uuid.uuid4()),
                code="c",
                title="t",
                state=state,
                first_seen_at=at,
                last_seen_at=at,
                resolved_at=at if state == "resolved" else None,
            )
        ApiUsage.objects.create(day=at.date(), priority=1)
    for days in (31, 29):
        at = now - days * DAY
        MetricSample.objects.create(resolution="minute", at=at, taken_at=at)
        MetricSample.objects.create(resolution="hour", at=at, taken_at=at)
        JobRun.objects.create(name="sweep", state="succeeded", started_at=at, lease_ends_at=at, worker="x:1")

    assert some(prune(at=now)) == {"alerts": 1, "api_usage": 1, "metrics": 2, "job_runs": 1}
    assert Alert.objects.filter(state="open").count() == 2


def test_changes_of_prices_are_kept_for_a_year(now):
    product = Product.objects.create(zoho_id="1", name="A")
    prices = PriceList.objects.create(zoho_id="5", name="Retail")
    for days in (364, 366):
        PriceChange.objects.create(
            product=product,
            price_list=prices,
            old_price=1,
            old_currency="IQD",
            new_price=2,
            new_currency="IQD",
            at=now - days * DAY,
        )

    assert some(prune(at=now)) == {"price_and_stock_history": 1}


def test_what_was_pruned_leaves_the_audit_in_balance_over_what_is_kept(now):
    deliver(item("1"), at=now)
    deliver(contact("7"), at=now)
    deliver(invoice("9"), at=now)
    drain(now)
    age(31)
    deliver(item("1", name="New"), at=now)
    deliver(item("1", name="New"), at=now)
    drain(now)
    dispatch()

    prune(at=now)

    assert [check.broken for check in audit(deliveries=2, since=now - DAY, at=now) if not check.holds] == []


def test_a_second_night_finds_nothing_more(now):
    for number in range(5):
        deliver(item(str(number)), at=now)
    drain(now)
    age(100)
    prune(at=now)

    assert some(prune(at=now)) == {}
    assert tasks.prune() == "nothing"


# --- small steps ----------------------------------------------------------------------------------


def test_rows_go_a_window_at_a_time_whatever_lies_between_them(now, monkeypatch):
    monkeypatch.setattr(retention, "WINDOW", 3)
    for number in range(10):
        deliver(item(str(number), rate="cheap" if number in (0, 1, 2, 6) else 1), at=now)
    drain(now)
    age(31)

    with CaptureQueriesContext(connection) as queries:
        assert some(prune(at=now)) == {"inbox": 6}

    deletions = [query["sql"] for query in queries if query["sql"].startswith('DELETE FROM "zoho_sync_inboxevent"')]
    assert len(deletions) == 6, "four windows, and two over what was left"


def test_a_pass_ends_when_its_time_is_up_and_the_next_goes_on(now, monkeypatch):
    monkeypatch.setattr(retention, "WINDOW", 2)
    for number in range(6):
        deliver(item(str(number)), at=now)
    drain(now)
    age(31)
    looks = iter(range(100))

    assert some(prune(at=now, most_seconds=5, clock=lambda: float(next(looks)))) == {"inbox": 2}
    assert some(prune(at=now)) == {"inbox": 4}


@pytest.mark.django_db(transaction=True)
def test_a_table_that_cannot_be_pruned_keeps_no_other_from_its_turn(now):
    deliver(item("1"), at=now)
    drain(now)
    age(91)
    with connection.schema_editor() as editor:
        editor.alter_db_table(MetricSample, MetricSample._meta.db_table, "away")
    try:
        pruned = some(prune(at=now))
    finally:
        with connection.schema_editor() as editor:
            editor.alter_db_table(MetricSample, "away", MetricSample._meta.db_table)

    assert {"inbox", "log", "queue"} <= pruned.keys()
    assert "metrics" not in pruned


# --- on PostgreSQL, with many rows ----------------------------------------------------------------


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has no statistics of its own accord")
@pytest.mark.parametrize("table", ["zoho_sync_inboxevent", "zoho_sync_synclog", "zoho_sync_syncqueueitem"])
def test_a_window_is_found_by_its_keys_and_what_names_a_row_by_its_index(now, table):
    fill(6_000, old=now - 100 * DAY)

    with CaptureQueriesContext(connection) as queries:
        prune(at=now)

    deletions = [query["sql"] for query in queries if query["sql"].startswith(f'DELETE FROM "{table}"')]
    assert len(deletions) >= 6
    fill(6_000, old=now - 100 * DAY)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT min(id) FROM {table}")
        first = cursor.fetchone()[0]
        statement = rewritten(deletions[0], table, first)
        cursor.execute("EXPLAIN " + statement)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    entered = [line for line in plan.splitlines() if "Index Cond:" in line]
    window = (f"(id >= {first})", f"(id <= {first + retention.WINDOW - 1})")
    assert any(all(end in line for end in window) for line in entered), plan
    assert f"Seq Scan on {table} " not in plan, plan


def rewritten(statement: str, table: str, first: int) -> str:
    """The same statement for the first window of what is there now."""
    key = re.escape(f'"{table}"."id"')
    statement = re.sub(rf"{key} >= \d+", f'"{table}"."id" >= {first}', statement)
    return re.sub(rf"{key} <= \d+", f'"{table}"."id" <= {first + retention.WINDOW - 1}', statement)


def fill(count: int, *, old: Any) -> None:
    """Jobs, log entries and events of as many records, all over."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO zoho_sync_syncqueueitem (module, zoho_id, status, priority, attempts, deaths, needs_fetch,
                next_attempt_at, waits_for_module, waits_for_id, locked_by, last_error, last_traceback,
                created_at, updated_at, finished_at)
            SELECT 'item', number, 'completed', 5, 1, 0, false, %(old)s, '', '', '', '', '', %(old)s, %(old)s, %(old)s
            FROM generate_series(1, %(count)s) AS number
            """,
            {"old": old, "count": count},
        )
        cursor.execute(
            """
            INSERT INTO zoho_sync_synclog (job_id, module, zoho_id, outcome, attempt, event_count, started_at,
                duration_ms, error_class, message, worker)
            SELECT id, module, zoho_id, 'applied', 1, 1, %(old)s, 1, '', '', '' FROM zoho_sync_syncqueueitem
            """,
            {"old": old},
        )
        cursor.execute(
            """
            INSERT INTO zoho_sync_inboxevent (uuid, received_at, path, module, zoho_id, operation, state, reason, body,
                body_sha256, content_type, headers, query, proof, request_id, deliveries, settled_at, log_id)
            SELECT gen_random_uuid(), %(old)s, 'products', module, zoho_id, 'upsert', 'applied', '', '', '', '', '{}',
                '{}', 'api_key', '', 1, %(old)s, id
            FROM zoho_sync_synclog
            """,
            {"old": old},
        )
        cursor.execute("ANALYZE zoho_sync_inboxevent, zoho_sync_synclog, zoho_sync_syncqueueitem")
