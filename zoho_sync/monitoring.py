"""Every number of the sync, once: the admin, the JSON API and the commands all read it here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Min, Sum

from zoho_sync.entities import ENTITIES, WEBHOOK_PATHS
from zoho_sync.models import Alert, DeadLetter, InboxEvent, SyncQueueItem, SyncRun, ZohoRecord
from zoho_sync.models.queue import WAITING, Status


@dataclass(frozen=True)
class QueueDepth:
    """Jobs by state, and since when the oldest due one waits."""

    by_status: dict[str, int]
    oldest_due_at: datetime | None


@dataclass(frozen=True)
class WebhookVolume:
    """What one path received: deliveries (repeats included), events by state, and the newest."""

    path: str
    deliveries: int
    by_state: dict[str, int]
    last_received_at: datetime | None


@dataclass(frozen=True)
class ModuleState:
    """What we hold of one module, and its last pull."""

    module: str
    label: str
    by_state: dict[str, int]
    last_modified_at: datetime | None
    last_run: SyncRun | None


def queue_depth(*, at: datetime) -> QueueDepth:
    """Jobs by status: the open ones counted exactly, every status present."""
    counts = dict.fromkeys(Status.values, 0)
    counts |= dict(SyncQueueItem.objects.values_list("status").annotate(Count("id")).order_by())
    oldest = SyncQueueItem.objects.filter(status__in=WAITING, next_attempt_at__lte=at)
    return QueueDepth(counts, oldest.aggregate(oldest=Min("next_attempt_at"))["oldest"])


def open_dead_letters() -> int:
    return DeadLetter.objects.open().count()


def open_alerts() -> dict[str, int]:
    """Alerts that are not resolved, by severity."""
    counts = dict.fromkeys(Alert.Severity.values, 0)
    return counts | dict(Alert.objects.unresolved().values_list("severity").annotate(Count("id")).order_by())


def webhook_volume(*, since: datetime) -> list[WebhookVolume]:
    """What each path received since a time. Children of a split delivery are not counted again."""
    rows = (
        InboxEvent.objects.filter(received_at__gte=since, parent__isnull=True)
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


def last_webhook_at() -> datetime | None:
    return InboxEvent.objects.order_by("-received_at").values_list("received_at", flat=True).first()


def module_states() -> list[ModuleState]:
    """What the mirror holds of each module. Three queries."""
    rows = list(
        ZohoRecord.objects.values("module", "state").annotate(records=Count("id"), newest=Max("modified_at")).order_by()
    )
    newest_runs = SyncRun.objects.values("module").annotate(newest=Max("id")).values("newest")
    runs = {run.module: run for run in SyncRun.objects.filter(pk__in=newest_runs)}
    return [
        ModuleState(
            module=entity.module,
            label=str(entity.label),
            by_state={row["state"]: row["records"] for row in rows if row["module"] == entity.module},
            last_modified_at=max(
                (row["newest"] for row in rows if row["module"] == entity.module and row["newest"]), default=None
            ),
            last_run=runs.get(entity.module),
        )
        for entity in ENTITIES
    ]
