"""Commerce on the overview: today's sales and what is overdue."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Count, Min
from django.utils import timezone
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from commerce.admin.app_orders import LATE_AFTER, UNSENT
from commerce.choices import CartState, ReviewStatus
from commerce.day_figures import Amount, overdue, sales_on
from commerce.models import AppOrder, Cart, Review
from tsh_erp.admin_site.display import Tone
from tsh_erp.admin_site.paging import MOST
from tsh_erp.admin_site.tiles import Figure, Tile, TileKind, register

CART_IS_WARM = timedelta(days=1)


def _sales_today(at: datetime) -> Tile:
    today = timezone.localdate(at)
    return Tile(figures=_figures(sales_on(today)), query={"date": today.isoformat(), "posted": "yes"})


def _overdue(at: datetime) -> Tile:
    owed = overdue(timezone.localdate(at))
    return Tile(figures=_figures(owed), query={"payment": "overdue"}, tone=Tone.WARNING if owed else Tone.GOOD)


def _figures(amounts: Sequence[Amount]) -> list[Figure]:
    return [
        Figure(
            value=one.total,
            unit=one.currency,
            note=_invoices(one.documents),
        )
        for one in amounts
    ]


def _count_invoices(count: int) -> str:
    return ngettext("%(count)d invoice", "%(count)d invoices", count) % {"count": count}


# Said when it is shown: tiles are kept for people of either language.
_invoices = lazy(_count_invoices, str)


def _pending_reviews(at: datetime) -> Tile:
    waiting = Review.objects.waiting().order_by()[: MOST + 1].count()
    query = {"status__exact": ReviewStatus.PENDING.value}
    return Tile(figures=[Figure(value=waiting)], query=query, tone=Tone.WARNING if waiting else Tone.GOOD)


def _open_carts(at: datetime) -> Tile:
    """Filled carts that somebody has touched within the last day."""
    carts = Cart.objects.in_use(at - CART_IS_WARM).order_by()[: MOST + 1].count()
    return Tile(figures=[Figure(value=carts)], query={"state__exact": CartState.ACTIVE.value})


def _unsent_orders(at: datetime) -> Tile:
    unsent = AppOrder.objects.unsent().order_by().aggregate(count=Count("pk"), oldest=Min("placed_at"))
    is_late = unsent["oldest"] is not None and at - unsent["oldest"] > LATE_AFTER
    return Tile(figures=[Figure(value=unsent["count"])], query=UNSENT, tone=Tone.WARNING if is_late else Tone.GOOD)


register(TileKind(key="sales-today", label=_("Sales today"), table="commerce.Invoice", measure=_sales_today))
register(TileKind(key="overdue", label=_("Overdue from customers"), table="commerce.Invoice", measure=_overdue))
register(
    TileKind(key="unsent-orders", label=_("Orders not sent yet"), table="commerce.AppOrder", measure=_unsent_orders)
)
register(TileKind(key="open-carts", label=_("Carts in use today"), table="commerce.Cart", measure=_open_carts))
register(
    TileKind(key="pending-reviews", label=_("Reviews to look at"), table="commerce.Review", measure=_pending_reviews)
)
