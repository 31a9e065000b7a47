"""The same record again: new news counts, the same bytes do not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db.models import F

from catalog.models import Product
from tests.live.records import held, item
from tests.live.web import Web
from tests.live.workers import Workers
from zoho_sync.models import InboxEvent, SyncQueueItem


def states() -> list[str]:
    return list(InboxEvent.objects.order_by("id").values_list("state", flat=True))


@pytest.mark.lesson("L1")
def test_three_prices_of_one_item_are_three_events(web: Web, workers: Workers) -> None:
    for second, rate in enumerate((10, 11, 12)):
        web.deliver("products", item("1", rate=rate, last_modified_time=f"2026-03-01T10:00:0{second}+0300"))
        workers.settle()

    assert states() == ["applied", "applied", "applied"]
    assert Product.objects.get().base_price == Decimal(12)


@pytest.mark.lesson("L1")
def test_three_prices_that_wait_together_are_three_events_too(web: Web, workers: Workers) -> None:
    with held("item", "1"):
        answers = [web.deliver("products", item("1", rate=rate)) for rate in (10, 11, 12)]
    workers.settle()

    assert [answer["queued"] for answer in answers] == [True, True, True]
    assert states() == ["superseded", "superseded", "applied"]
    assert Product.objects.get().base_price == Decimal(12)


@pytest.mark.lesson("L2")
def test_the_same_bytes_at_once_are_one_event(web: Web, workers: Workers) -> None:
    with ThreadPoolExecutor(8) as callers:
        answers = list(callers.map(lambda _: web.deliver("products", item("1", rate=10)), range(8)))
    workers.settle()

    event = InboxEvent.objects.get()
    assert (event.state, event.deliveries) == ("applied", 8)
    assert {answer["event_id"] for answer in answers} == {str(event.uuid)}
    assert sorted(answer.get("duplicate", False) for answer in answers) == [False] + [True] * 7
    assert [answer["queued"] for answer in answers].count(True) == 1


@pytest.mark.lesson("L2")
def test_the_same_bytes_a_day_later_are_a_duplicate(web: Web, workers: Workers) -> None:
    first = web.deliver("products", item("1", rate=10))
    workers.settle()
    InboxEvent.objects.update(received_at=F("received_at") - timedelta(days=1))

    again = web.deliver("products", item("1", rate=10))
    workers.settle()

    assert (again["event_id"], again["queued"], again["duplicate"]) == (first["event_id"], False, True)
    assert again["idempotency_key"] == first["idempotency_key"]
    event = InboxEvent.objects.get()
    assert event.deliveries == 2
    assert event.last_delivered_at is not None
    assert event.last_delivered_at - event.received_at > timedelta(hours=23)
    assert SyncQueueItem.objects.count() == 1


@pytest.mark.lesson("L3")
@pytest.mark.parametrize(
    "times",
    [
        (None, None, None),
        ("2026-03-01T10:00:00+0300", "2026-03-01T10:00:01+0300", "2026-03-01T10:00:02+0300"),
        (None, None, "2026-03-01T10:00:02+0300"),
    ],
    ids=["without times", "with times", "the last with a time"],
)
@pytest.mark.parametrize("together", [False, True], ids=["one by one", "waiting together"])
def test_back_to_an_earlier_value_is_news(
    web: Web, workers: Workers, times: tuple[str | None, ...], together: bool
) -> None:
    bodies = [
        item("1", stock_on_hand=stock, **({"last_modified_time": time} if time else {}))
        for stock, time in zip((5, 4, 5), times, strict=True)
    ]

    if together:
        with held("item", "1"):
            answers = [web.deliver("products", body) for body in bodies]
        workers.settle()
    else:
        answers = []
        for body in bodies:
            answers.append(web.deliver("products", body))
            workers.settle()

    assert len({answer["event_id"] for answer in answers}) == 3
    assert not any(answer.get("duplicate") for answer in answers)
    assert InboxEvent.objects.count() == 3
    assert Product.objects.get().accounting_on_hand == Decimal(5)
