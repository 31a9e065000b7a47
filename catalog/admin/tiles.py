"""The catalogue on the overview: what ran low."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from catalog.models import LowStock
from tsh_erp.admin_site.display import Tone
from tsh_erp.admin_site.tiles import Figure, Tile, TileKind, register


def _low_stock(at: datetime) -> Tile:
    count = LowStock.objects.count()
    figure = Figure(value=count, unit=_("products"), note=_("at or below their reorder level"))
    return Tile(figures=[figure], tone=Tone.WARNING if count else Tone.GOOD)


register(TileKind(key="low-stock", label=_("Low stock"), table="catalog.LowStock", measure=_low_stock))
