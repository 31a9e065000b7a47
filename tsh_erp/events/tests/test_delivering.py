"""Stored events reach their subscribers, whatever the others do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from tsh_erp.events import delivering, subscribing
from tsh_erp.events.delivering import MOST_ATTEMPTS, dispatch, retry_now
from tsh_erp.events.models import FailedDelivery, StoredEvent
from tsh_erp.events.publish import DomainEvent, publish
from tsh_erp.events.subscribing import Subscriber, on, subscribe, unsubscribe

pytestmark = pytest.mark.django_db(transaction=True)


class Listener:
    """Remembers what it was told; raises for events about the aggregates it cannot bear."""

    def __init__(self, *unbearable: str) -> None:
        self.unbearable = set(unbearable)
        self.calls: list[list[str]] = []

    def __call__(self, events: Sequence[StoredEvent]) -> None:
        self.calls.append([event.aggregate for event in events])
        # What a subscriber wrote before it failed must be gone.
        StoredEvent.objects.filter(pk__in=[event.pk for event in events]).update(causation_id=events[0].uuid)
        if bad := self.unbearable & {event.aggregate for event in events}:
            raise RuntimeError(f"cannot bear {', '.join(sorted(bad))}")

    @property
    def heard(self) -> list[str]:
        return [aggregate for call in self.calls for aggregate in call]


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


def say(*aggregates: str, kind: str = "catalog.product.updated") -> None:
    publish([DomainEvent(kind, aggregate) for aggregate in aggregates], at=timezone.now())


def test_a_subscriber_hears_the_types_it_asked_for_in_one_call_and_once(listen):
    heard = listen("catalog.product.*", Listener())
    say("product:1", "product:2")
    say("category:1", kind="catalog.category.updated")

    dispatch()
    dispatch()

    assert heard.calls == [["product:1", "product:2"]]
    assert not StoredEvent.objects.filter(dispatched_at__isnull=True).exists()


def test_events_that_were_committed_late_under_a_low_id_are_found(listen):
    heard = listen("catalog.*", Listener())
    say("product:1", "product:2")
    late = StoredEvent.objects.get(aggregate="product:1")
    StoredEvent.objects.filter(pk=late.pk).update(dispatched_at=timezone.now())
    dispatch()

    StoredEvent.objects.filter(pk=late.pk).update(dispatched_at=None)
    dispatch()

    assert heard.heard == ["product:2", "product:1"]


def test_a_subscriber_that_raises_keeps_nobody_else_from_hearing(listen):
    listen("catalog.*", Listener("product:2"), "tests.a_bad_one")
    good = listen("catalog.*", Listener(), "tests.good_one")
    say("product:1", "product:2", "product:3")

    dispatch()

    assert good.calls == [["product:1", "product:2", "product:3"]]
    failed = FailedDelivery.objects.get()
    assert (failed.subscriber, failed.event.aggregate, failed.attempts) == ("tests.a_bad_one", "product:2", 1)
    assert failed.error == "RuntimeError: cannot bear product:2"
    assert not StoredEvent.objects.filter(dispatched_at__isnull=True).exists()


def test_a_statement_that_the_database_never_understands_stops_nobody_else(listen):
    def ask_nonsense(events):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM nowhere")

    listen("catalog.*", ask_nonsense, "tests.a_bad_one")
    good = listen("catalog.*", Listener(), "tests.good_one")
    say("product:1")

    assert dispatch() == 1

    assert good.calls == [["product:1"]]
    assert "nowhere" in FailedDelivery.objects.get(subscriber="tests.a_bad_one").error


def test_trouble_of_the_databases_own_is_no_failure_of_the_subscriber(listen):
    def meet_a_lock(events):
        raise OperationalError("database is locked")

    listen("catalog.*", meet_a_lock)
    say("product:1")

    with pytest.raises(OperationalError, match="locked"):
        dispatch()

    assert StoredEvent.objects.filter(dispatched_at__isnull=True).count() == 1
    assert not FailedDelivery.objects.exists()


def test_what_a_failing_subscriber_wrote_is_rolled_back_for_its_event_alone(listen):
    listen("catalog.*", Listener("product:2"))
    say("product:1", "product:2")

    dispatch()

    assert StoredEvent.objects.get(aggregate="product:1").causation_id is not None
    assert StoredEvent.objects.get(aggregate="product:2").causation_id is None


def test_a_failed_delivery_is_tried_again_with_back_off_until_it_succeeds(listen):
    listener = listen("catalog.*", Listener("product:1"))
    say("product:1")
    dispatch()

    dispatch()
    assert FailedDelivery.objects.get().attempts == 1, "not due yet"
    retry_now(FailedDelivery.objects.all(), at=timezone.now())
    dispatch()
    second = FailedDelivery.objects.get()
    assert second.next_attempt_at > timezone.now() + timedelta(seconds=25)
    listener.unbearable.clear()
    retry_now(FailedDelivery.objects.all(), at=timezone.now())
    dispatch()

    assert not FailedDelivery.objects.exists()


def test_one_that_raises_for_ever_is_given_up_and_stays_visible(listen):
    listen("catalog.*", Listener("product:1"))
    say("product:1")
    dispatch()

    for _ in range(MOST_ATTEMPTS):
        FailedDelivery.objects.filter(next_attempt_at__isnull=False).update(next_attempt_at=timezone.now())
        dispatch()

    failed = FailedDelivery.objects.given_up().get()
    assert failed.attempts == MOST_ATTEMPTS
    assert dispatch() == 0


def test_a_failed_delivery_whose_subscriber_is_gone_from_the_code_is_forgotten(listen):
    listen("catalog.*", Listener("product:1"))
    say("product:1")
    dispatch()
    unsubscribe("tests.listener")
    FailedDelivery.objects.update(next_attempt_at=timezone.now())

    dispatch()

    assert not FailedDelivery.objects.exists()


def test_many_events_are_delivered_in_batches(listen, monkeypatch):
    monkeypatch.setattr(delivering, "BATCH_SIZE", 2)
    heard = listen("catalog.*", Listener())
    say("product:1", "product:2", "product:3")

    assert dispatch() == 3

    assert heard.calls == [["product:1", "product:2"], ["product:3"]]


def test_two_subscribers_of_one_name_are_refused(listen):
    listen("catalog.*", Listener(), "tests.same")

    with pytest.raises(ValueError, match="already listens"):
        subscribe(Subscriber("tests.same", "commerce.*", Listener()))


def test_registering_by_decorator_names_the_function():
    @on("catalog.product.retired")
    def forget_product(events: Sequence[StoredEvent]) -> None:
        """Nothing."""

    name = f"{__name__}.test_registering_by_decorator_names_the_function.<locals>.forget_product"
    try:
        assert subscribing.find_subscriber(name).wants("catalog.product.retired")
        assert not subscribing.find_subscriber(name).wants("catalog.product.updated")
    finally:
        unsubscribe(name)
