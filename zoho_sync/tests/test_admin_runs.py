"""The runs' admin pages: how far each is, what it could not bring in, and the buttons that start, stop and resume."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ

from tsh_erp.jobs import long
from zoho_sync.entities import ENTITIES
from zoho_sync.models import SyncRun, ZohoRecord

pytestmark = pytest.mark.django_db
LIST = "/admin/zoho_sync/syncrun/"
START = LIST + "start/"
Kind, Mode, Status = SyncRun.Kind, SyncRun.Mode, SyncRun.Status


def a_run(status: Status, **columns: Any) -> SyncRun:
    started = timezone.now() - timedelta(seconds=100)
    is_open = status in (Status.QUEUED, Status.RUNNING)
    return SyncRun.objects.create(
        **{
            "module": "item",
            "mode": Mode.FULL,
            "status": status,
            "started_at": started,
            "finished_at": None if is_open else timezone.now(),
            "beat_at": timezone.now(),
            "worker": "elsewhere:1",
            "token": uuid.uuid4() if status == Status.RUNNING else None,
            **columns,
        }
    )


def page_of(client: Any, run: SyncRun) -> str:
    answer = client.get(reverse("admin:zoho_sync_syncrun_change", args=[run.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def act(client: Any, run: SyncRun, action: str, *, confirmed: bool = True) -> Any:
    data = {"action": action, "_selected_action": run.pk, "select_across": "0", "index": "0"}
    return client.post(LIST, data | ({"confirmed": "yes"} if confirmed else {}))


def said(answer: Any) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]


def tools(page: str) -> list[str]:
    return re.findall(r'name="action" value="(\w+)"', page)


def wish(**fields: Any) -> dict[str, Any]:
    return {"what": "pull:item", "mode": "incremental", "batch_size": "100", "since_0": "", "since_1": "", **fields}


# --- progress ------------------------------------------------------------------------------------


def test_a_run_under_way_shows_how_far_it_is_and_keeps_itself_up_to_date(admin_client):
    run = a_run(Status.RUNNING, expected=1_000, seen=250)

    for page, refresh in ((page_of(admin_client, run), 5), (admin_client.get(LIST).content.decode(), 30)):
        assert re.search(r'<progress class="run-bar" max="100" value="25"', page)
        assert "25 %" in page
        assert re.search(rf'<noscript>\s*<meta http-equiv="refresh" content="{refresh}">\s*</noscript>', page)
        assert "data-live=" in page
        assert "admin_site/live.js" in page
    page = page_of(admin_client, run)
    assert re.search(r">250</bdi> of <bdi dir=\"ltr\">1,000</bdi>", page)
    assert ">2.5</bdi> per second" in page
    assert "5 minutes left" in page
    assert tools(page) == ["cancel"]


def test_a_run_of_unknown_length_shows_a_bar_without_a_number(admin_client):
    run = a_run(Status.RUNNING, seen=250)

    assert '<progress class="run-bar" aria-label="progress"></progress>' in page_of(admin_client, run)


def test_a_finished_run_is_still(admin_client):
    run = a_run(Status.COMPLETED, seen=10, expected=10)

    page = page_of(admin_client, run)

    assert "<progress" not in page
    assert "data-live" not in page
    assert "http-equiv" not in page
    assert tools(page) == []


def test_the_list_shows_a_run_whose_worker_died_as_failed(admin_client):
    a_run(Status.RUNNING, beat_at=timezone.now() - timedelta(hours=1))

    admin_client.get(LIST)

    assert SyncRun.objects.get().status == "failed"


def test_errors_lead_to_the_mirror_of_the_record(admin_client):
    ZohoRecord.objects.create(module="item", zoho_id="12", observed_at=timezone.now())
    run = a_run(
        Status.PARTIAL, failed=3, checkpoint={"errors": [{"zoho_id": "12", "error": "rate: '<b>' is no number"}]}
    )

    page = page_of(admin_client, run)

    assert '<a href="/zoho/records/item/12/">12</a>' in page
    assert "rate: &#x27;&lt;b&gt;&#x27; is no number" in page
    assert "and 2 more" in page
    assert tools(page) == ["resume"]


def test_runs_of_a_batch_lead_to_each_other(admin_client):
    batch = uuid.uuid4()
    run = a_run(Status.COMPLETED, batch=batch)
    a_run(Status.COMPLETED)

    assert f"{LIST}?batch={batch}" in page_of(admin_client, run)
    assert list(admin_client.get(LIST, {"batch": str(batch)}).context["cl"].result_list) == [run]


# --- stopping and resuming -----------------------------------------------------------------------


def test_a_run_is_cancelled_after_a_question(admin_client):
    run = a_run(Status.RUNNING)

    assert "Cancel these runs?" in act(admin_client, run, "cancel", confirmed=False).content.decode()
    run.refresh_from_db()
    assert run.cancel_requested_at is None

    assert said(act(admin_client, run, "cancel")) == ["1 run was asked to stop."]
    run.refresh_from_db()
    assert run.cancel_requested_at is not None
    assert LogEntry.objects.get().change_message == "cancel"


@pytest.mark.usefixtures("zoho")
def test_a_run_is_resumed(admin_client):
    run = a_run(Status.FAILED)

    assert said(act(admin_client, run, "resume")) == ["1 run goes on."]
    run.refresh_from_db()
    assert run.status == "queued"
    assert [one.task["args"] for one in OrmQ.objects.filter(key=long.CLUSTER)] == [(run.pk,)]


@pytest.mark.usefixtures("zoho")
def test_a_run_that_another_is_in_the_way_of_is_told(admin_client):
    old, newer = a_run(Status.FAILED), a_run(Status.RUNNING)

    answer = act(admin_client, old, "resume")

    assert f"{old} waits for {newer}, which is under way." in said(answer)
    assert "0 runs go on." in said(answer)
    assert SyncRun.objects.get(pk=old.pk).status == "failed"


def test_nothing_of_zohos_is_resumed_without_a_client(admin_client, settings):
    settings.ZOHO_CLIENT_ID = ""

    for kind, told in ((Kind.PULL, "No Zoho client is configured, so no run can be resumed."), (Kind.REMAP, "1 run")):
        assert told in said(act(admin_client, a_run(Status.FAILED, kind=kind), "resume"))[-1]


@pytest.mark.usefixtures("zoho")
def test_a_sweep_that_waits_for_a_word_is_confirmed(admin_client, admin_user):
    run = a_run(Status.PARTIAL, checkpoint={"listed": True, "sweep": {"missing": ["1"], "of": 2}})
    other = a_run(Status.PARTIAL, module="contact")

    assert tools(page_of(admin_client, run)) == ["confirm_sweep"]
    assert "None of the selected rows" in said(act(admin_client, other, "confirm_sweep", confirmed=False))[0]
    assert "Confirm the sweep" in act(admin_client, run, "confirm_sweep", confirmed=False).content.decode()

    assert said(act(admin_client, run, "confirm_sweep")) == ["1 sweep goes on."]
    run.refresh_from_db()
    assert (run.status, run.checkpoint["sweep"]["confirmed_by"]) == ("queued", "admin")


# --- starting ------------------------------------------------------------------------------------


@pytest.mark.usefixtures("zoho")
def test_a_sync_is_started_with_its_options(admin_client, admin_user):
    answer = admin_client.post(START, wish(mode="full", batch_size="50", active_only="on", images="on"))

    run = SyncRun.objects.get()
    assert answer["Location"] == reverse("admin:zoho_sync_syncrun_change", args=[run.pk])
    assert (run.kind, run.module, run.mode, run.trigger, run.user) == ("pull", "item", "full", "admin", admin_user)
    assert run.options == {"batch_size": 50, "active_only": True, "with_stock_only": False, "images": True}
    assert said(answer) == ["The sync was started."]
    assert LogEntry.objects.get().object_id == str(run.pk)


@pytest.mark.usefixtures("zoho")
def test_everything_is_started_and_shown_together(admin_client):
    answer = admin_client.post(START, wish(what="everything"))

    assert SyncRun.objects.count() == len(ENTITIES) + 1
    assert answer["Location"] == f"{LIST}?batch={SyncRun.objects.first().batch}"


@pytest.mark.usefixtures("zoho")
@pytest.mark.parametrize(
    ("what", "kind", "module", "mode"),
    [
        ("stock:item", "stock", "item", "incremental"),
        ("images:item", "images", "item", "full"),
        ("backfill:invoice", "backfill", "invoice", "full"),
        ("remap:contact", "remap", "contact", "full"),
    ],
)
def test_every_kind_of_run_is_started(admin_client, what, kind, module, mode):
    admin_client.post(START, wish(what=what))

    run = SyncRun.objects.get()
    assert (run.kind, run.module, run.mode) == (kind, module, mode)


@pytest.mark.usefixtures("zoho")
def test_a_sync_since_a_local_time(admin_client):
    admin_client.post(START, wish(mode="since", since_0="2026-03-01", since_1="08:00:00"))

    run = SyncRun.objects.get()
    assert (run.mode, run.since.isoformat()) == ("since", "2026-03-01T05:00:00+00:00")


@pytest.mark.usefixtures("zoho")
@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"what": "rocket"}, "Select a valid choice."),
        ({"batch_size": "9"}, "greater than or equal to 10"),
        ({"batch_size": "x"}, "Enter a whole number."),
        ({"mode": "since"}, "Say since when."),
        ({"mode": "full", "since_0": "2026-03-01", "since_1": "08:00"}, "Leave this empty"),
        ({"mode": "since", "since_0": "2999-03-01", "since_1": "08:00"}, "lies in the future"),
        ({"mode": "since", "since_0": "yesterday", "since_1": "08:00"}, "Enter a valid date."),
    ],
)
def test_a_nonsensical_wish_starts_nothing(admin_client, fields, words):
    answer = admin_client.post(START, wish(**fields))

    assert words in answer.content.decode()
    assert not SyncRun.objects.exists()


@pytest.mark.usefixtures("zoho")
def test_a_second_run_of_the_same_kind_is_refused_with_the_way_to_the_first(admin_client):
    first = a_run(Status.RUNNING)

    page = admin_client.post(START, wish()).content.decode()

    assert f'<a href="{LIST}{first.pk}/change/">' in page
    assert SyncRun.objects.count() == 1


def test_without_a_client_the_form_says_what_is_missing(admin_client, settings):
    settings.ZOHO_CLIENT_ID = ""

    assert "Missing settings: ZOHO_CLIENT_ID" in admin_client.post(START, wish()).content.decode()


def test_who_may_not_start_a_sync_sees_no_buttons(client):
    user = User.objects.create_user("reader", password="pass", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_syncrun"))
    client.force_login(user)
    run = a_run(Status.RUNNING)

    assert client.get(START).status_code == client.post(START, wish()).status_code == 403
    assert START not in client.get(LIST).content.decode()
    assert tools(page_of(client, run)) == []
    act(client, run, "cancel")
    run.refresh_from_db()
    assert run.cancel_requested_at is None


@pytest.mark.parametrize("language", ["ar", "en"])
def test_the_pages_obey_the_content_security_policy(admin_client, language):
    run = a_run(Status.RUNNING, expected=10, seen=5)

    for address in (LIST, START, reverse("admin:zoho_sync_syncrun_change", args=[run.pk])):
        page = admin_client.get(address, headers={"accept-language": language}).content.decode()
        assert f'lang="{language}"' in page
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script>", page)
