"""A cursor can be set back to a time, so that the next incremental pull reads that time again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.contrib.messages import get_messages
from django.core.management import CommandError, call_command
from django.utils import timezone

from zoho_sync import bulk, runs
from zoho_sync.models import SyncCursor, SyncRun
from zoho_sync.tests.road import NOON

pytestmark = pytest.mark.django_db

LIST = "/admin/zoho_sync/synccursor/"
EARLIER = NOON - timedelta(days=3)


@pytest.fixture
def cursors():
    run = SyncRun.objects.create(module="item", mode="incremental", status="completed", started_at=NOON)
    SyncCursor.objects.create(module="item", modified_until=NOON, run=run)
    SyncCursor.objects.create(module="contact", modified_until=EARLIER - timedelta(days=1))
    SyncCursor.objects.create(module="invoice")


def until():
    return dict(SyncCursor.objects.values_list("module", "modified_until"))


@pytest.mark.usefixtures("cursors")
def test_a_cursor_goes_back_and_never_forwards():
    rewound = bulk.rewind(["item", "contact", "invoice", "bill"], to=EARLIER)

    assert [(one.module, one.before) for one in rewound] == [("item", NOON)]
    assert until() == {"item": EARLIER, "contact": EARLIER - timedelta(days=1), "invoice": None}
    assert SyncCursor.objects.get(module="item").run is None


@pytest.mark.usefixtures("cursors")
def test_nothing_is_rewound_while_a_pull_is_open():
    opened = runs.open_run(SyncRun.Kind.PULL, "item", mode=SyncRun.Mode.INCREMENTAL, trigger=SyncRun.Trigger.COMMAND)

    with pytest.raises(runs.AlreadyRunning) as refused:
        bulk.rewind(["item"], to=EARLIER)

    assert refused.value.run == opened
    assert until()["item"] == NOON


def test_the_next_pull_brings_what_was_changed_since_then(zoho, capsys):
    call_command("sync_zoho", "product")
    SyncCursor.objects.update(modified_until=timezone.now())
    call_command("sync_zoho", "product")
    before = SyncRun.objects.filter(kind="pull").latest("id")

    call_command("sync_zoho", "--rewind", "2020-01-01", "product")
    call_command("sync_zoho", "product")

    after = SyncRun.objects.filter(kind="pull").latest("id")
    assert (before.seen, after.seen) == (0, 60)
    assert "1 rewound to 2020-01-01T00:00:00+03:00" in capsys.readouterr().out


@pytest.mark.usefixtures("cursors")
def test_the_command_needs_no_client_and_pulls_nothing(settings, capsys):
    settings.ZOHO_CLIENT_ID = ""

    call_command("sync_zoho", "--rewind", EARLIER.isoformat())

    assert capsys.readouterr().out.splitlines() == [
        "product: had come to 2026-03-01T12:00:00+03:00",
        "1 rewound to 2026-02-26T12:00:00+03:00",
    ]
    assert SyncRun.objects.count() == 1


@pytest.mark.usefixtures("cursors")
@pytest.mark.parametrize(
    "arguments", [["--rewind", "2999-01-01"], ["--rewind", "soon"], ["--rewind", "2026-01-01", "nothing"]]
)
def test_wrong_use_rewinds_nothing(arguments):
    with pytest.raises(CommandError) as refused:
        call_command("sync_zoho", *arguments)

    assert refused.value.returncode == 2
    assert until()["item"] == NOON


@pytest.mark.usefixtures("cursors")
def test_the_command_says_which_run_is_in_the_way():
    opened = runs.open_run(SyncRun.Kind.PULL, "item", mode=SyncRun.Mode.INCREMENTAL, trigger=SyncRun.Trigger.COMMAND)

    with pytest.raises(CommandError, match=f"run {opened.pk}, queued"):
        call_command("sync_zoho", "--rewind", "2026-01-01", "product")


# --- in the admin ---------------------------------------------------------------------------------


def act(client, *, to=("2026-02-26", "12:00"), **more):
    keys = list(SyncCursor.objects.filter(module="item").values_list("pk", flat=True))
    return client.post(LIST, {"action": "rewind", "_selected_action": keys, "index": "0", **more})


def confirm(client, *, to=("2026-02-26", "12:00")):
    return act(client, confirmed="yes", to_0=to[0], to_1=to[1])


@pytest.mark.usefixtures("cursors")
def test_the_page_asks_for_the_time_and_keeps_the_history(admin_client):
    asked = act(admin_client).content.decode()
    assert "Rewind these cursors?" in asked
    assert 'name="to_0"' in asked
    assert until()["item"] == NOON

    answer = confirm(admin_client)

    assert [str(message) for message in get_messages(answer.wsgi_request)] == ["1 cursor was rewound."]
    assert until()["item"] == EARLIER
    assert LogEntry.objects.get().change_message == "rewind: 2026-02-26 12:00:00+03:00"


@pytest.mark.usefixtures("cursors")
@pytest.mark.parametrize(("to", "told"), [(("2999-01-01", "00:00"), "lies in the future"), (("", ""), "required")])
def test_the_page_refuses_a_time_that_makes_no_sense(admin_client, to, told):
    assert told in confirm(admin_client, to=to).content.decode()
    assert until()["item"] == NOON


@pytest.mark.usefixtures("cursors")
def test_the_page_tells_of_a_pull_in_the_way(admin_client):
    runs.open_run(SyncRun.Kind.PULL, "item", mode=SyncRun.Mode.INCREMENTAL, trigger=SyncRun.Trigger.COMMAND)

    answer = confirm(admin_client)

    assert "is under way and would set its cursor again" in str(next(iter(get_messages(answer.wsgi_request))))
    assert until()["item"] == NOON


@pytest.mark.usefixtures("cursors")
def test_who_may_only_look_cannot_rewind(client):
    user = User.objects.create_user("looker", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_synccursor"))
    client.force_login(user)

    confirm(client)

    assert until()["item"] == NOON
