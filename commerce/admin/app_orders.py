"""Orders from the apps: what waits to be sent to Zoho and for how long, and each with its figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from catalog.admin.searching import FoundByProduct
from commerce.admin.asking import ReasonForm, ask, note_change
from commerce.admin.by_customer import of_customers
from commerce.admin.selling_words import ORDER_TONES
from commerce.choices import Governorate
from commerce.models import AppOrder, AppOrderLine
from commerce.refusals import OrderRefused
from commerce.services.orders import cancel
from tsh_erp.admin_site.display import NOTHING, Tone, badge, row_link
from tsh_erp.admin_site.figures import show_money, with_figures
from tsh_erp.admin_site.panels import Panel, add_panels
from tsh_erp.admin_site.people import person
from tsh_erp.admin_site.read_only import GrowingTableAdmin

LATE_AFTER = timedelta(hours=1)
"""An order that waits for longer to be sent is shown as late."""

UNSENT = {"sending": "unsent"}
DISCOUNTS = ("items_discount", "shipping_discount")
SUMS = ("items_subtotal", "items_discount", "shipping", "shipping_discount", "tax")


class SendingFilter(admin.SimpleListFilter):
    """Whether Zoho knows of it."""

    title = _("sending to Zoho")
    parameter_name = "sending"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, Any]]:
        return [("unsent", _("waits to be sent")), ("late", _("waits for over an hour")), ("sent", _("sent"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        unsent = AppOrder.objects.unsent().order_by()
        if self.value() == "unsent":
            return queryset.filter(pk__in=unsent.values("pk")).order_by("placed_at", "pk")
        if self.value() == "late":
            late = unsent.filter(placed_at__lte=timezone.now() - LATE_AFTER)
            return queryset.filter(pk__in=late.values("pk")).order_by("placed_at", "pk")
        return queryset.filter(sent_at__isnull=False) if self.value() == "sent" else queryset


@admin.register(AppOrder)
@with_figures(AppOrder)
class AppOrderAdmin(GrowingTableAdmin):
    """What was agreed stays as it was; all that staff do with an order is to cancel it."""

    list_display = ("number", "placed_at", "customer", "state", "waits", "to_pay", "payment_name", "app", "sales_order")
    list_filter = (SendingFilter, "status", "payment_kind", "placed_at")
    list_select_related = ("customer", "sales_order")
    search_help_text = _("A number; or the customer by name or phone, as people spell it")
    search_fields = ("number",)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("number", "state"),
                    ("customer_page", "placer", "app"),
                    ("placed_at", "waits"),
                    ("payment_name", "payment_kind"),
                    "delivery_name",
                    "delivered_to",
                    "codes",
                    "note",
                )
            },
        ),
        (_("Zoho"), {"fields": (("sent_at", "order_page"), ("shown_exchange_rate", "exchange_rate_date"))}),
        (_("Cancellation"), {"fields": (("cancelled_at", "cancelled_by"), "cancel_reason")}),
    )
    readonly_fields = (
        "state",
        "placer",
        "codes",
        "customer_page",
        "waits",
        "delivered_to",
        "order_page",
        "shown_exchange_rate",
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        typed = search_term.strip()
        if not typed:
            return queryset, False
        by_customer = of_customers(typed)
        return queryset.filter(Q(number__iendswith=typed) | by_customer), False

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.cancel_page)
        return [path("<int:pk>/cancel/", view, name="commerce_apporder_cancel"), *super().get_urls()]

    def page_tools(self, request: HttpRequest, row: Any) -> list[tuple[str, str]]:
        if not (row.can_be_cancelled and self._may_cancel(request)):
            return []
        return [(gettext("Cancel the order"), reverse("admin:commerce_apporder_cancel", args=[row.pk]))]

    def _may_cancel(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and request.user.has_perm("commerce.change_apporder")

    def cancel_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Asks for a reason; then stock and promotions are given back."""
        if not self._may_cancel(request):
            raise PermissionDenied
        order = get_object_or_404(AppOrder.objects.select_related("customer"), pk=pk)
        form = ReasonForm(request.POST if request.method == "POST" else None)
        page = HttpResponseRedirect(reverse("admin:commerce_apporder_change", args=[pk]))
        if not order.can_be_cancelled:
            self.message_user(request, gettext("This order can no longer be cancelled here."), messages.WARNING)
            return page
        if not form.is_valid():
            context = {"title": gettext("Cancel the order"), "form": form, "to_pay": self.to_pay(order)}
            context["uses"] = order.promotion_uses.select_related("promotion")
            return ask(self, request, order, "admin/commerce/apporder/cancel.html", context)
        reason = form.cleaned_data["reason"]
        try:
            cancel(pk, cancelled_by=person(request), reason=reason, at=timezone.now())
        except OrderRefused:  # it was sent while somebody thought about the reason
            self.message_user(request, gettext("This order can no longer be cancelled here."), messages.ERROR)
            return page
        note_change(request, order, f"cancel: {reason}")
        self.message_user(request, gettext("The order was cancelled."), messages.SUCCESS)
        return page

    @admin.display(description=_("status"), ordering="status")
    def state(self, order: AppOrder) -> SafeString:
        return badge(order.get_status_display(), ORDER_TONES[order.status])

    @admin.display(description=pgettext_lazy("order", "waits for"))
    def waits(self, order: AppOrder) -> SafeString | str:
        if not order.can_be_cancelled:
            return NOTHING
        return badge(show_age(order.placed_at), Tone.WARNING if is_late(order.placed_at) else Tone.QUIET)

    @admin.display(description=_("payable"), ordering="payable")
    def to_pay(self, order: AppOrder) -> SafeString | str:
        return show_money(order.payable, order.currency) or NOTHING

    @admin.display(description=_("placed by"))
    def placer(self, order: AppOrder) -> SafeString | str:
        """The customer's own people, or the member of staff who acted for them."""
        user = order.placed_by
        if user is None:
            return NOTHING
        return format_html("<bdi>{}</bdi>", user.get_full_name() or user.get_username())

    @admin.display(description=_("codes"))
    def codes(self, order: AppOrder) -> str:
        return ", ".join(order.coupon_codes) or NOTHING

    @admin.display(description=_("customer"))
    def customer_page(self, order: AppOrder) -> SafeString | str:
        return row_link(order.customer)

    @admin.display(description=_("sales order"))
    def order_page(self, order: AppOrder) -> SafeString | str:
        return row_link(order.sales_order)

    @admin.display(description=_("delivered to"))
    def delivered_to(self, order: AppOrder) -> SafeString | str:
        """The address as it was when the order was placed."""
        names = dict(Governorate.choices)
        words = ("recipient", "phone", "district", "landmark", "details")
        lines = [order.address.get(name) for name in words]
        lines.insert(2, names.get(order.address.get("governorate", ""), ""))
        return format_html_join("", "<div><bdi>{}</bdi></div>", ((line,) for line in lines if line)) or NOTHING


def show_age(since: datetime) -> str:
    """How long ago it was, in one unit: "3 hours"."""
    return timesince(since, depth=1)


def is_late(placed_at: datetime) -> bool:
    return timezone.now() - placed_at > LATE_AFTER


def _lines(request: HttpRequest, order: AppOrder) -> Mapping[str, Any]:
    return {"lines": order.lines.select_related("product", "price_list")}


def _signed(order: AppOrder, name: str) -> Decimal:
    amount: Decimal = getattr(order, name)
    return -amount if amount and name in DISCOUNTS else amount


def _sums(request: HttpRequest, order: AppOrder) -> Mapping[str, Any]:
    names = {name: AppOrder._meta.get_field(name).verbose_name for name in SUMS}  # type: ignore[union-attr]
    return {
        "parts": [(names[name], _signed(order, name)) for name in SUMS],
        "uses": order.promotion_uses.select_related("promotion"),
    }


add_panels(
    AppOrder,
    Panel(name="lines", title=_("Lines"), template="admin/commerce/panels/app_order_lines.html", read=_lines),
    Panel(name="sums", title=_("Amounts"), template="admin/commerce/panels/app_order_sums.html", read=_sums),
)


@admin.register(AppOrderLine)
@with_figures(AppOrderLine)
class AppOrderLineAdmin(FoundByProduct, GrowingTableAdmin):
    list_display = ("order", "position", "product", "quantity", "shown_unit_price", "shown_total", "is_holding")
    list_filter = ("is_holding",)
    list_select_related = ("order", "product")
    ordering = ("-order_id", "position")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [column.name for column in self.opts.concrete_fields]
