"""What a promotion's page shows besides its fields: what it does to prices, and which orders took it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Count, Sum
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from commerce.admin.selling_words import REFUSALS
from commerce.models import Promotion
from commerce.promotion_examples import example_effects
from tsh_erp.admin_site.panels import Panel, add_panels

MOST = 10


def _effects(request: HttpRequest, promotion: Promotion) -> Mapping[str, Any]:
    examples = example_effects(promotion)
    return {"examples": [(one, "" if one.refusal is None else REFUSALS[one.refusal]) for one in examples]}


def _uses(request: HttpRequest, promotion: Promotion) -> Mapping[str, Any] | None:
    uses = list(promotion.uses.select_related("order", "customer").order_by("-pk")[: MOST + 1])
    if not uses:
        return None
    given = (
        promotion.uses.counting().order_by("currency").values("currency").annotate(sum=Sum("amount"), count=Count("pk"))
    )
    return {"uses": uses[:MOST], "has_more": len(uses) > MOST, "given": list(given)}


add_panels(
    Promotion,
    Panel(
        name="effects",
        title=_("What it does to the price of some of its products"),
        template="admin/commerce/panels/promotion_effects.html",
        read=_effects,
        permissions=("catalog.view_product",),
        comes_first=True,
    ),
    Panel(
        name="uses",
        title=_("Orders that took it"),
        template="admin/commerce/panels/promotion_uses.html",
        read=_uses,
        permissions=("commerce.view_apporder",),
    ),
)
