"""The road of the data in one look: Zoho posts, a worker applies, staff see the row."""

from __future__ import annotations

from decimal import Decimal

import pytest

from catalog.models import Product
from tests.live.web import Web
from tests.live.workers import Workers
from zoho_sync.models import InboxEvent


@pytest.mark.lesson("L32")
def test_a_webhook_becomes_a_product(web: Web, workers: Workers) -> None:
    answer = web.deliver("products", {"item": {"item_id": "1", "name": "ماوس هوائي", "rate": 12.5}})
    workers.settle()

    product = Product.objects.get()
    assert (product.zoho_id, product.name, product.base_price) == ("1", "ماوس هوائي", Decimal("12.5"))
    assert answer.keys() == {"success", "message", "event_id", "idempotency_key", "queued"}
    assert (answer["success"], answer["queued"]) == (True, True)
    event = InboxEvent.objects.get()
    assert (str(event.uuid), event.state, event.proof, event.deliveries) == (
        answer["event_id"],
        "applied",
        "signature",
        1,
    )
