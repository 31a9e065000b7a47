"""The part of a product's page that only this app knows: where it was sold lately."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.models import Product
from commerce.sales import sales_of_product, sold_lines
from tsh_erp.admin_site.panels import Panel, add_panels

DAYS = 90
MOST = 10


def _sold(request: HttpRequest, product: Product) -> Mapping[str, Any]:
    since = timezone.localdate() - timedelta(days=DAYS)
    return {
        "days": DAYS,
        "sales": sales_of_product(product.pk, since=since),
        "lines": list(sold_lines(product.pk, since=since)[:MOST]),
    }


add_panels(
    Product,
    Panel(
        name="sold",
        title=_("Sold lately"),
        template="admin/commerce/panels/sold.html",
        read=_sold,
        permissions=("commerce.view_invoice", "commerce.view_customer"),
    ),
)
