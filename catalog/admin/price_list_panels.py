"""What the page of a price list shows besides its fields: its prices, and what any product costs by it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from catalog.admin.product_panels import asked_quantity, reasoning_lines
from catalog.models import PriceList, PriceListItem, Product
from catalog.services.prices import read_bracket, why_prices
from tsh_erp.admin_site.panels import Panel, add_panels

MOST = 20
LONGEST = 100


def _trial(request: HttpRequest, price_list: PriceList) -> Mapping[str, Any]:
    """What `?product=` finds, at the prices of this list for `?quantity=`."""
    typed = request.GET.get("product", "").strip()[:LONGEST]
    quantity, trouble = asked_quantity(request)
    found = list(Product.objects.live().found_by(typed).order_by("name", "pk")[: MOST + 1]) if typed else []
    reasonings = why_prices(found[:MOST], [price_list], quantity=quantity)
    return {
        "typed": typed,
        "quantity": quantity,
        "trouble": trouble,
        "prices": [(product, one, reasoning_lines(one)) for product, one in zip(found, reasonings, strict=False)],
        "has_more": len(found) > MOST,
    }


def _items(request: HttpRequest, price_list: PriceList) -> Mapping[str, Any] | None:
    stored = PriceListItem.objects.filter(price_list=price_list).select_related("product").order_by("pk")
    items = list(stored[: MOST + 1])
    if not items:
        return None
    shown = [(item, [read_bracket(row) for row in item.brackets]) for item in items[:MOST]]
    return {"items": shown, "has_more": len(items) > MOST}


add_panels(
    PriceList,
    Panel(
        name="trial",
        title=_("What a product costs by this list"),
        template="admin/catalog/panels/trial.html",
        read=_trial,
        permissions=("catalog.view_product",),
        comes_first=True,
    ),
    Panel(
        name="items",
        title=_("Prices in this list"),
        template="admin/catalog/panels/items.html",
        read=_items,
        permissions=("catalog.view_pricelistitem",),
    ),
)
