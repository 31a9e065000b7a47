"""Carts as they lie, and those that somebody filled and left: how old they are and what they are worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext_lazy, pgettext
from django.utils.translation import gettext_lazy as _

from catalog.admin.searching import FoundByProduct
from commerce.admin.app_orders import show_age
from commerce.admin.by_customer import of_customers
from commerce.choices import CartState
from commerce.models import Cart, CartItem
from tsh_erp.admin_site.display import NOTHING, Tone, badge, moment, row_link
from tsh_erp.admin_site.figures import show_money, with_figures
from tsh_erp.admin_site.panels import Panel, add_panels
from tsh_erp.admin_site.read_only import GrowingTableAdmin

ABANDONED_AFTER = (1, 3, 7, 30)  # days untouched
TONES = {CartState.ACTIVE: Tone.GOOD, CartState.ORDERED: Tone.BUSY, CartState.MERGED: Tone.QUIET}


class AbandonedFilter(admin.SimpleListFilter):
    """Carts with something in them that nobody has touched for so long."""

    title = _("abandoned")
    parameter_name = "abandoned"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, Any]]:
        text = ngettext_lazy("for over %(days)d day", "for over %(days)d days", "days")
        return [(str(days), text % {"days": days}) for days in ABANDONED_AFTER]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in {str(days) for days in ABANDONED_AFTER}:
            return queryset
        left_at = timezone.now() - timedelta(days=int(self.value() or 0))
        return queryset.filter(pk__in=Cart.objects.abandoned(left_at).order_by().values("pk"))


class OwnerFilter(admin.SimpleListFilter):
    title = _("whose")
    parameter_name = "owner"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, Any]]:
        return [("customer", _("customers")), ("guest", _("guests"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        wanted = {"customer": Q(customer__isnull=False), "guest": Q(customer__isnull=True)}
        return queryset.filter(wanted.get(self.value() or "", Q()))


@admin.register(Cart)
class CartAdmin(GrowingTableAdmin):
    list_display = ("owner", "state_badge", "line_count", "value", "untouched", "updated_at", "codes")
    list_filter = (AbandonedFilter, "state", OwnerFilter)
    list_select_related = ("customer",)
    search_help_text = _("A customer by name or phone, as people spell it")
    search_fields = ("customer__name",)
    fields = (
        ("owner_page", "state_badge"),
        ("value", "line_count"),
        "codes",
        ("created_at", "updated_at", "untouched"),
        ("expires_at", "version"),
    )
    readonly_fields = (
        "owner_page",
        "state_badge",
        "value",
        "line_count",
        "codes",
        "untouched",
        "created_at",
        "updated_at",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        lines = CartItem.objects.filter(cart=OuterRef("pk")).order_by().values("cart")
        rows: QuerySet[Any] = super().get_queryset(request)
        counted: QuerySet[Any] = rows.annotate(
            lines=Subquery(lines.annotate(count=Count("pk")).values("count")),
            worth=Subquery(lines.annotate(sum=Sum(F("quantity") * F("unit_price"))).values("sum")),
        )
        return counted

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        typed = search_term.strip()
        if not typed:
            return queryset, False
        return queryset.filter(of_customers(typed)), False

    @admin.display(description=_("whose"), ordering="customer__name")
    def owner(self, cart: Cart) -> str:
        return str(cart.customer) if cart.customer else gettext("guest %(number)d") % {"number": cart.pk}

    @admin.display(description=_("whose"))
    def owner_page(self, cart: Cart) -> SafeString | str:
        return row_link(cart.customer) if cart.customer else pgettext("cart", "a guest's phone")

    @admin.display(description=_("state"), ordering="state")
    def state_badge(self, cart: Cart) -> SafeString:
        return badge(cart.get_state_display(), TONES[CartState(cart.state)])

    @admin.display(description=_("lines"), ordering="lines")
    def line_count(self, cart: Any) -> int:
        return cart.lines or 0

    @admin.display(description=_("value"), ordering="worth")
    def value(self, cart: Any) -> SafeString | str:
        return show_money(cart.worth, cart.currency) or NOTHING

    @admin.display(description=_("untouched for"), ordering="-updated_at")
    def untouched(self, cart: Cart) -> str:
        return show_age(cart.updated_at) if cart.state == CartState.ACTIVE else NOTHING

    @admin.display(description=_("codes"))
    def codes(self, cart: Cart) -> str:
        return ", ".join(cart.coupon_codes) or NOTHING


def _lines(request: HttpRequest, cart: Cart) -> Mapping[str, Any]:
    rows = cart.items.select_related("product", "price_list").order_by("pk")
    return {"lines": [(row, row.quantity * row.unit_price, moment(row.priced_at)) for row in rows]}


add_panels(
    Cart,
    Panel(name="lines", title=_("What is in it"), template="admin/commerce/panels/cart_lines.html", read=_lines),
)


@admin.register(CartItem)
@with_figures(CartItem)
class CartItemAdmin(FoundByProduct, GrowingTableAdmin):
    list_display = ("product", "quantity", "shown_unit_price", "currency", "price_list", "priced_at", "cart_page")
    list_select_related = ("product", "price_list", "cart__customer")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [column.name for column in self.opts.concrete_fields]

    @admin.display(description=_("cart"))
    def cart_page(self, item: CartItem) -> SafeString | str:
        return row_link(item.cart, str(item.cart.customer or f"#{item.cart_id}"))
