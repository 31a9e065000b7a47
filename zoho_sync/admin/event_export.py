"""Events as a JSON file, for those who look into them elsewhere."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone

from zoho_sync.models import InboxEvent
from zoho_sync.models.payload import encode_payload

MOST_EXPORTED = 1_000
CHUNK = 100
TOLD = (
    *("uuid", "received_at", "path", "module", "zoho_id", "operation", "modified_at", "state", "reason"),
    *("content_type", "headers", "query", "proof", "request_id", "deliveries", "settled_at", "body_sha256"),
)


def export_events(events: QuerySet[InboxEvent], *, at: datetime) -> StreamingHttpResponse:
    """The newest `MOST_EXPORTED`, a few in the memory at a time."""
    name = f"inbox-{timezone.localtime(at):%Y%m%d-%H%M%S}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(_lines(events), content_type="application/json", headers=headers)


def _lines(events: QuerySet[InboxEvent]) -> Iterator[str]:
    keys = list(events.order_by("-pk").values_list("pk", flat=True)[:MOST_EXPORTED])
    chunks = (keys[start : start + CHUNK] for start in range(0, len(keys), CHUNK))
    rows = chain.from_iterable(InboxEvent.objects.filter(pk__in=chunk).order_by("-pk") for chunk in chunks)
    lead = "[\n"
    for event in rows:
        yield lead + encode_payload(_tell(event))
        lead = ",\n"
    yield "\n]\n" if keys else "[]\n"


def _tell(event: InboxEvent) -> dict[str, Any]:
    """The body as text; in base64 where it is none."""
    told: dict[str, Any] = {name: _plain(getattr(event, name)) for name in TOLD}
    body = bytes(event.body)
    try:
        return told | {"body": body.decode()}
    except UnicodeDecodeError:
        return told | {"body_base64": base64.b64encode(body).decode()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, dict | int | str) or value is None else str(value)
