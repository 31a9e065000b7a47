"""What was put aside is taken up again: nothing lost, nothing applied twice, the bytes untouched."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Product
from commerce.models import Customer
from zoho_sync import dead_letters, queue
from zoho_sync.audit import audit
from zoho_sync.entities import BY_MODULE
from zoho_sync.inbox import discard_invalid
from zoho_sync.models import DeadLetter, InboxEvent, SyncQueueItem
from zoho_sync.replay import Choice, replay, survey
from zoho_sync.tests.road import (
    NOON,
    contact,
    deliver,
    drain,
    failing_save,
    item,
    jobs,
    moment,
    other_entity,
    receive_body,
    seconds,
    states,
)

pytestmark = pytest.mark.django_db
State = InboxEvent.State
EVERYTHING = Choice(since=NOON - timedelta(days=1))
LATER = NOON + seconds(3600)


def audited():
    return {check.name: check.broken for check in audit() if not check.holds}


def bury(zoho_id="1", *, at=NOON, **fields):
    """A delivery that its owner refuses: dead."""
    entity = BY_MODULE["item"]
    refuse = failing_save(entity, lambda value: _permanent() if value.zoho_id == zoho_id else None)
    event = deliver(item(zoho_id, **fields), at=at)
    with other_entity("item", save=refuse):
        drain(at)
    return event


def _permanent():
    from zoho_sync.errors import PermanentError

    return PermanentError("the shop is closed")


def store_unread(body, *, at=NOON, **how):
    """An event that an earlier code could not read, although today's can."""
    event = deliver(body, at=at, **how)
    SyncQueueItem.objects.filter(module=event.module, zoho_id=event.zoho_id).delete()
    InboxEvent.objects.filter(pk=event.pk).update(
        module="", zoho_id="", modified_at=None, state=State.INVALID, reason="not understood then", settled_at=at
    )
    event.refresh_from_db()
    return event


def counted(tally):
    return {key: (kind.reopened, kind.unreadable) for key, kind in tally.items()}


def test_a_dead_event_is_applied_once_its_cause_is_mended():
    event = bury(rate=5)
    assert states() == ["dead"]

    tally = replay(EVERYTHING, at=LATER)

    assert counted(tally) == {("product", "dead"): (1, 0)}
    assert (states(), jobs(), DeadLetter.objects.get().state) == (["queued"], ["dead_letter", "pending"], "retried")
    assert audited() == {}
    drain(LATER)
    event.refresh_from_db()
    assert (event.state, Product.objects.get().base_price) == ("applied", Decimal(5))
    assert (DeadLetter.objects.get().state, audited()) == ("resolved", {})


def test_the_dead_letter_of_a_record_is_retried_whole():
    bury(rate=5, last_modified_time=moment(1))
    bury(rate=6, last_modified_time=moment(2), at=NOON + seconds(600))

    replay(Choice(since=NOON + seconds(300)), at=LATER)

    assert states() == ["queued", "queued"]
    drain(LATER)
    assert (Product.objects.get().base_price, audited()) == (Decimal(6), {})


def test_discarded_events_are_taken_up_with_their_letter_closed_as_it_was():
    bury("1", rate=5)
    dead_letters.discard(DeadLetter.objects.all(), reason="not wanted", by=None, at=NOON)
    deliver(item("2", rate=7))
    queue.discard(SyncQueueItem.objects.all(), reason="by mistake", at=NOON)
    assert states() == ["discarded", "discarded"]

    assert counted(replay(EVERYTHING, at=LATER)) == {("product", "discarded"): (2, 0)}

    assert (states(), audited()) == (["queued", "queued"], {})
    assert list(InboxEvent.objects.values_list("reason", "settled_at")) == [("", None)] * 2
    drain(LATER)
    assert sorted(Product.objects.values_list("zoho_id", "base_price")) == [("1", Decimal(5)), ("2", Decimal(7))]
    assert (DeadLetter.objects.get().state, audited()) == ("discarded", {})


def test_an_event_that_could_not_be_read_is_read_with_todays_code():
    event = store_unread(item("1", rate=5, last_modified_time=moment(1)))
    body = bytes(event.body)

    assert counted(replay(EVERYTHING, at=LATER)) == {("product", "invalid"): (1, 0)}

    event.refresh_from_db()
    assert (event.state, event.module, event.zoho_id, event.reason) == ("queued", "item", "1", "")
    assert (event.settled_at, event.received_at, bytes(event.body)) == (None, NOON, body)
    assert event.modified_at is not None
    drain(LATER)
    assert (Product.objects.get().base_price, states(), audited()) == (Decimal(5), ["applied"], {})


def test_a_body_of_several_records_becomes_one_event_for_each():
    event = store_unread({"items": [item("1")["item"], item("2", rate=5)["item"], {"name": "nameless"}]}, at=NOON)
    InboxEvent.objects.exclude(pk=event.pk).delete()
    SyncQueueItem.objects.all().delete()

    assert counted(replay(EVERYTHING, at=LATER)) == {("product", "invalid"): (1, 0)}

    children = InboxEvent.objects.filter(parent=event).order_by("zoho_id")
    assert [(one.zoho_id, one.state, one.received_at) for one in children] == [
        ("", "invalid", NOON),
        ("1", "queued", NOON),
        ("2", "queued", NOON),
    ]
    event.refresh_from_db()
    assert (event.state, event.module, event.reason) == ("split", "item", "3 records")
    drain(LATER)
    assert (Product.objects.count(), audited()) == (2, {})


def test_what_still_cannot_be_read_says_why_today():
    deliver(b"rubbish")
    InboxEvent.objects.update(reason="an older reason")
    receive_body(b"more rubbish", path="invoices")
    discard_invalid(InboxEvent.objects.filter(path="invoices"), reason="nonsense", at=NOON)
    before = list(InboxEvent.objects.filter(path="invoices").values())

    tally = replay(EVERYTHING, at=LATER)

    assert counted(tally) == {("product", "invalid"): (0, 1), ("invoice", "discarded"): (0, 1)}
    event = InboxEvent.objects.get(path="products")
    assert (event.state, event.settled_at) == ("invalid", NOON)
    assert event.reason.startswith("the body is not JSON")
    assert list(InboxEvent.objects.filter(path="invoices").values()) == before
    assert not SyncQueueItem.objects.exists()


def test_a_delete_that_could_not_be_read_is_a_delete_when_it_can():
    deliver(item("1"))
    drain()
    event = deliver(b"rubbish", method="DELETE", at=NOON + seconds(60))
    assert (event.state, event.operation) == ("invalid", "delete")
    # As if today's code understood those bytes.
    InboxEvent.objects.filter(pk=event.pk).update(body=b'{"item": {"item_id": "1"}}')

    replay(EVERYTHING, at=LATER)
    drain(LATER)

    assert Product.objects.get().retired_at is not None


def test_nothing_is_applied_twice_and_older_news_stays_refused():
    store_unread(item("1", rate=5, last_modified_time=moment(1)))
    deliver(item("1", rate=9, last_modified_time=moment(2)), at=NOON + seconds(60))
    drain(NOON + seconds(60))

    replay(EVERYTHING, at=LATER)
    drain(LATER)

    assert (states(), Product.objects.get().base_price) == (["stale", "applied"], Decimal(9))
    assert audited() == {}


def test_a_second_replay_changes_nothing_more():
    bury("1")
    store_unread(item("2"))
    deliver(b"rubbish")
    replay(EVERYTHING, at=LATER)
    before = list(InboxEvent.objects.order_by("id").values()), list(SyncQueueItem.objects.order_by("id").values())

    again = replay(EVERYTHING, at=LATER)

    assert counted(again) == {("product", "invalid"): (0, 1)}
    assert (list(InboxEvent.objects.order_by("id").values()), list(SyncQueueItem.objects.order_by("id").values())) == (
        before
    )


@pytest.mark.parametrize(
    ("choice", "chosen"),
    [
        (Choice(since=NOON), {"1", "2", "3"}),
        (Choice(since=NOON + seconds(1)), {"2", "3"}),
        (Choice(since=NOON, until=NOON + seconds(60)), {"1"}),
        (Choice(since=NOON, states=[State.DEAD]), {"1"}),
        (Choice(since=NOON, states=[State.DISCARDED, State.INVALID]), {"2", "3"}),
        (Choice(since=NOON, entity=BY_MODULE["item"]), {"1", "2"}),
        (Choice(since=NOON, entity=BY_MODULE["contact"]), {"3"}),
    ],
    ids=["all", "since", "until", "one state", "two states", "products", "customers"],
)
def test_only_what_is_chosen_is_taken_up(choice, chosen):
    bury("1")
    store_unread(item("2"), at=NOON + seconds(60), path="customers")
    deliver(contact("3"), path="customers", at=NOON + seconds(120))
    queue.discard(SyncQueueItem.objects.filter(module="contact"), reason="no", at=NOON)

    found = survey(choice)
    assert sum(kind.reopened for kind in found.values()) == len(chosen)
    replay(choice, at=LATER)

    assert set(InboxEvent.objects.queued().values_list("zoho_id", flat=True)) == chosen
    assert audited() == {}


def test_looking_changes_nothing():
    bury("1")
    unread = store_unread(item("2"))
    rubbish = deliver(b"rubbish")
    before = [list(model.objects.order_by("id").values()) for model in (InboxEvent, SyncQueueItem, DeadLetter)]

    tally = survey(EVERYTHING)

    assert counted(tally) == {("product", "dead"): (1, 0), ("product", "invalid"): (1, 1)}
    assert tally["product", "invalid"].first == [str(unread.uuid), str(rubbish.uuid)]
    assert [list(model.objects.order_by("id").values()) for model in (InboxEvent, SyncQueueItem, DeadLetter)] == before


def test_the_queries_do_not_grow_with_the_events():
    def queries(first, count):
        for number in range(first, first + count):
            store_unread(item(str(number)))
            deliver(item(str(100 + number)))
        queue.discard(SyncQueueItem.objects.waiting(), reason="no", at=NOON)
        with CaptureQueriesContext(connection) as captured:
            assert replay(EVERYTHING, at=LATER).reopened == 2 * count
        drain(LATER)
        return len(captured)

    assert queries(1, 2) == queries(10, 20)


def test_more_than_one_batch_is_taken_up():
    for number in range(450):
        InboxEvent.objects.bulk_create([_discarded(number)])

    assert replay(EVERYTHING, at=LATER).reopened == 450
    assert InboxEvent.objects.queued().count() == SyncQueueItem.objects.waiting().count() == 450


def _discarded(number):
    return InboxEvent(
        received_at=NOON,
        path="products",
        module="item",
        zoho_id=str(number),
        state=State.DISCARDED,
        body=b"{}",
        body_sha256="0" * 64,
        proof=InboxEvent.Proof.API_KEY,
    )


# --- the command ----------------------------------------------------------------------------------


def test_the_command_looks_first(capsys):
    event = bury("1")

    call_command("zoho_replay", "--since", "2026-03-01", "--dry-run")

    assert capsys.readouterr().out.splitlines() == [
        f"product dead: 1; first {event.uuid}",
        "1 would be queued again, 0 cannot be read",
    ]
    assert states() == ["dead"]


def test_the_command_queues_again_and_says_what(capsys):
    bury("1")
    store_unread(item("2"))

    call_command("zoho_replay", "--since", "2026-03-01T00:00", "--entity", "product", "--state", "invalid")

    assert capsys.readouterr().out.splitlines() == ["product invalid: 1", "1 queued again, 0 cannot be read"]
    assert states() == ["dead", "queued"]


def test_what_cannot_be_read_ends_the_command_with_1(capsys):
    deliver(b"rubbish")
    deliver(b"other rubbish", path="prices")

    with pytest.raises(SystemExit) as ended:
        call_command("zoho_replay", "--since", "2026-03-01", "--until", "2026-03-02")

    assert ended.value.code == 1
    assert capsys.readouterr().out.splitlines() == [
        "price-list invalid: 1, of which 1 cannot be read",
        "product invalid: 1, of which 1 cannot be read",
        "0 queued again, 2 cannot be read",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--since"),
        (["--since", "yesterday"], "--since: 'yesterday' is not a date or time"),
        (["--since", "2026-01-01", "--until", "soon"], "--until: 'soon' is not a date or time"),
        (["--since", "2026-01-02", "--until", "2026-01-01"], "must be before --until"),
        (["--since", "2026-01-01", "--entity", "rocket"], "unknown: rocket"),
        (["--since", "2026-01-01", "--state", "applied"], "invalid choice: 'applied'"),
    ],
    ids=str,
)
def test_wrong_use_is_told_in_one_line(arguments, message):
    bury("1")

    with pytest.raises(CommandError, match=message) as refused:
        call_command("zoho_replay", *arguments)

    assert states() == ["dead"]
    assert refused.value.returncode == (2 if arguments and "choice" not in message else 1)
    assert Customer.objects.count() == 0
