"""The command line's view of dead letters: by cause, retried with fresh records, discarded with a reason."""

from __future__ import annotations

import getpass
import json
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone
from django_q.models import OrmQ

from zoho_sync import tasks
from zoho_sync.management.commands import zoho_dead_letters
from zoho_sync.models import DeadLetter, SyncQueueItem
from zoho_sync.tests.road import NOON, contact, deliver, drain, item, states

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def letters():
    """Two items with one cause, a customer with another; the first item's letter is two days old."""
    deliver(item("1", rate="cheap"))
    deliver(item("2", rate="dear"))
    deliver(contact("7", contact_name=None, contact_type="stranger"))
    drain()
    OrmQ.objects.all().delete()
    DeadLetter.objects.filter(zoho_id="1").update(created_at=timezone.now() - timedelta(days=2))


def told(capsys, *arguments):
    call_command("zoho_dead_letters", "--json", *arguments)
    return json.loads(capsys.readouterr().out)


def by_state():
    return dict(DeadLetter.objects.order_by("zoho_id").values_list("zoho_id", "state"))


def test_letters_are_shown_by_their_cause(capsys):
    call_command("zoho_dead_letters")
    table = capsys.readouterr().out
    assert "product" in table
    assert "MappingError" in table

    shown = told(capsys)
    assert shown["open"] == 3
    assert [(one["entity"], one["open"], one["state"]) for one in shown["groups"]] == [
        ("product", 2, "open"),
        ("customer", 1, "open"),
    ]
    assert shown["groups"][0]["sample"] == "rate: 'cheap' is not a number"


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["--entity", "product"], 2),
        (["--entity", "customer"], 1),
        (["--older-than", "24h"], 1),
        (["--older-than", "1d", "--entity", "customer"], 0),
        (["--older-than", "0m"], 3),
    ],
)
def test_some_can_be_chosen(capsys, arguments, found):
    assert told(capsys, *arguments)["open"] == found


def test_the_chosen_are_retried_and_workers_rung(capsys, settings):
    settings.ZOHO_CLIENT_ID = ""

    assert told(capsys, "--retry", "--entity", "product")["retried"] == 2
    assert by_state() == {"1": "retried", "2": "retried", "7": "open"}
    assert states() == ["queued", "queued", "dead"]
    assert [one.func() for one in OrmQ.objects.all()] == [tasks.DRAIN]
    assert not SyncQueueItem.objects.waiting().filter(needs_fetch=True).exists()


@pytest.mark.usefixtures("zoho")
def test_with_a_client_they_are_retried_with_fresh_records(capsys):
    call_command("zoho_dead_letters", "--retry", "--older-than", "24h")

    assert capsys.readouterr().out.rstrip().endswith("1 retried")
    assert SyncQueueItem.objects.waiting().get().needs_fetch


def test_many_are_done_in_batches(capsys, monkeypatch):
    monkeypatch.setattr(zoho_dead_letters, "BATCH_SIZE", 2)

    assert told(capsys, "--retry")["retried"] == 3


def test_discarding_leaves_the_reason_and_who_gave_it(capsys):
    assert told(capsys, "--discard", "--reason", "a test", "--entity", "product")["discarded"] == 2

    letter = DeadLetter.objects.get(zoho_id="1")
    assert (letter.state, letter.reason, letter.closed_by) == (
        "discarded",
        f"a test ({getpass.getuser()}, on the command line)",
        None,
    )
    assert by_state() == {"1": "discarded", "2": "discarded", "7": "open"}
    assert states() == ["discarded", "discarded", "dead"]


def test_a_user_of_ours_is_named_as_on_the_admins_pages(capsys):
    user = User.objects.create_user(getpass.getuser())

    call_command("zoho_dead_letters", "--discard", "--reason", "a test", "--entity", "customer")

    letter = DeadLetter.objects.get(zoho_id="7")
    assert (letter.reason, letter.closed_by) == ("a test", user)
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_id, entry.change_message) == (user, str(letter.pk), "discard: a test")
    assert "1 discarded" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        ["--discard"],
        ["--discard", "--reason", "  "],
        ["--retry", "--reason", "why"],
        ["--retry", "--discard", "--reason", "why"],
        ["--older-than", "yesterday"],
        ["--entity", "nothing"],
    ],
)
def test_wrong_use_changes_nothing(arguments):
    with pytest.raises(CommandError) as refused:
        call_command("zoho_dead_letters", *arguments)

    assert refused.value.returncode == 2 or "not allowed with" in str(refused.value)
    assert set(by_state().values()) == {"open"}


def test_nothing_to_do_is_no_failure(capsys):
    DeadLetter.objects.update(state="resolved", closed_at=NOON)

    assert told(capsys, "--retry") == {"groups": [], "open": 0, "retried": 0}
    assert not OrmQ.objects.exists()
