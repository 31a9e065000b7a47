"""One alert for all products that run low: it opens with the first, counts, and is over with the last."""

from __future__ import annotations

from decimal import Decimal

import pytest

from catalog.models import LowStock, Product
from catalog.services.products import retire_products
from tsh_erp.events.delivering import dispatch
from tsh_erp.events.models import StoredEvent
from zoho_sync.models import Alert
from zoho_sync.subscribers import watch_low_stock
from zoho_sync.tests.road import Time, deliver, drain, item

pytestmark = pytest.mark.django_db


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def stock(time):
    """Zoho tells of a product's stock; a minute later it is here and everybody was told."""

    def tell(zoho_id: str, on_hand: int, **fields) -> None:
        record = item(zoho_id, stock_on_hand=on_hand, reorder_level=5, **fields)
        deliver(record, at=time.pass_by(minutes=1))
        drain(time.now)
        dispatch()

    return tell


def open_alerts() -> list[tuple[str, str, int]]:
    rows = Alert.objects.filter(code="low_stock").unresolved()
    return list(rows.values_list("title", "detail", "count"))


@pytest.mark.lesson("L19")
def test_one_alert_opens_counts_and_is_over_by_itself(stock, time):
    stock("1", 9)
    stock("2", 9)
    assert open_alerts() == []

    stock("1", 5)
    assert open_alerts() == [
        ("Products at or below their reorder level: 1", "The latest of them: Item 1 (5 / 5).", 1),
    ]
    stock("1", 4)
    stock("2", 0)
    assert open_alerts() == [
        ("Products at or below their reorder level: 2", "The latest of them: Item 2 (0 / 5); Item 1 (4 / 5).", 2),
    ]

    stock("1", 8)
    assert [title for title, _, _ in open_alerts()] == ["Products at or below their reorder level: 1"]
    stock("2", 8)

    assert open_alerts() == []
    alert = Alert.objects.get(code="low_stock")
    assert (alert.resolution, alert.resolved_at) == ("over by itself", time.now)


def test_a_product_that_is_retired_is_low_no_more(stock, time):
    stock("1", 2)
    retire_products(["1"], at=time.pass_by(minutes=1))
    dispatch()

    assert open_alerts() == []


def test_only_the_latest_are_named(stock):
    for number in range(7):
        stock(str(number), 1)

    [(title, detail, count)] = open_alerts()
    assert title == "Products at or below their reorder level: 7"
    assert [f"Item {number}" in detail for number in range(7)] == [False, False, True, True, True, True, True]
    assert count == 7


def test_an_event_that_comes_late_tells_how_it_is_now(stock):
    stock("1", 2)
    old = list(StoredEvent.objects.filter(type="catalog.product.low_stock"))
    stock("1", 9)

    watch_low_stock(old)

    assert open_alerts() == []


def test_names_are_shown_as_they_are(stock):
    stock("1", 2, name="100% cotton %(count)s")

    [(_, detail, _)] = open_alerts()
    assert detail == "The latest of them: 100% cotton %(count)s (2 / 5)."
    assert LowStock.objects.get().product == Product.objects.get(accounting_on_hand=Decimal(2))
