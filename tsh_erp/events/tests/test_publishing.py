"""Publishing: stored with what caused it, told in the transaction to who listens there, and a ring for the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tsh_erp.events.delivering import DISPATCH, dispatch
from tsh_erp.events.models import FailedDelivery, StoredEvent
from tsh_erp.events.publish import DomainEvent, publish
from tsh_erp.events.subscribing import Subscriber, subscribe, unsubscribe

pytestmark = pytest.mark.django_db(transaction=True)


class Listener:
    """Notes what it was told in the events themselves; raises for the aggregates it cannot bear."""

    def __init__(self, *unbearable: str) -> None:
        self.unbearable = set(unbearable)
        self.calls: list[list[str]] = []

    def __call__(self, events: Sequence[StoredEvent]) -> None:
        self.calls.append([event.aggregate for event in events])
        StoredEvent.objects.filter(pk__in=[event.pk for event in events]).update(causation_id=events[0].uuid)
        if self.unbearable & {event.aggregate for event in events}:
            raise RuntimeError("cannot bear it")


@pytest.fixture
def listen() -> Iterator[object]:
    names = []

    def register(pattern: str, listener: Listener, name: str = "tests.listener", **how: bool) -> Listener:
        subscribe(Subscriber(name, pattern, listener, **how))
        names.append(name)
        return listener

    yield register
    for name in names:
        unsubscribe(name)


def say(*aggregates: str, kind: str = "tests.thing.updated") -> None:
    publish([DomainEvent(kind, aggregate) for aggregate in aggregates], at=timezone.now())


def say_and_roll_back(aggregate: str) -> None:
    with transaction.atomic():
        say(aggregate)
        assert StoredEvent.objects.filter(aggregate=aggregate).exists()
        transaction.set_rollback(True)


def rings() -> list[str]:
    return [one.func() for one in apps.get_model("django_q", "OrmQ").objects.order_by("id")]


def test_where_nobody_listens_one_query_stores_events_that_are_done():
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        say("thing:1", "thing:2")

    assert len(queries) == 1
    assert StoredEvent.objects.filter(dispatched_at__isnull=False).count() == 2
    assert rings() == []


def test_what_somebody_listens_to_rings_once_for_the_whole_transaction(listen):
    listen("tests.thing.*", Listener())

    with transaction.atomic():
        say("thing:1")
        with transaction.atomic():
            say("thing:2")
        say("thing:3")
        assert rings() == [], "not before the commit"

    assert rings() == [DISPATCH]
    assert StoredEvent.objects.filter(dispatched_at__isnull=True).count() == 3


def test_a_savepoint_that_is_rolled_back_takes_its_ring_with_it(listen):
    listen("tests.thing.*", Listener())

    with transaction.atomic():
        say_and_roll_back("thing:1")
        assert not StoredEvent.objects.exists()
    assert rings() == []

    with transaction.atomic():
        say_and_roll_back("thing:1")
        say("thing:2")
    assert rings() == [DISPATCH]


def test_types_that_nobody_waits_for_do_not_ring(listen):
    listen("tests.other.*", Listener())
    listen("tests.thing.*", Listener(), "tests.inside", in_transaction=True)

    with transaction.atomic():
        say("thing:1")

    assert rings() == []
    assert StoredEvent.objects.get().dispatched_at is not None


def test_who_listens_in_the_transaction_is_told_before_the_commit_and_once(listen):
    heard = listen("tests.thing.*", Listener(), in_transaction=True)

    with transaction.atomic():
        say("thing:1", "thing:2")
        assert heard.calls == [["thing:1", "thing:2"]]
    dispatch()

    assert heard.calls == [["thing:1", "thing:2"]]


def test_what_a_listener_wrote_is_rolled_back_with_the_transaction_that_published(listen):
    listen("tests.thing.*", Listener(), in_transaction=True)
    say("other:1", kind="tests.other.updated")

    say_and_roll_back("thing:1")

    assert [event.aggregate for event in StoredEvent.objects.all()] == ["other:1"]


def test_a_listener_that_raises_in_the_transaction_harms_neither_it_nor_the_other_listeners(listen):
    listen("tests.thing.*", Listener("thing:2"), "tests.a_bad_one", in_transaction=True)
    good = listen("tests.thing.*", Listener(), "tests.good_one", in_transaction=True)

    with transaction.atomic():
        say("thing:1", "thing:2")

    assert good.calls == [["thing:1", "thing:2"]]
    failed = FailedDelivery.objects.get()
    assert (failed.subscriber, failed.event.aggregate, failed.error) == (
        "tests.a_bad_one",
        "thing:2",
        "RuntimeError: cannot bear it",
    )
    assert StoredEvent.objects.count() == 2


def test_a_failed_delivery_in_the_transaction_is_tried_again_by_the_dispatch(listen):
    listener = listen("tests.thing.*", Listener("thing:1"), in_transaction=True)
    with transaction.atomic():
        say("thing:1")
    listener.unbearable.clear()
    FailedDelivery.objects.update(next_attempt_at=timezone.now())

    assert dispatch() == 1

    assert not FailedDelivery.objects.exists()
    assert listener.calls[-1] == ["thing:1"]


def test_the_clusters_being_busy_loses_nothing(listen):
    heard = listen("tests.thing.*", Listener())
    with transaction.atomic():
        say("thing:1")
    with transaction.atomic():
        say("thing:2")
    assert rings() == [DISPATCH], "one that waits is enough"

    dispatch()

    assert heard.calls == [["thing:1", "thing:2"]]
