"""What came in by webhook."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, QuerySet, Sum

from tsh_erp.common.together import Asked, Row
from zoho_sync.entities import WEBHOOK_PATHS
from zoho_sync.models import InboxEvent
from zoho_sync.monitoring.keeping import Kept, answer
from zoho_sync.monitoring.work import INSTANT, keep_seconds


@dataclass(frozen=True)
class WebhookVolume:
    """What one path received: deliveries (repeats included), events by state, and the newest."""

    path: str
    deliveries: int
    by_state: dict[str, int]
    last_received_at: datetime | None

    @property
    def events(self) -> int:
        return sum(self.by_state.values())

    @property
    def duplicates(self) -> int:
        """Deliveries beyond the first of their event."""
        return self.deliveries - self.events


def webhook_volume(*, within: timedelta, at: datetime) -> list[WebhookVolume]:
    """What each path received in the last hours. One query. Children of a split delivery are not counted again."""
    return answer(ask_webhook_volume(within=within, at=at))


def ask_webhook_volume(*, within: timedelta, at: datetime) -> Asked[list[WebhookVolume]]:
    return Kept(
        f"webhooks:{within.total_seconds():.0f}",
        _events(at - within, at + INSTANT),
        _volumes,
        counted=lambda found: sum(one.events for one in found),
        seconds=keep_seconds(within),
    )


def count_webhooks(*, since: datetime, until: datetime) -> list[WebhookVolume]:
    """What each path received from `since` on and before `until`. One query."""
    return _volumes(list(_events(since, until)))


def last_webhook_at() -> datetime | None:
    return InboxEvent.objects.order_by("-received_at").values_list("received_at", flat=True).first()


def _events(since: datetime, until: datetime) -> QuerySet[InboxEvent, Any]:
    """Path, state, events, deliveries and newest, by path and state."""
    came = InboxEvent.objects.filter(received_at__gte=since, received_at__lt=until, parent__isnull=True)
    counted = came.values("path", "state").annotate(events=Count("id"), sent=Sum("deliveries"), last=Max("received_at"))
    return counted.order_by().values_list("path", "state", "events", "sent", "last")


def _volumes(rows: list[Row]) -> list[WebhookVolume]:
    volumes = []
    for known in WEBHOOK_PATHS:
        mine = [row[1:] for row in rows if row[0] == known]
        volumes.append(
            WebhookVolume(
                path=known,
                deliveries=sum(deliveries for _, _, deliveries, _ in mine),
                by_state={state: events for state, events, _, _ in mine},
                last_received_at=max((last for *_, last in mine), default=None),
            )
        )
    return volumes
