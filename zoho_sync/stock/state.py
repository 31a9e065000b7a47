"""How far the stock we hold can be trusted: when it was read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q

from catalog.models import Product
from zoho_sync.models import SyncRun, ZohoRecord
from zoho_sync.stock.choosing import READ_AGAIN_AFTER
from zoho_sync.stock.naming import MODULE

# Reading all items again takes its hours: a day is when it begins, half a day more is when something is wrong.
STALE_AFTER = READ_AGAIN_AFTER + timedelta(hours=12)


@dataclass(frozen=True, kw_only=True)
class StockState:
    """Of the items that keep stock, how many were never read, have changed since, or were not read for too long.

    `stale_share` is between 0 and 1, None without items. `completed_at` is when a stock run last ended well.
    """

    items: int
    stale: int
    oldest_read_at: datetime | None
    completed_at: datetime | None

    @property
    def stale_share(self) -> float | None:
        return self.stale / self.items if self.items else None


def stock_state(*, at: datetime) -> StockState:
    """The state at `at`, from our own tables. Two queries."""
    stale = Q(detail_at__isnull=True) | Q(detail_stale=True) | Q(detail_at__lt=at - STALE_AFTER)
    rows = ZohoRecord.objects.present().filter(module=MODULE, zoho_id__in=Product.objects.tracked().values("zoho_id"))
    counts = rows.aggregate(items=Count("pk"), stale=Count("pk", filter=stale), oldest_read_at=Min("detail_at"))
    done = SyncRun.objects.of(SyncRun.Kind.STOCK, MODULE).filter(status=SyncRun.Status.COMPLETED)
    return StockState(completed_at=done.values_list("finished_at", flat=True).first(), **counts)
