"""What came in by webhook."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Sum

from zoho_sync.entities import WEBHOOK_PATHS
from zoho_sync.models import InboxEvent
from zoho_sync.models.inbox import InboxEventQuerySet
from zoho_sync.monitoring.keeping import kept
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
    return kept(
        f"webhooks:{within.total_seconds():.0f}",
        lambda: count_webhooks(since=at - within, until=at + INSTANT),
        rows=lambda found: sum(one.events for one in found),
        seconds=keep_seconds(within),
    )


def count_webhooks(*, since: datetime, until: datetime) -> list[WebhookVolume]:
    """What each path received from `since` on and before `until`. One query."""
    return _volumes(InboxEvent.objects.filter(received_at__gte=since, received_at__lt=until))


def last_webhook_at() -> datetime | None:
    return InboxEvent.objects.order_by("-received_at").values_list("received_at", flat=True).first()


def _volumes(events: InboxEventQuerySet) -> list[WebhookVolume]:
    rows = list(
        events.filter(parent__isnull=True)
        .values("path", "state")
        .annotate(events=Count("id"), deliveries=Sum("deliveries"), last=Max("received_at"))
        .order_by()
    )
    volumes = []
    for path in WEBHOOK_PATHS:
        mine = [row for row in rows if row["path"] == path]
        volumes.append(
            WebhookVolume(
                path=path,
                deliveries=sum(row["deliveries"] for row in mine),
                by_state={row["state"]: row["events"] for row in mine},
                last_received_at=max((row["last"] for row in mine), default=None),
            )
        )
    return volumes
