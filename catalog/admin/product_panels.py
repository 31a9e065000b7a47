"""What the page of a product shows besides its fields."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.admin.costs import may_see_costs
from catalog.choices import Trade
from catalog.models import PriceChange, PriceList, Product, StockLedgerEntry, StockLevel
from catalog.models.figures import FIGURES
from catalog.price_rules import ONE
from catalog.services.prices import PriceReasoning, why_prices
from tsh_erp.admin_site.panels import Panel, add_panels

LATEST = 10
MOST_QUANTITY = Decimal(10) ** 9
DECIMALS = 6  # of a quantity, as they are stored; written out, 1e-999999999 would fill the memory


def asked_quantity(request: HttpRequest) -> tuple[Decimal, str]:
    """The quantity that prices are asked for (`?quantity=`), and what is wrong with it ("": nothing)."""
    typed = request.GET.get("quantity", "").strip()
    if not typed:
        return ONE, ""
    try:
        quantity = Decimal(typed)
    except InvalidOperation:
        quantity = Decimal("NaN")
    if not quantity.is_finite() or not 0 < quantity <= MOST_QUANTITY or _decimals(quantity) > DECIMALS:
        return ONE, _("“%(typed)s” is no quantity; these are the prices of one.") % {"typed": typed[:40]}
    return quantity, ""


def _decimals(number: Decimal) -> int:
    """Digits behind the point of a finite number, as it is written."""
    return -int(number.as_tuple().exponent)


def visible_lists(request: HttpRequest) -> list[PriceList]:
    """The price lists in use, those for purchases only for who may see costs. One query."""
    lists = PriceList.objects.live().filter(is_active=True).order_by("trade", "name", "pk")
    return list(lists if may_see_costs(request) else lists.exclude(trade=Trade.PURCHASES))


def _stock(request: HttpRequest, product: Product) -> Mapping[str, Any]:
    levels = StockLevel.objects.filter(product=product).select_related("warehouse").order_by("warehouse__name", "pk")
    return {
        "rows": [(level.warehouse, _figures(level), level.updated_at) for level in levels],
        "totals": _figures(product),
        "is_low": product.is_low,
    }


def _figures(row: Product | StockLevel) -> list[Decimal | None]:
    return [getattr(row, name) for name in FIGURES]


def _prices(request: HttpRequest, product: Product) -> Mapping[str, Any]:
    quantity, trouble = asked_quantity(request)
    lists = visible_lists(request)
    names = {price_list.pk: price_list for price_list in lists}
    reasonings = why_prices([product], lists, quantity=quantity)
    return {
        "quantity": quantity,
        "trouble": trouble,
        "prices": [(names[one.price_list_id], one, reasoning_lines(one)) for one in reasonings],
        "is_asked": "quantity" in request.GET,
    }


def _price_history(request: HttpRequest, product: Product) -> Mapping[str, Any] | None:
    changes = PriceChange.objects.filter(product=product).select_related("price_list")
    if not may_see_costs(request):
        changes = changes.exclude(price_list__trade=Trade.PURCHASES)
    latest = list(changes.order_by("-pk")[: LATEST + 1])
    return {"changes": latest[:LATEST], "has_more": len(latest) > LATEST} if latest else None


def _ledger(request: HttpRequest, product: Product) -> Mapping[str, Any] | None:
    entries = StockLedgerEntry.objects.filter(product=product).select_related("warehouse")
    latest = list(entries.order_by("-pk")[: LATEST + 1])
    return {"entries": latest[:LATEST], "has_more": len(latest) > LATEST} if latest else None


def reasoning_lines(reasoning: PriceReasoning) -> list[tuple[str, str]]:
    """The lines of a reasoning that a table of lists does not say already."""
    return reasoning.lines()[2:]


add_panels(
    Product,
    Panel(
        name="stock",
        title=gettext_lazy("Stock by warehouse"),
        template="admin/catalog/panels/stock.html",
        read=_stock,
        permissions=("catalog.view_stocklevel",),
        comes_first=True,
    ),
    Panel(
        name="prices",
        title=gettext_lazy("Prices by list, and why"),
        template="admin/catalog/panels/prices.html",
        read=_prices,
        permissions=("catalog.view_effectiveprice",),
        comes_first=True,
    ),
    Panel(
        name="price-history",
        title=gettext_lazy("Latest price changes"),
        template="admin/catalog/panels/price_history.html",
        read=_price_history,
        permissions=("catalog.view_pricechange",),
    ),
    Panel(
        name="ledger",
        title=gettext_lazy("Latest movements of stock"),
        template="admin/catalog/panels/ledger.html",
        read=_ledger,
        permissions=("catalog.view_stockledgerentry",),
    ),
)
