"""What the page of a warehouse shows besides its fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from catalog.models import Warehouse
from catalog.stock_summary import warehouse_totals
from tsh_erp.admin_site.panels import Panel, add_panels


def _totals(request: HttpRequest, warehouse: Warehouse) -> Mapping[str, Any] | None:
    totals = warehouse_totals(warehouse.zoho_id) if warehouse.zoho_id else []
    return {"totals": totals[0]} if totals else None


add_panels(
    Warehouse,
    Panel(
        name="totals",
        title=_("What lies here"),
        template="admin/catalog/panels/warehouse_totals.html",
        read=_totals,
        permissions=("catalog.view_stocklevel",),
        comes_first=True,
    ),
)
