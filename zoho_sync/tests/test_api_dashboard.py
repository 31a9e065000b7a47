"""The dashboard, admin and monitoring endpoints: who may call them, what they tell, what they refuse and do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ

from tsh_erp.admin_site import paging
from tsh_erp.jobs.models import JobRun
from zoho_sync import healing
from zoho_sync.models import Alert, AlertRule, DeadLetter, InboxEvent, MetricSample, SyncLog, SyncQueueItem
from zoho_sync.tests.road import NOON, deliver, drain, item, jobs, receive_body, seconds, states
from zoho_sync.tests.seeding import alert, attempt, event, job, letter

pytestmark = pytest.mark.django_db
Status, State, Outcome = SyncQueueItem.Status, InboxEvent.State, SyncLog.Outcome
DASHBOARD = "/api/zoho/dashboard/"
LISTS = ("queue", "dead-letter", "logs", "metrics", "inbox", "alerts")
PAGES = ("health", "stats", *LISTS)
MONITORING = ("/api/tds/monitoring/health", "/api/tds/monitoring/scheduler/jobs")
HEALING = "/api/bff/tds/auto-healing/run"


@pytest.fixture(autouse=True)
def _nothing_kept() -> Any:
    cache.clear()
    yield
    cache.clear()


def staff(*rights: str, is_staff: bool = True) -> User:
    user = User.objects.create_user("operator", password="pass", is_staff=is_staff)
    for right in rights:
        user.user_permissions.add(Permission.objects.get(codename=right, content_type__app_label="zoho_sync"))
    return user


@pytest.fixture
def get(admin_client: Client) -> Any:
    """The JSON of a page, as a person with every right."""

    def _get(path: str, *, status: int = 200, language: str = "en") -> Any:
        answer = admin_client.get(
            path if path.startswith("/") else DASHBOARD + path, headers={"accept-language": language}
        )
        assert answer.status_code == status, answer.content
        return answer.json()

    return _get


@pytest.fixture
def post(admin_client: Client) -> Any:
    def _post(path: str, body: Any = None, *, status: int = 200) -> Any:
        answer = admin_client.post(
            path if path.startswith("/") else DASHBOARD + path,
            data={} if body is None else body,
            content_type="application/json",
            headers={"accept-language": "en"},
        )
        assert answer.status_code == status, answer.content
        return answer.json()

    return _post


def history() -> list[tuple[str, str]]:
    """The lines in the histories of rows: about which row, and what."""
    return list(LogEntry.objects.order_by("id").values_list("object_id", "change_message"))


# --- who may -------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*(DASHBOARD + page for page in PAGES), *MONITORING])
@pytest.mark.parametrize(
    ("rights", "is_staff", "status"),
    [
        (None, True, 401),
        ((), True, 403),
        (("run_sync", "manage_queue"), True, 403),
        (("view_dashboard",), False, 403),
        (("view_dashboard",), True, 200),
    ],
    ids=["a stranger", "no right", "other rights", "no staff", "with the right"],
)
def test_only_staff_who_may_see_the_dashboard_get_in(client, path, rights, is_staff, status):
    if rights is not None:
        client.force_login(staff(*rights, is_staff=is_staff))

    answer = client.get(path)

    assert answer.status_code == status
    assert answer["Content-Type"] == ("application/json" if status == 200 else "application/problem+json")


@pytest.mark.parametrize(
    ("path", "right"),
    [
        ("dashboard/alerts/1/acknowledge", "acknowledge_alert"),
        ("dashboard/dead-letter/1/retry", "retry_deadletter"),
        ("dashboard/dead-letter/1/discard", "discard_deadletter"),
    ],
)
def test_whoever_only_looks_changes_nothing(client, path, right):
    user = staff("view_dashboard")
    client.force_login(user)
    body = {"reason": "x"} if "discard" in path else {}
    assert client.post(f"/api/zoho/{path}", body, content_type="application/json").status_code == 403

    user.user_permissions.add(Permission.objects.get(codename=right))

    # Let in; there is only no such row.
    assert client.post(f"/api/zoho/{path}", body, content_type="application/json").status_code == 404


@pytest.mark.parametrize("path", ["/api/zoho/admin/queue/retry", "/api/zoho/admin/queue/clear", HEALING])
@pytest.mark.parametrize(
    ("rights", "status"), [(None, 401), (("view_dashboard", "run_sync"), 403), (("manage_queue",), 200)]
)
def test_the_queue_is_managed_by_those_who_may(client, path, rights, status):
    if rights is not None:
        client.force_login(staff(*rights))

    body = {"reason": "x"} if "clear" in path else {}
    assert client.post(path, body, content_type="application/json").status_code == status


def test_a_session_needs_the_csrf_token():
    client = Client(enforce_csrf_checks=True)
    client.force_login(staff("manage_queue"))

    assert client.post("/api/zoho/admin/queue/clear", {"reason": "x"}).status_code == 403


def test_a_health_script_shows_its_token(client, settings):
    settings.METRICS_TOKEN = "scrape"

    def ask(path: str, token: str) -> int:
        return client.get(path, headers={"authorization": f"Bearer {token}"}).status_code

    assert [ask(path, "scrape") for path in MONITORING] == [200, 200]
    assert [ask(MONITORING[0], token) for token in ("wrong", "", "scrape ", "scrap")] == [401, 401, 200, 401]
    assert ask(f"{DASHBOARD}health", "scrape") == 401
    assert client.post(HEALING, headers={"authorization": "Bearer scrape"}).status_code == 401


def test_without_a_configured_token_none_opens(client, settings):
    settings.METRICS_TOKEN = ""

    assert client.get(MONITORING[0], headers={"authorization": "Bearer "}).status_code == 401


# --- what is told --------------------------------------------------------------------------------


@pytest.mark.lesson("L20")
def test_monitoring_health_has_the_promised_shape(get):
    for status, count in ((Status.PENDING, 2), (Status.RETRY, 3), (Status.COMPLETED, 4), (Status.DISCARDED, 1)):
        for _ in range(count):
            job(status, at=timezone.now(), next_attempt_at=timezone.now() + timedelta(hours=1))
    attempt(Outcome.APPLIED, at=timezone.now() - seconds(1))
    alert()

    body = get(MONITORING[0])

    assert body["queue"] == {
        "pending": 2,
        "processing": 0,
        "completed": 4,
        "failed": 3,
        "dead_letter": 0,
        "discarded": 1,
        "total": 10,
    }
    assert {"status", "timestamp", "queue", "metrics", "thresholds"} <= body.keys()
    assert (body["metrics"]["success_rate"], body["metrics"]["active_alerts"]) == (1.0, 1)
    assert body["thresholds"]["job_age"] == {
        "warning": 300,
        "critical": 900,
        "unit": "seconds",
        "direction": "at_least",
        "enabled": True,
    }


def test_thresholds_are_those_of_the_alerts_as_staff_set_them(get):
    AlertRule.objects.update_or_create(code="job_age", defaults={"threshold": 60, "critical_threshold": 120})
    job(Status.PENDING, at=timezone.now() - seconds(90))

    body = get(MONITORING[0])

    assert (body["thresholds"]["job_age"]["warning"], body["thresholds"]["job_age"]["critical"]) == (60, 120)
    assert {"code": "job_age", "status": "degraded", "detail": "Jobs wait for too long."} in body["reasons"]


def test_health_names_its_reasons_the_worst_first(get, settings):
    settings.WEBHOOK_API_KEYS = ["k"]
    letter()

    body = get("health")

    assert body["status"] == "unhealthy"
    assert [one["code"] for one in body["reasons"]] == ["no_heartbeat", "scheduler", "dead_letter"]
    assert body["reasons"][0]["detail"] == "No queue worker shows a sign of life."


def test_all_is_well_while_workers_and_schedules_run(get, settings):
    from tsh_erp.jobs.models import Heartbeat

    settings.WEBHOOK_API_KEYS = ["k"]
    call_command("sync_schedules")
    Heartbeat.objects.create(cluster="tsh_erp", host="a", pid=1, beat_at=timezone.now())
    JobRun.objects.create(
        name="sweep", state="succeeded", started_at=timezone.now(), lease_ends_at=timezone.now(), worker="a:1"
    )
    job(Status.PENDING, at=timezone.now())

    body = get("health")

    assert (body["status"], body["reasons"]) == ("healthy", [])
    assert (body["workers_alive"], body["scheduler_running"]) == (1, True)


def test_stats_tell_every_number(get):
    for _ in range(3):
        receive_body(item("1"), at=timezone.now())
    drain(timezone.now())

    body = get("stats")

    assert body["queue"]["completed"] == body["queue"]["total"] == 1
    assert body["throughput"]["last_minute"]["succeeded"] == body["throughput"]["last_day"]["succeeded"] == 1
    assert (body["success_rate"], body["processing_ms"]["of"]) == (1.0, 1)
    assert [body["webhooks"][name] for name in ("deliveries", "events", "duplicates")] == [3, 1, 2]
    assert body["webhooks"]["paths"][0]["events"] == {"applied": 1}
    assert {one["entity"] for one in body["freshness"]} >= {"product", "invoice", "customer"}
    assert body["forecasts"] == {
        "queue_empty": None,
        "api_budget_ends": None,
        "webhooks_last_hour": None,
        "failures_last_hour": None,
    }
    assert body["disk"]["database_bytes"] > 0
    assert body["token"]["state"] == "not_configured"


def test_webhook_stats_are_the_same_numbers(get):
    for _ in range(2):
        receive_body(item("1"), at=timezone.now())

    body = get("/api/zoho/webhooks/stats")

    assert {name: body[name] for name in ("deliveries", "events", "duplicates")} == {
        "deliveries": 2,
        "events": 1,
        "duplicates": 1,
    }
    assert get("/api/tds/webhooks/stats")["paths"] == body["paths"] == get("stats")["webhooks"]["paths"]
    assert get("/api/zoho/webhooks/health")["last_received_at"] is not None


def test_jobs_of_the_scheduler_have_the_promised_shape(get):
    call_command("sync_schedules")
    JobRun.objects.create(
        name="sweep", state="failed", started_at=timezone.now(), lease_ends_at=timezone.now(), worker="a:1"
    )

    body = get(MONITORING[1])

    sweep = next(one for one in body["jobs"] if one["name"] == "sweep")
    assert body["count"] == len(body["jobs"]) > 8
    assert body["scheduler_running"] is True
    assert (sweep["trigger"], sweep["last_status"], sweep["has_failed"]) == ("every minute", "failed", True)
    assert sweep["next_run"]
    assert sweep["last_run"]
    assert isinstance(sweep["id"], int)


# --- lists ---------------------------------------------------------------------------------------


def test_rows_are_listed_newest_first_in_pages(get):
    made = [job(Status.COMPLETED) for _ in range(5)]

    first, second = get("queue?page_size=3"), get("queue?page_size=3&page=2")

    assert [one["id"] for one in first["results"]] == [one.pk for one in made[:1:-1]]
    assert [one["id"] for one in second["results"]] == [made[1].pk, made[0].pk]
    assert (first["count"], first["count_is_exact"], second["next"]) == (5, True, None)
    assert get("queue?page=9", status=404)["code"] == "not_found"


@pytest.mark.parametrize(("asked", "given"), [(200, 200), (500, 200), (0, 50)])
def test_a_page_has_at_most_200_rows(get, asked, given):
    SyncLog.objects.bulk_create(
        SyncLog(module="item", zoho_id=str(number), outcome="applied", started_at=NOON) for number in range(205)
    )

    assert len(get(f"logs?page_size={asked}")["results"]) == given


def test_nobody_counts_further_than_is_leafed_through(get, monkeypatch):
    monkeypatch.setattr(paging, "MOST", 3)
    for _ in range(5):
        job(Status.COMPLETED)

    body = get("queue?page_size=2")

    assert (body["count"], body["count_is_exact"]) == (3, False)


def test_jobs_are_filtered(get):
    early = job(Status.PENDING, at=NOON - timedelta(hours=2), zoho_id="1")
    late = job(Status.RETRY, at=NOON, zoho_id="2", module="contact")
    done = job(Status.COMPLETED, at=NOON - timedelta(hours=1), zoho_id="1")

    def found(query: str) -> list[int]:
        return [one["id"] for one in get(f"queue?{query}")["results"]]

    assert found("") == [done.pk, late.pk, early.pk]
    assert found("status=pending") == [early.pk]
    assert found("status=pending&status=retry") == [late.pk, early.pk]
    assert found("entity=customer") == found("entity=contact") == [late.pk]
    assert found("zoho_id=1") == [done.pk, early.pk]
    assert found("zoho_id=1&entity=product&status=completed") == [done.pk]
    assert found("since=2026-03-01T08:00:00Z") == [late.pk, done.pk]
    assert found("until=2026-03-01T08:00:00Z") == [early.pk]
    assert found("since=2026-03-01T10:30:00%2B03:00&until=2026-03-01T11:30:00%2B03:00") == [done.pk]


def test_the_other_lists_are_filtered_alike(get):
    attempt(Outcome.APPLIED, at=NOON)
    dead = attempt(Outcome.DEAD, at=NOON - timedelta(hours=1), zoho_id="7")
    event(State.APPLIED, "1", deliveries=3)
    broken = event(State.INVALID, "7", received_at=NOON - timedelta(hours=1), path="invoices")
    opened, closed = letter("1"), letter("7", state=DeadLetter.State.RESOLVED)
    warning, critical = alert("a"), alert("b", severity=Alert.Severity.CRITICAL, state=Alert.State.RESOLVED)

    def found(query: str) -> list[int]:
        return [one["id"] for one in get(query)["results"]]

    until = "until=2026-03-01T08:30:00Z"
    assert found("logs?status=dead") == found("logs?zoho_id=7") == found(f"logs?{until}") == [dead.pk]
    assert found("inbox?status=invalid") == found("inbox?path=invoices") == found(f"inbox?{until}") == [broken.pk]
    assert found(f"inbox?event_id={broken.uuid}") == [broken.pk]
    assert get("inbox?status=applied")["results"][0]["duplicates"] == 2
    assert found("dead-letter?status=open") == found(f"dead-letter?zoho_id=1&group={opened.group_id}") == [opened.pk]
    assert found("dead-letter") == [closed.pk, opened.pk]
    assert (
        found("alerts?severity=critical") == found("alerts?status=resolved") == found("alerts?code=b") == [critical.pk]
    )
    assert found("alerts?status=open&since=2026-03-01T09:00:00Z") == [warning.pk]
    assert found("logs?entity=invoice") == []


def test_samples_are_listed_by_resolution_name_and_time(get):
    for minute in range(3):
        MetricSample.objects.create(
            resolution="minute",
            at=NOON + timedelta(minutes=minute),
            taken_at=NOON,
            values={"queue.pending": minute, "api.calls": None},
        )
    MetricSample.objects.create(resolution="hour", at=NOON, taken_at=NOON, values={"queue.pending": 9})

    assert [one["values"]["queue.pending"] for one in get("metrics")["results"]] == [2, 1, 0]
    assert [one["values"] for one in get("metrics?resolution=hour")["results"]] == [{"queue.pending": 9}]
    named = get("metrics?name=api.calls&name=alerts.open&since=2026-03-01T09:02:00Z")["results"]
    assert named == [
        {
            "at": "2026-03-01T12:02:00+03:00",
            "resolution": "minute",
            "values": {"api.calls": None, "alerts.open": None},
        }
    ]


@pytest.mark.parametrize("page", LISTS)
@pytest.mark.parametrize("query", ["stauts=open", "since=yesterday", "page_size=3&rocket=1"])
def test_a_filter_that_means_nothing_is_refused_by_name(get, page, query):
    body = get(f"{page}?{query}", status=400)

    assert body["code"] == "invalid"
    assert body["errors"][0]["field"] in ("stauts", "since", "rocket")


@pytest.mark.parametrize(
    "query", ["queue?status=rocket", "queue?entity=rocket", "logs?status=completed", "metrics?name=rocket"]
)
def test_a_value_that_means_nothing_is_refused(get, query):
    assert get(query, status=400)["errors"][0]["code"] == "invalid_choice"


@pytest.mark.parametrize("path", [f"{DASHBOARD}health", f"{DASHBOARD}stats", *MONITORING])
def test_a_parameter_that_nobody_reads_is_refused(get, path):
    assert get(f"{path}?since=2026-01-01", status=400)["errors"][0]["code"] == "unknown_parameter"


@pytest.mark.parametrize("page", LISTS)
def test_a_list_costs_the_same_with_1_and_30_rows(get, page):
    def seed(number: int) -> None:
        job(Status.COMPLETED, zoho_id=str(number))
        attempt(zoho_id=str(number))
        event(State.APPLIED, str(number))
        letter(str(number))
        alert(str(number), acknowledged_by=User.objects.create_user(f"user {number}"))
        MetricSample.objects.create(resolution="minute", at=NOON + timedelta(minutes=number), taken_at=NOON)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            get(page)
        return len(captured)

    seed(0)
    queries()
    one = queries()
    for number in range(1, 30):
        seed(number)

    assert queries() == one


def test_no_list_shows_a_body_a_payload_or_a_traceback(get):
    event(body=b'{"secret": 1}', headers={"X": "y"})
    letter(payload={"secret": 1}, traceback="secret")
    job(last_traceback="secret")

    for page in LISTS:
        assert "secret" not in str(get(page))


# --- what is done --------------------------------------------------------------------------------


def test_an_alert_is_acknowledged_once(post, admin_user):
    opened = alert()

    body = post(f"alerts/{opened.pk}/acknowledge")

    assert (body["state"], body["acknowledged_by"]) == ("acknowledged", admin_user.username)
    assert history() == [(str(opened.pk), "acknowledge")]
    assert post(f"alerts/{opened.pk}/acknowledge", status=409)["errors"][0]["code"] == "acknowledged"


def test_a_dead_letter_is_retried_and_workers_are_called(post):
    deliver(item("1", rate="abc"))
    drain()
    dead = DeadLetter.objects.get()

    body = post(f"dead-letter/{dead.pk}/retry", status=202)

    assert (body["state"], states(), jobs()) == ("retried", ["queued"], ["dead_letter", "pending"])
    assert [one.func() for one in OrmQ.objects.all()][-1] == "zoho_sync.tasks.drain"
    assert history() == [(str(dead.pk), "retry")]
    assert post(f"dead-letter/{dead.pk}/retry", status=409)["code"] == "wrong_state"


def test_a_dead_letter_is_retried_with_a_fresh_record(post):
    dead = letter("5")

    post(f"dead-letter/{dead.pk}/retry", {"fetch": True}, status=202)

    assert SyncQueueItem.objects.get(zoho_id="5").needs_fetch


def test_a_dead_letter_is_discarded_for_a_reason(post, admin_user):
    deliver(item("1", rate="abc"))
    drain()
    dead = DeadLetter.objects.get()

    for wish in ({}, {"reason": " "}, {"reason": None}):
        assert post(f"dead-letter/{dead.pk}/discard", wish, status=400)["errors"][0]["field"] == "reason"
    body = post(f"dead-letter/{dead.pk}/discard", {"reason": "a test record"})

    dead.refresh_from_db()
    assert (body["state"], body["reason"], dead.closed_by) == ("discarded", "a test record", admin_user)
    assert states() == ["discarded"]
    assert history() == [(str(dead.pk), "discard: a test record")]
    assert post(f"dead-letter/{dead.pk}/discard", {"reason": "again"}, status=409)["code"] == "wrong_state"


@pytest.mark.parametrize("path", ["alerts/{}/acknowledge", "dead-letter/{}/retry", "dead-letter/{}/discard"])
@pytest.mark.parametrize("key", ["0", "99999999999999999999"])
def test_a_row_that_is_not_there_is_not_found(post, path, key):
    post(path.format(key), {"reason": "x"} if "discard" in path else {}, status=404)


RETRY, CLEAR = "/api/zoho/admin/queue/retry", "/api/zoho/admin/queue/clear"


def _later(**columns: Any) -> SyncQueueItem:
    return job(Status.RETRY, next_attempt_at=timezone.now() + timedelta(hours=1), attempts=4, **columns)


def test_jobs_are_retried_by_id(post):
    one, other, done = _later(), _later(), job(Status.COMPLETED)

    body = post(RETRY, {"ids": [one.pk, done.pk]})

    one.refresh_from_db()
    other.refresh_from_db()
    assert body == {"success": True, "message": "1 job is due now.", "count": 1, "left": 1}
    assert (one.attempts, one.next_attempt_at <= timezone.now(), other.attempts) == (0, True, 4)
    assert history() == [(str(one.pk), "retry_now")]


def test_jobs_are_retried_by_kind_of_record(post):
    product, customer = _later(), _later(module="contact")

    assert post(RETRY, {"entity": "customer"})["count"] == 1

    product.refresh_from_db()
    customer.refresh_from_db()
    assert (product.attempts, customer.attempts) == (4, 0)


def test_without_a_choice_all_due_jobs_are_retried(post):
    due, later = job(Status.RETRY, attempts=4), _later()

    assert post(RETRY)["count"] == 1

    due.refresh_from_db()
    later.refresh_from_db()
    assert (due.attempts, later.attempts) == (0, 4)
    assert [one.func() for one in OrmQ.objects.all()] == ["zoho_sync.tasks.drain"]


def test_clearing_needs_a_reason_and_deletes_nothing(post):
    deliver(item("1"))
    deliver(item("2"))
    held = job(Status.PROCESSING)

    assert post(CLEAR, {}, status=400)["errors"][0]["field"] == "reason"
    body = post(CLEAR, {"reason": "test data"})

    assert body == {"success": True, "message": "2 jobs were discarded.", "count": 2, "left": 0}
    assert states() == ["discarded", "discarded"]
    held.refresh_from_db()
    assert held.status == "processing"
    assert SyncQueueItem.objects.count() == 3
    assert {message for _, message in history()} == {"clear: test data"}
    assert len(history()) == 2


def test_clearing_may_be_narrowed(post):
    products, customers = job(), job(module="contact")

    assert post(CLEAR, {"reason": "x", "entity": "product"})["count"] == 1
    products.refresh_from_db()
    customers.refresh_from_db()
    assert (products.status, customers.status) == ("discarded", "pending")
    assert post(CLEAR, {"reason": "x", "ids": [customers.pk]})["count"] == 1


@pytest.mark.parametrize("path", [RETRY, CLEAR])
@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"ids": []}, "ids"),
        ({"ids": "1"}, "ids"),
        ({"ids": ["1"]}, "ids[0]"),
        ({"ids": [0]}, "ids[0]"),
        ({"ids": [2**70]}, "ids[0]"),
        ({"entity": "rocket"}, "entity"),
        ({"entities": ["product"]}, "entities"),
        ([], ""),
    ],
    ids=str,
)
def test_nonsense_is_refused_and_changes_nothing(post, path, wish, field):
    waiting = job()
    body = {**wish, "reason": "x"} if path == CLEAR and isinstance(wish, dict) else wish

    assert post(path, body, status=400)["errors"][0]["field"] == field

    waiting.refresh_from_db()
    assert waiting.status == "pending"
    assert history() == []


def test_healing_answers_what_it_found_and_did_and_a_second_time_nothing(post):
    event(State.QUEUED, "1", received_at=timezone.now() - timedelta(hours=2))

    first, second = post(HEALING), post(HEALING)

    assert first["recovered"] == 1
    assert {one["name"]: one["done"] for one in first["findings"]}["orphaned_events"] == 1
    assert (second["recovered"], second["retried"], second["raised"]) == (0, 0, 0)
    assert jobs() == ["pending"]
    assert healing.heal(at=timezone.now()).is_well


# --- what is written down ------------------------------------------------------------------------


def test_the_schema_describes_every_endpoint(client, capsys):
    schema = client.get("/api/schema/?format=json").json()

    wanted = {
        **{f"{DASHBOARD}{page}": ["get"] for page in PAGES},
        f"{DASHBOARD}alerts/{{alert}}/acknowledge": ["post"],
        f"{DASHBOARD}dead-letter/{{letter}}/retry": ["post"],
        f"{DASHBOARD}dead-letter/{{letter}}/discard": ["post"],
        RETRY: ["post"],
        CLEAR: ["post"],
        **{path: ["get"] for path in MONITORING},
        HEALING: ["post"],
    }
    found = {path: sorted(methods) for path, methods in schema["paths"].items() if path in wanted}
    assert found == wanted
    names = {one["name"] for one in schema["paths"][f"{DASHBOARD}queue"]["get"]["parameters"]}
    assert names == {"entity", "zoho_id", "since", "until", "status", "page", "page_size"}
    call_command("spectacular", "--validate", "--format", "openapi-json")
    assert "zoho_sync" not in "".join(line for line in capsys.readouterr().err.splitlines() if "api/" in line)


def test_errors_speak_the_callers_language(get):
    assert get("queue?status=rocket", status=400, language="ar")["title"] == "طلب غير صالح"
