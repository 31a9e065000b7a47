"""The bulk endpoints: who may call them, what they refuse, what they start, and what they tell of a run."""

from __future__ import annotations

import base64
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ

from tsh_erp.jobs import long
from zoho_sync import dead_letters, runs, tasks
from zoho_sync.api import bulk
from zoho_sync.entities import ENTITIES
from zoho_sync.models import DeadLetter, SyncRun

NOBODYS_BATCH = "7b752e86-53bb-461c-9f1d-e0122979b86e"
pytestmark = pytest.mark.django_db
STARTS = ("products", "customers", "pricelists", "sync-all")
Kind, Mode, Status, Trigger = SyncRun.Kind, SyncRun.Mode, SyncRun.Status, SyncRun.Trigger


@pytest.fixture
def configured(settings: Any) -> None:
    """A client is configured; nobody answers there, and nobody asks."""
    for name in ("ZOHO_CLIENT_ID", "ZOHO_CLIENT_SECRET", "ZOHO_REFRESH_TOKEN", "ZOHO_ORGANIZATION_ID"):
        setattr(settings, name, "1")
    settings.ZOHO_ACCOUNTS_URL = settings.ZOHO_API_URL = "http://127.0.0.1:9"


def operator(name: str = "operator", *, may: str = "run_sync", is_staff: bool = True) -> User:
    user = User.objects.create_user(name, password="pass", is_staff=is_staff)
    if may:
        user.user_permissions.add(Permission.objects.get(codename=may, content_type__app_label="zoho_sync"))
    return user


@pytest.fixture
def call(client: Client) -> Any:
    """Call the API as an operator who is signed in to the admin."""
    client.force_login(operator())

    def _call(
        path: str = "products", body: Any = None, *, method: str = "post", language: str = "en", **how: Any
    ) -> Any:
        data = {} if method == "get" else {"data": b"" if body is None else body, "content_type": "application/json"}
        return getattr(client, method)(
            f"/api/zoho/bulk-sync/{path}", headers={"accept-language": language}, **data, **how
        )

    return _call


def ordered() -> list[tuple[str, tuple[Any, ...]]]:
    """What the cluster for long jobs was told to do."""
    return [(one.func(), one.task["args"]) for one in OrmQ.objects.filter(key=long.CLUSTER).order_by("id")]


def a_run(status: Status = Status.COMPLETED, *, module: str = "item", **columns: Any) -> SyncRun:
    started = timezone.now() - timedelta(seconds=100)
    finished = None if status in (Status.QUEUED, Status.RUNNING) else started + timedelta(seconds=50)
    working = {"beat_at": timezone.now(), "token": uuid.uuid4(), "worker": "elsewhere:1"}
    return SyncRun.objects.create(
        **{
            "kind": Kind.PULL,
            "module": module,
            "mode": Mode.FULL,
            "status": status,
            "started_at": started,
            "finished_at": finished,
            **(working if status == Status.RUNNING else {}),
            **columns,
        }
    )


def buried(zoho_id: str, message: str) -> DeadLetter:
    """A dead letter of an item, made now."""
    at = timezone.now()
    dead_letters.bury(
        module="item",
        zoho_id=zoho_id,
        events=(),
        error_class="MappingError",
        message=message,
        traceback="",
        payload={},
        at=at,
    )
    return DeadLetter.objects.get(zoho_id=zoho_id)


# --- starting ------------------------------------------------------------------------------------


@pytest.mark.lesson("L33")
@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(
    ("path", "module"), [("products", "item"), ("customers", "contact"), ("pricelists", "pricebook")]
)
def test_a_sync_is_ordered_and_answered_at_once(call, path, module):
    answer = call(path)

    run = SyncRun.objects.get()
    body = answer.json()
    assert answer.status_code == 202
    assert answer["Location"] == body["status_url"] == f"/api/zoho/bulk-sync/status/{run.pk}"
    assert body == {
        "success": True,
        "message": "The sync was started.",
        "status": "queued",
        "run_id": run.pk,
        "run_ids": [run.pk],
        "batch": None,
        "status_url": body["status_url"],
    }
    assert (run.kind, run.module, run.mode, run.trigger, run.user.username) == (
        "pull",
        module,
        "incremental",
        "api",
        "operator",
    )
    assert run.options == {"batch_size": 100, "active_only": False, "with_stock_only": False, "images": False}
    assert ordered() == [("zoho_sync.tasks.perform_run", (run.pk,))]


@pytest.mark.lesson("L24")
@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(
    ("body", "mode", "options"),
    [
        ({"incremental": True}, "incremental", {}),
        ({"incremental": False}, "full", {}),
        ({"incremental": False, "modified_since": None}, "full", {}),
        ({"modified_since": "2026-03-01T08:00:00+03:00"}, "since", {}),
        ({"incremental": True, "modified_since": "2026-03-01"}, "since", {}),
        ({"batch_size": 10}, "incremental", {"batch_size": 10}),
        ({"batch_size": 200}, "incremental", {"batch_size": 200}),
        ({"active_only": True}, "incremental", {"active_only": True}),
        ({"with_stock_only": True, "sync_images": True}, "incremental", {"with_stock_only": True, "images": True}),
    ],
)
def test_every_option_reaches_the_run(call, body, mode, options):
    assert call("products", body).status_code == 202

    run = SyncRun.objects.get()
    assert run.mode == mode
    assert (
        run.options
        == {
            "batch_size": 100,
            "active_only": False,
            "with_stock_only": False,
            "images": False,
        }
        | options
    )
    since = {"2026-03-01T08:00:00+03:00": "2026-03-01T05:00:00+00:00", "2026-03-01": "2026-02-28T21:00:00+00:00"}
    assert (run.since.isoformat() if run.since else None) == since.get(body.get("modified_since"))


@pytest.mark.usefixtures("configured")
def test_everything_is_one_run_for_each_kind_of_record_and_the_stock_at_the_end(call):
    body = call("sync-all", {"incremental": False, "batch_size": 50}).json()

    started = list(SyncRun.objects.order_by("pk"))
    assert [run.module for run in started] == [*(entity.module for entity in ENTITIES), "item"]
    assert {run.kind for run in started[:-1]} == {"pull"}
    assert (started[-1].kind, started[-1].mode) == ("stock", "full")
    assert {(run.mode, str(run.batch), run.status, run.options["batch_size"]) for run in started} == {
        ("full", body["batch"], "queued", 50)
    }
    assert body["run_ids"] == [run.pk for run in started]
    assert body["status_url"] == f"/api/zoho/bulk-sync/status/{body['batch']}"
    # One is worked on at a time, parents first: the others are called when it is done.
    assert ordered() == [("zoho_sync.tasks.perform_run", (started[0].pk,))]


@pytest.mark.usefixtures("configured")
def test_a_second_run_of_the_same_scope_is_refused_and_named(call):
    first = call("products").json()

    answer = call("products", {"incremental": False})

    body = answer.json()
    assert (answer.status_code, answer["Content-Type"]) == (409, "application/problem+json")
    assert answer["Location"] == first["status_url"]
    assert body["code"] == "already_running"
    assert body["errors"] == [{"field": "run", "code": "already_running", "detail": str(first["run_id"])}]
    assert f"Run {first['run_id']}" in body["detail"]
    assert SyncRun.objects.count() == len(ordered()) == 1
    assert call("customers").status_code == 202


@pytest.mark.usefixtures("configured")
def test_everything_is_refused_as_a_whole_while_a_part_of_it_is_under_way(call):
    first = call("pricelists").json()

    answer = call("sync-all")

    assert answer.status_code == 409
    assert answer.json()["errors"][0]["detail"] == str(first["run_id"])
    assert SyncRun.objects.count() == len(ordered()) == 1


# --- refusing ------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", STARTS)
def test_without_a_client_the_missing_settings_are_named(call, settings, path):
    settings.ZOHO_CLIENT_ID = "1000.X"
    settings.ZOHO_CLIENT_SECRET = settings.ZOHO_REFRESH_TOKEN = settings.ZOHO_ORGANIZATION_ID = ""

    answer = call(path)

    body = answer.json()
    missing = ["ZOHO_CLIENT_SECRET", "ZOHO_REFRESH_TOKEN", "ZOHO_ORGANIZATION_ID"]
    assert (answer.status_code, answer["Content-Type"]) == (503, "application/problem+json")
    assert body["code"] == "not_configured"
    assert body["detail"] == f"No Zoho client is configured. Missing settings: {', '.join(missing)}."
    assert [error["field"] for error in body["errors"]] == missing
    assert not SyncRun.objects.exists()


REFUSED: list[tuple[Any, str, str, str]] = [
    ({"batch_size": 9}, "batch_size", "out_of_range", "9 is not between 10 and 200."),
    ({"batch_size": 0}, "batch_size", "out_of_range", "0 is not between 10 and 200."),
    ({"batch_size": 201}, "batch_size", "out_of_range", "201 is not between 10 and 200."),
    ({"batch_size": -(10**30)}, "batch_size", "out_of_range", "is not between 10 and 200."),
    ({"batch_size": "50"}, "batch_size", "invalid", '"50" is not a whole number.'),
    ({"batch_size": 50.0}, "batch_size", "invalid", "50.0 is not a whole number."),
    ({"batch_size": True}, "batch_size", "invalid", "true is not a whole number."),
    ({"batch_size": None}, "batch_size", "invalid", "null is not a whole number."),
    ({"batch_size": [50]}, "batch_size", "invalid", "[50] is not a whole number."),
    ({"incremental": "true"}, "incremental", "invalid", '"true" is neither true nor false.'),
    ({"incremental": 1}, "incremental", "invalid", "1 is neither true nor false."),
    ({"active_only": None}, "active_only", "invalid", "null is neither true nor false."),
    ({"with_stock_only": {}}, "with_stock_only", "invalid", "{} is neither true nor false."),
    ({"sync_images": "no"}, "sync_images", "invalid", '"no" is neither true nor false.'),
    ({"modified_since": "yesterday"}, "modified_since", "invalid", '"yesterday" is not a date or time'),
    ({"modified_since": ""}, "modified_since", "invalid", '"" is not a date or time'),
    ({"modified_since": 1700000000}, "modified_since", "invalid", "1700000000 is not a date or time"),
    ({"modified_since": "2026-02-30"}, "modified_since", "invalid", '"2026-02-30" is not a date or time'),
    ({"modified_since": "0001-01-01T00:00"}, "modified_since", "out_of_range", "before the year 2000"),
    ({"modified_since": "0001-01-01T00:00+14:00"}, "modified_since", "out_of_range", "before the year 2000"),
    ({"modified_since": "9999-12-31T23:59:59-12:00"}, "modified_since", "out_of_range", "lies in the future"),
    ({"rocket": "x" * 1000}, "rocket", "unknown_field", 'There is no such field (its value is "xxx'),
    ({"batchSize": 50}, "batchSize", "unknown_field", "incremental, modified_since, batch_size, active_only"),
    ({"incremental": False, "modified_since": "2026-01-01"}, "incremental", "contradiction", "“incremental” is false"),
    ([], "", "invalid", "[] is not a JSON object."),
    ([{"batch_size": 50}], "", "invalid", "is not a JSON object."),
    ("full", "", "invalid", '"full" is not a JSON object.'),
]


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(("body", "field", "code", "words"), REFUSED, ids=lambda one: str(one)[:40])
def test_nonsense_is_refused_by_name_and_value(call, body, field, code, words):
    import json

    answer = call("products", json.dumps(body))

    [error] = answer.json()["errors"]
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert (error["field"], error["code"]) == (field, code)
    assert words in error["detail"]
    assert len(error["detail"]) < 250
    assert not SyncRun.objects.exists()
    assert ordered() == []


@pytest.mark.usefixtures("configured")
def test_all_mistakes_of_a_request_are_told_at_once(call):
    answer = call("sync-all", {"batch_size": 5, "rocket": 1, "active_only": "yes"})

    assert {error["field"] for error in answer.json()["errors"]} == {"batch_size", "rocket", "active_only"}


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(("body", "status"), [("{", 400), ("not json", 400), ("\ud800", 400)])
def test_a_body_that_is_no_json_is_refused(call, body, status):
    answer = call("products", body.encode("utf-8", "surrogatepass"))

    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert not SyncRun.objects.exists()


@pytest.mark.usefixtures("configured")
def test_a_form_is_refused(client):
    client.force_login(operator())

    assert client.post("/api/zoho/bulk-sync/products", {"incremental": "true"}).status_code == 415


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("path", ["customers", "pricelists"])
@pytest.mark.parametrize("name", ["with_stock_only", "sync_images"])
def test_what_makes_sense_for_products_only_is_refused_elsewhere(call, path, name):
    answer = call(path, {name: True})

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, name)
    assert call(path, {name: False}).status_code == 202


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(
    ("query", "field"), [("wait=maybe", "wait"), ("wiat=true", "wiat"), ("incremental=true", "incremental")]
)
def test_a_parameter_that_nobody_reads_is_refused(call, query, field):
    answer = call(f"products?{query}")

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)
    assert not SyncRun.objects.exists()


@pytest.mark.usefixtures("configured")
def test_refusals_speak_the_callers_language(call):
    answer = call("products", {"batch_size": 5}, language="ar")

    assert answer["Content-Language"] == "ar"
    assert answer.json()["title"] == "طلب غير صالح"


@pytest.mark.parametrize("path", [*STARTS, "status/1/cancel", "status/1/resume"])
@pytest.mark.parametrize(
    ("who", "status"),
    [(None, 401), ({"may": "view_dashboard"}, 403), ({"may": ""}, 403), ({"is_staff": False}, 403)],
    ids=["a stranger", "without the right", "with no right", "no staff"],
)
def test_only_staff_who_may_start_a_sync_get_in(client, path, who, status):
    if who:
        client.force_login(operator(**who))

    answer = client.post(f"/api/zoho/bulk-sync/{path}", {}, content_type="application/json")

    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert not SyncRun.objects.exists()


@pytest.mark.parametrize("path", ["status", "status/1", f"status/{NOBODYS_BATCH}"])
def test_strangers_see_no_runs(client, path):
    assert client.get(f"/api/zoho/bulk-sync/{path}").status_code == 401


@pytest.mark.usefixtures("configured")
def test_a_program_signs_in_with_name_and_password(client):
    operator()

    def post(password: str) -> Any:
        proof = base64.b64encode(f"operator:{password}".encode()).decode()
        return client.generic("POST", "/api/zoho/bulk-sync/products", headers={"authorization": f"Basic {proof}"})

    assert post("wrong").status_code == 401
    assert post("pass").status_code == 202


@pytest.mark.usefixtures("configured")
def test_a_session_needs_the_csrf_token():
    client = Client(enforce_csrf_checks=True)
    client.force_login(operator())

    assert client.post("/api/zoho/bulk-sync/products").status_code == 403


# --- watching ------------------------------------------------------------------------------------


def test_a_run_under_way_tells_how_far_it_is(call):
    run = a_run(Status.RUNNING, expected=1000, seen=250, created=200, unchanged=50, pages=2, calls=2)

    body = call(f"status/{run.pk}", method="get").json()

    assert (body["id"], body["entity"], body["status"], body["resumable"]) == (run.pk, "product", "running", False)
    assert body["counts"] == {
        "pages": 2,
        "seen": 250,
        "created": 200,
        "updated": 0,
        "unchanged": 50,
        "stale": 0,
        "skipped": 0,
        "retired": 0,
        "failed": 0,
        "calls": 2,
    }
    progress = body["progress"]
    assert (progress["done"], progress["expected"], progress["share"]) == (250, 1000, 0.25)
    assert 2.4 < progress["per_second"] <= 2.5
    assert 300 <= progress["seconds_left"] <= 315
    assert progress["ends_at"]
    assert body["errors"] == []


def test_a_run_that_failed_names_the_records_and_can_be_resumed(call):
    run = a_run(
        Status.FAILED,
        error="12: rate: 'abc' is not a number\nthe answer was cut off",
        checkpoint={"errors": [{"zoho_id": "15", "error": "waits for contact 7"}, {"zoho_id": "", "error": "x"}]},
    )
    letter, later = buried("12", "rate …"), buried("13", "name: empty")
    DeadLetter.objects.update(created_at=run.started_at + timedelta(seconds=1))
    buried("14", "after the run")

    body = call(f"status/{run.pk}", method="get").json()

    assert (body["status"], body["resumable"], body["error"]) == ("failed", True, "the answer was cut off")
    assert body["errors"] == [
        {"zoho_id": "12", "error": "rate: 'abc' is not a number", "dead_letter": letter.pk},
        {"zoho_id": "15", "error": "waits for contact 7", "dead_letter": None},
        {"zoho_id": "13", "error": "name: empty", "dead_letter": later.pk},
    ]
    assert body["duration_seconds"] == 50.0
    assert body["progress"]["seconds_left"] is None


def test_a_run_whose_worker_died_is_told_as_failed(call):
    run = a_run(Status.RUNNING, beat_at=timezone.now() - timedelta(hours=1))

    assert call(f"status/{run.pk}", method="get").json()["status"] == "failed"


@pytest.mark.parametrize("path", ["status/0", "status/99999999999999999999", f"status/{NOBODYS_BATCH}"])
@pytest.mark.parametrize("what", ["", "/cancel", "/resume"])
def test_a_run_that_is_not_there_is_not_found(call, path, what):
    assert call(path + what, method="post" if what else "get").status_code == 404


def test_runs_are_listed_newest_first_and_filtered(call):
    old, new = a_run(), a_run(Status.FAILED, module="contact")
    other = a_run(kind=Kind.REMAP, module="item", trigger=Trigger.SCHEDULE, batch=uuid.uuid4())

    def found(query: str = "") -> list[int]:
        answer = call(f"status?{query}", method="get")
        assert answer.status_code == 200, answer.content
        return [row["id"] for row in answer.json()["results"]]

    assert found() == [other.pk, new.pk, old.pk]
    assert found("page_size=2") == [other.pk, new.pk]
    assert found("page_size=2&page=2") == [old.pk]
    assert found("status=failed") == [new.pk]
    assert found("status=failed&status=completed&module=item&kind=pull") == [old.pk]
    assert found("trigger=schedule") == found(f"batch={other.batch}") == [other.pk]
    assert found("mode=incremental") == found("started_before=2020-01-01T00:00:00Z") == []


@pytest.mark.parametrize(
    ("query", "field"), [("status=rocket", "status"), ("stauts=failed", "stauts"), ("batch=1", "batch")]
)
def test_a_filter_that_means_nothing_is_refused(call, query, field):
    answer = call(f"status?{query}", method="get")

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)


def test_a_list_costs_the_same_at_1_and_30_runs(call):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert call("status", method="get").status_code == 200
        return len(captured)

    a_run()
    one = queries()
    for _ in range(29):
        a_run()

    assert queries() == one


@pytest.mark.usefixtures("configured")
def test_a_batch_is_told_in_one_answer(call):
    batch = call("sync-all").json()["batch"]
    first, second, *_ = SyncRun.objects.order_by("pk")
    SyncRun.objects.filter(pk=first.pk).update(status=Status.COMPLETED, finished_at=timezone.now(), created=3)
    SyncRun.objects.filter(pk=second.pk).update(
        status=Status.RUNNING, worker="elsewhere:1", beat_at=timezone.now(), seen=5, expected=10, created=5
    )

    body = call(f"status/{batch}", method="get").json()

    total = len(ENTITIES) + 1
    assert (body["status"], body["runs_done"], body["runs_total"]) == ("running", 1, total)
    assert body["share"] == round(1.5 / total, 4)
    assert body["counts"]["created"] == 8
    assert body["finished_at"] is None
    assert [run["id"] for run in body["runs"]] == list(SyncRun.objects.order_by("pk").values_list("pk", flat=True))


# --- stopping and going on -----------------------------------------------------------------------


@pytest.mark.usefixtures("configured")
def test_a_run_that_waits_is_cancelled_at_once_and_resumed(call):
    run_id = call("products").json()["run_id"]

    assert call(f"status/{run_id}/cancel").status_code == 202
    assert SyncRun.objects.get().status == "cancelled"
    again = call(f"status/{run_id}/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "wrong_state")

    resumed = call(f"status/{run_id}/resume")
    assert (resumed.status_code, resumed.json()["status"]) == (202, "queued")
    assert ordered()[-1] == ("zoho_sync.tasks.perform_run", (run_id,))
    assert call(f"status/{run_id}/resume").status_code == 409


def test_a_run_under_way_is_asked_to_stop(call):
    run = a_run(Status.RUNNING)

    assert call(f"status/{run.pk}/cancel").status_code == 202

    run.refresh_from_db()
    assert (run.status, run.cancel_requested_at is not None) == ("running", True)


@pytest.mark.usefixtures("configured")
def test_a_finished_run_is_neither_cancelled_nor_resumed(call):
    run = a_run()

    for what in ("cancel", "resume"):
        answer = call(f"status/{run.pk}/{what}")
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "completed")


@pytest.mark.usefixtures("configured")
def test_a_run_is_not_resumed_beside_a_newer_one(call):
    old = a_run(Status.FAILED)
    newer = call("products").json()["run_id"]

    answer = call(f"status/{old.pk}/resume")

    assert (answer.status_code, answer.json()["errors"][0]["detail"]) == (409, str(newer))
    old.refresh_from_db()
    assert old.status == "failed"


def test_nothing_is_resumed_without_a_client(call, settings):
    settings.ZOHO_CLIENT_ID = ""
    run = a_run(Status.FAILED)

    assert call(f"status/{run.pk}/resume").status_code == 503
    run.refresh_from_db()
    assert run.status == "failed"


@pytest.mark.usefixtures("configured")
def test_a_batch_is_cancelled_and_resumed_as_a_whole(call):
    batch = call("sync-all").json()["batch"]
    first = SyncRun.objects.order_by("pk").first()
    runs.finish(runs.take(first.pk), Status.COMPLETED)
    OrmQ.objects.all().delete()

    assert call(f"status/{batch}/cancel").status_code == 202
    assert set(SyncRun.objects.exclude(pk=first.pk).values_list("status", flat=True)) == {"cancelled"}
    assert call(f"status/{batch}/cancel").status_code == 409
    assert call(f"status/{batch}", method="get").json()["status"] == "cancelled"

    assert call(f"status/{batch}/resume").status_code == 202
    assert set(SyncRun.objects.exclude(pk=first.pk).values_list("status", flat=True)) == {"queued"}
    second = SyncRun.objects.order_by("pk")[1]
    assert ordered() == [("zoho_sync.tasks.perform_run", (second.pk,))]


# --- waiting -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("configured")
def test_whoever_waits_is_answered_202_after_the_bound(call, monkeypatch):
    monkeypatch.setattr(bulk, "WAIT_SECONDS", 0.01)
    cache.delete(bulk.WAITING)

    answer = call("products?wait=true")

    assert (answer.status_code, answer.json()["message"]) == (202, "The sync has not ended yet.")
    assert cache.get(bulk.WAITING) is None


@pytest.mark.usefixtures("configured")
def test_one_caller_waits_at_a_time(call):
    cache.set(bulk.WAITING, 1, timeout=5)
    try:
        assert call("products?wait=true").status_code == 202
    finally:
        cache.delete(bulk.WAITING)


# --- what is written down ------------------------------------------------------------------------


def test_the_schema_describes_every_endpoint(client, capsys):
    from django.core.management import call_command

    schema = client.get("/api/schema/?format=json").json()

    paths = {path: sorted(methods) for path, methods in schema["paths"].items() if "/bulk-sync/" in path}
    prefix = "/api/zoho/bulk-sync/"
    assert paths == {
        **{f"{prefix}{name}": ["post"] for name in STARTS},
        f"{prefix}status": ["get"],
        f"{prefix}status/{{run}}": ["get"],
        f"{prefix}status/{{run}}/cancel": ["post"],
        f"{prefix}status/{{run}}/resume": ["post"],
        f"{prefix}status/{{batch}}": ["get"],
        f"{prefix}status/{{batch}}/cancel": ["post"],
        f"{prefix}status/{{batch}}/resume": ["post"],
    }
    wish = schema["components"]["schemas"]["SyncRequest"]["properties"]
    assert list(wish) == [
        "incremental",
        "modified_since",
        "batch_size",
        "active_only",
        "with_stock_only",
        "sync_images",
    ]
    assert (wish["batch_size"]["minimum"], wish["batch_size"]["maximum"]) == (10, 200)
    call_command("spectacular", "--validate", "--format", "openapi-json")
    assert "api/" not in "".join(line for line in capsys.readouterr().err.splitlines() if "zoho_sync" in line)


def test_tasks_are_named_as_they_are():
    from django.utils.module_loading import import_string

    assert import_string(tasks.PERFORM_RUN) is tasks.perform_run
