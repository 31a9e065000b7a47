"""The road of a webhook in one process, for tests: deliver, let time pass, drain; and small Zoho records to send."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from zoho_sync import worker
from zoho_sync.entities import BY_MODULE, Entity
from zoho_sync.inbox import Delivery, Receipt, receive
from zoho_sync.models import InboxEvent, SyncQueueItem, ZohoRecord
from zoho_sync.models.payload import encode_payload

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
NOON = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


@dataclass
class Time:
    """A clock that stands still until it is moved."""

    now: datetime = NOON

    def pass_by(self, **amount: float) -> datetime:
        self.now += timedelta(**amount)
        return self.now


def receive_body(
    body: Any,
    *,
    path: str = "products",
    at: datetime = NOON,
    method: str = "POST",
    content_type: str = JSON,
    query: Mapping[str, str] | None = None,
) -> Receipt:
    """Receive one delivery; `body` is bytes, or what becomes JSON."""
    return receive(
        Delivery(
            path=path,
            body=body if isinstance(body, bytes) else encode_payload(body).encode(),
            proof=InboxEvent.Proof.API_KEY,
            received_at=at,
            method=method,
            content_type=content_type,
            query=query or {},
        )
    )


def deliver(body: Any, **how: Any) -> InboxEvent:
    """Receive one delivery; its event."""
    return InboxEvent.objects.get(uuid=receive_body(body, **how).event_id)


def drain(at: datetime = NOON, *, name: str = "worker") -> int:
    """Work on everything that is due at `at`, in this process and without waiting."""
    return worker.drain(name, worker.Clock(now=lambda: at, sleep=lambda _: None))


def item(zoho_id: str = "1", **fields: Any) -> dict[str, Any]:
    """An item webhook with a name, unless `fields` say otherwise; a field that is None is left out."""
    record = {"item_id": zoho_id, "name": f"Item {zoho_id}", **fields}
    return {"item": {key: value for key, value in record.items() if value is not None}}


def contact(zoho_id: str = "7", **fields: Any) -> dict[str, Any]:
    return {"contact": {"contact_id": zoho_id, "contact_name": "Ali", "contact_type": "customer", **fields}}


def invoice(zoho_id: str = "9", *, customer: str = "7", **fields: Any) -> dict[str, Any]:
    record = {"invoice_id": zoho_id, "invoice_number": f"INV-{zoho_id}", "customer_id": customer, "total": 10}
    return {"invoice": {**record, **fields}}


def moment(second: int) -> str:
    """Zoho's last_modified_time, `second` seconds after ten o'clock."""
    return f"2026-03-01T10:{second // 60:02d}:{second % 60:02d}+0300"


def states() -> list[str]:
    """The states of all events, oldest first."""
    return list(InboxEvent.objects.order_by("id").values_list("state", flat=True))


def jobs(module: str = "item", zoho_id: str = "1") -> list[str]:
    """The statuses of a record's jobs, oldest first."""
    rows = SyncQueueItem.objects.filter(module=module, zoho_id=zoho_id)
    return list(rows.order_by("id").values_list("status", flat=True))


def mirrored(module: str = "item", zoho_id: str = "1") -> ZohoRecord:
    return ZohoRecord.objects.get(module=module, zoho_id=zoho_id)


@contextmanager
def other_entity(module: str, **columns: Any) -> Iterator[Entity]:
    """The registry's row of `module` with other columns, such as a `save` that fails."""
    before = BY_MODULE[module]
    BY_MODULE[module] = replace(before, **columns)
    try:
        yield BY_MODULE[module]
    finally:
        BY_MODULE[module] = before


def failing_save(entity: Entity, fails: Callable[[Any], Exception | None]) -> Any:
    """The entity's `save`, that first raises what `fails` answers for one of the values."""

    def save(values: Any, /, *, at: datetime) -> Any:
        for one in values:
            if error := fails(one):
                raise error
        return entity.save(values, at=at)

    return save
