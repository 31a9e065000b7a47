"""What the sync's alerts make of the catalogue's events."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django.utils.translation import gettext_noop as _

from catalog.models import LowStock
from tsh_erp.events.models import StoredEvent
from tsh_erp.events.subscribing import on
from zoho_sync import alerts
from zoho_sync.models import Alert

LOW_STOCK = "low_stock"
NAMED = 5


@on("catalog.product.low_stock*")  # and …_ended
def watch_low_stock(events: Sequence[StoredEvent]) -> None:
    """One alert for all products that are low, open as long as there is one.

    It tells how it is now, so that an event that comes late or twice does no harm.
    """
    at = max(event.occurred_at for event in events)
    count = LowStock.objects.count()
    if not count:
        open_alerts = Alert.objects.filter(fingerprint=alerts.fingerprint_of(LOW_STOCK, ""))
        alerts.resolve(open_alerts, at=at, resolution=alerts.OVER)
        return
    alerts.raise_alert(
        code=LOW_STOCK,
        title=_("Products at or below their reorder level: %(count)s"),
        detail=_("The latest of them: %(products)s."),
        parameters={"count": count, "products": "; ".join(_latest())},
        at=at,
    )


def _latest() -> list[str]:
    rows = LowStock.objects.select_related("product").order_by("-since", "-pk")[:NAMED]
    return [
        f"{row.product} ({_plain(row.product.accounting_on_hand)} / {_plain(row.product.reorder_level)})"
        for row in rows
    ]


def _plain(number: Decimal | None) -> str:
    return "?" if number is None else f"{number.normalize():f}"
