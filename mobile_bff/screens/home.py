"""The first screen: everything that it shows in one answer."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import structlog
from django.db.models import Count, Max, Subquery, Sum
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view

from catalog.choices import Subject
from commerce.credit import read_credit
from commerce.models import Banner, Customer, Invoice
from mobile_bff.advertising import advertised
from mobile_bff.callers import Caller
from mobile_bff.cards import KNOWN_FIELDS, Card, picture, read_shelf
from mobile_bff.carts import cart_of
from mobile_bff.catalogue_shapes import CUSTOMER, FIELDS, TAGS, HomeShape
from mobile_bff.category_tree import category_cards, read_tree
from mobile_bff.money import money, money_or_none
from mobile_bff.parameters import number_of, words_of
from mobile_bff.screens.caching import CARD_SUBJECTS
from mobile_bff.screens.view import Screen
from mobile_bff.shelves import (
    Keys,
    best_sellers,
    featured,
    latest_invoices,
    new_arrivals,
    read_shelves,
    recently_ordered,
)
from mobile_bff.versions import store_url

log = structlog.get_logger(__name__)

SHELVES: Mapping[str, Callable[..., Keys | None]] = {
    "featured_products": featured,
    "best_sellers": best_sellers,
    "new_arrivals": new_arrivals,
    "recently_ordered": recently_ordered,
}
SECTIONS = ("banners", "categories", "promotions", *SHELVES)
DEFAULT_LIMIT, MOST = 10, 20
MOST_BANNERS, MOST_CATEGORIES = 10, 24


@extend_schema_view(
    get=extend_schema(
        operation_id="mobile_home",
        tags=TAGS,
        parameters=[
            OpenApiParameter("sections", str, description=f"Only these, between commas: {', '.join(SECTIONS)}."),
            OpenApiParameter("limit", int, description="Products in a section: 10, at most 20."),
            FIELDS,
            CUSTOMER,
        ],
        responses=HomeShape,
    )
)
class Home(Screen):
    """`GET home`: open to guests. A section that fails is empty and named in `meta.degraded`."""

    subjects = (*CARD_SUBJECTS, Subject.CATEGORIES, Subject.PROMOTIONS)
    parameters = ("sections", "limit", "fields", "customer_id")
    open_in_maintenance = True

    def scope(self) -> tuple[Any, ...]:
        """The cart, what the customer owes, and what was ordered last: these change without the catalogue."""
        caller = self.caller
        self.item_count, *own = read_own(caller)
        self.customer = _customer_block(caller) if caller.customer is not None else None
        return (self.item_count, *own, repr(self.customer), self.request.headers.get("X-Platform", ""))

    def content(self) -> dict[str, Any]:
        asked = words_of(self.request, "sections", SECTIONS)
        limit = number_of(self.request, "limit", default=DEFAULT_LIMIT, most=MOST)
        fields = words_of(self.request, "fields", KNOWN_FIELDS)
        shown = () if self.standing.settings.in_maintenance else SECTIONS
        wanted = [name for name in shown if asked is None or name in asked]
        sections: dict[str, Any] = {name: [] for name in SECTIONS}
        plain: Mapping[str, Callable[[], Any]] = {
            "banners": self._banners,
            "categories": self._categories,
            "promotions": self._promotions,
        }
        for name, read in plain.items():
            if name in wanted:
                sections[name] = self._optional([name], read, instead=[])
        if shelves := [name for name in wanted if name in SHELVES]:
            sections |= self._optional(shelves, lambda: self._shelves(shelves, limit, fields), instead={})
        return {
            "app": self._app(),
            "layout": wanted,
            **sections,
            "cart": {"item_count": self.item_count},
            "customer": self.customer,
        }

    def _optional(self, names: Collection[str], read: Callable[[], Any], *, instead: Any) -> Any:
        """What `read` answers; whatever goes wrong there must not take the rest of the screen with it."""
        try:
            return read()
        except Exception:
            log.exception("section_failed", sections=sorted(names))
            self.degraded += names
            return instead

    def _app(self) -> dict[str, Any]:
        chosen = self.standing.settings
        return {
            "min_version": chosen.minimum_version,
            "latest_version": chosen.latest_version,
            "maintenance": chosen.in_maintenance,
            "maintenance_message": (chosen.maintenance_message or None) if chosen.in_maintenance else None,
            "store_url": store_url(chosen, self.request.headers.get("X-Platform", "")),
        }

    def _banners(self) -> list[dict[str, Any]]:
        shown = Banner.objects.shown(self.standing.at, self.caller.audience)
        return [_banner(row) for row in shown[:MOST_BANNERS]]

    def _categories(self) -> list[dict[str, Any]]:
        """The top ones that have something."""
        tree = read_tree(self.caller, self.standing)
        return category_cards(tree, None, self.caller.language)[:MOST_CATEGORIES]

    def _promotions(self) -> list[dict[str, Any]]:
        return [one.card() for one in advertised(self.caller, self.standing)]

    def _shelves(self, names: Collection[str], limit: int, fields: Collection[str] | None) -> dict[str, list[Card]]:
        keys = read_shelves({name: SHELVES[name](self.caller, limit) for name in names})
        shelf = read_shelf(list({pk for some in keys.values() for pk in some}), self.caller)
        return {name: [shelf.card(pk, fields) for pk in some if shelf.sells(pk)] for name, some in keys.items()}


def read_own(caller: Caller) -> tuple[Any, ...]:
    """How many lines the cart has, its key and version, and what changes with the latest invoices.

    One query; none for who can have no cart.
    """
    carts = cart_of(caller)
    if carts is None:
        return 0, None, None
    counted = carts.annotate(lines=Count("items")).order_by()
    if caller.customer is None:
        return counted.values_list("lines", "pk", "version").first() or (0, None, None)
    latest = latest_invoices(caller.customer).values("pk")
    bought = Invoice.objects.filter(pk__in=latest).order_by().values("customer")
    parts = [
        *(counted.values(name) for name in ("lines", "pk", "version")),
        bought.annotate(keys=Sum("pk")).values("keys"),
        bought.annotate(changed=Max("updated_at")).values("changed"),
    ]
    row = Customer.objects.filter(pk=caller.customer.pk).values_list(*[Subquery(part) for part in parts]).first()
    lines, *others = row or (0, None, None)
    return lines or 0, *others


def _customer_block(caller: Any) -> dict[str, Any]:
    """Who buys, and how they stand with us, in the currency that credit is given in."""
    customer = caller.customer
    credit = read_credit(customer, base_currency=caller.settings.currency)
    name = customer.name_ar or customer.name if caller.language.startswith("ar") else customer.name
    return {
        "id": str(customer.pk),
        "name": name,
        "balance": money(credit.balance, credit.currency),
        "credit_available": money_or_none(credit.available, credit.currency),
    }


def _banner(row: Banner) -> dict[str, Any]:
    target = row.target
    return {
        "id": str(row.pk),
        "title": row.title,
        "image": picture(row.image),
        "action": {"type": row.action, "id": None if target is None else str(target)},
    }
