"""Promotions: one page for all that staff decide, what it does to prices, and who took it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.forms import ModelForm
from django.forms.widgets import Script
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext, pgettext
from django.utils.translation import gettext_lazy as _

from catalog.admin.images import small_picture, thumbnail
from commerce.admin.owned import OwnedAdmin
from commerce.admin.promotion_form import PICKED, PromotionForm
from commerce.admin.selling_words import NO_CODE, STATE_TONES
from commerce.admin.simulator import show_simulator
from commerce.choices import PromotionKind
from commerce.models import Promotion
from commerce.promotion_rules import PromotionState, state_of
from commerce.services.promotions import copy_promotion, remove_promotions, save_promotion, switch_promotions
from tsh_erp.admin_site.display import NOTHING, badge, moment, together
from tsh_erp.admin_site.figures import show_money, show_number

ABOUT = ("products", "skus", "categories", "brands")
BUYERS = ("customers", "customer_kinds", "price_lists")


class StateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, Any]]:
        return PromotionState.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.in_state(self.value(), timezone.now()) if self.value() else queryset  # type: ignore[attr-defined]


@admin.register(Promotion)
class PromotionAdmin(OwnedAdmin):
    form = PromotionForm
    change_form_template = "admin/commerce/promotion/change_form.html"
    list_display = ("name", "state", "gives", "shown_code", "window", "uses", "priority", "is_exclusive", "picture")
    list_filter = (StateFilter, "kind", "is_exclusive", "is_advertised")
    search_fields = ("name_ar", "name_en", "code")
    search_help_text = _("A word of a name, or a code")
    readonly_fields = ("state", "uses", "preview", "about")
    actions = ("switch_on", "switch_off", "copy")
    fieldsets = (
        (
            _("What is it called?"),
            {"fields": (("name_ar", "name_en"), ("description_ar", "description_en"), ("image", "preview"))},
        ),
        (
            _("What does it give?"),
            {"fields": ("kind", ("value", "currency"), "most", ("buy", "get"))},
        ),
        (_("For which products?"), {"fields": ABOUT}),
        (_("For whom?"), {"fields": BUYERS}),
        (_("What does it ask for?"), {"fields": ("code", "minimum", "minimum_quantity")}),
        (_("When does it run?"), {"fields": ("state", ("starts_at", "ends_at"), ("is_active", "is_advertised"))}),
        (_("How often?"), {"fields": (("usage_limit", "per_customer_limit"), "uses")}),
        (_("Together with others?"), {"fields": ("priority", "is_exclusive")}),
    )

    class Media:
        js = (Script("admin_site/promotion.js", defer=True),)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who may only look reads what it is about in words, in place of fields to choose with."""
        shown = super().get_fieldsets(request, obj)
        may_write = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        if may_write:
            return shown
        kept = [(title, options) for title, options in shown if options["fields"] not in (ABOUT, BUYERS)]
        return [*kept, (_("For which products and for whom?"), {"fields": ("about",)})]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("simulator/", view(self.simulate), name="commerce_promotion_simulator"),
            path("check/", view(self.check_form), name="commerce_promotion_check"),
            *super().get_urls(),
        ]

    def list_tools(self, request: HttpRequest) -> list[tuple[str, str]]:
        simulator = (gettext("Simulator"), reverse("admin:commerce_promotion_simulator"))
        return [*super().list_tools(request), simulator]

    def page_tools(self, request: HttpRequest, row: Any) -> list[tuple[str, str]]:
        query = {"codes": row.code} if row.code else None
        return [(gettext("Try it in the simulator"), reverse("admin:commerce_promotion_simulator", query=query))]

    def simulate(self, request: HttpRequest) -> HttpResponse:
        """What a cart would cost, with the reason for every promotion; nothing is written."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return show_simulator(request, self.admin_site.each_context(request))

    def check_form(self, request: HttpRequest) -> HttpResponse:
        """What is wrong with the form as it stands, by field; nothing is written. `?pk=` of a stored promotion."""
        if not (self.has_add_permission(request) or self.has_change_permission(request)):
            raise PermissionDenied
        key = request.GET.get("pk", "")
        stored = Promotion.objects.filter(pk=int(key)).first() if key.isdecimal() and len(key) < 19 else None
        form = self.get_form(request, stored, change=stored is not None)(request.POST, instance=stored)
        form.is_valid()
        return JsonResponse({"errors": {name: list(errors) for name, errors in form.errors.items()}})

    def store(self, request: HttpRequest, row: Promotion, form: ModelForm[Any], *, at: datetime) -> None:
        save_promotion(row, form.targets(), at=at)  # type: ignore[attr-defined]

    def remove(self, keys: Sequence[int], *, at: datetime) -> None:
        remove_promotions(keys, at=at)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        query: Mapping[str, str] | None = {"pk": object_id} if object_id else None
        check = reverse("admin:commerce_promotion_check", query=query)
        return super().changeform_view(request, object_id, form_url, {**(extra_context or {}), "check": check})

    @admin.action(description=_("Switch on"), permissions=["change"])
    def switch_on(self, request: HttpRequest, queryset: QuerySet[Promotion]) -> None:
        self._switch(request, queryset, on=True)

    @admin.action(description=_("Switch off"), permissions=["change"])
    def switch_off(self, request: HttpRequest, queryset: QuerySet[Promotion]) -> None:
        self._switch(request, queryset, on=False)

    @admin.action(description=_("Copy, switched off and without code"), permissions=["add"])
    def copy(self, request: HttpRequest, queryset: QuerySet[Promotion]) -> None:
        copies = [
            copy_promotion(key, at=timezone.now()) for key in queryset.order_by("pk").values_list("pk", flat=True)
        ]
        for one in copies:
            self.log_addition(request, one, "copy")
        text = ngettext("%(count)d promotion was copied.", "%(count)d promotions were copied.", len(copies))
        self.message_user(request, text % {"count": len(copies)}, messages.SUCCESS)

    def _switch(self, request: HttpRequest, queryset: QuerySet[Promotion], *, on: bool) -> None:
        rows = list(queryset.exclude(is_active=on).order_by("pk"))
        try:
            count = switch_promotions([one.pk for one in rows], on=on, at=timezone.now())
        except ValidationError as error:
            self.message_user(request, " ".join(error.messages), messages.ERROR)
            return
        for one in rows:
            self.log_change(request, one, "switched on" if on else "switched off")
        text = ngettext("%(count)d promotion was switched.", "%(count)d promotions were switched.", count)
        self.message_user(request, text % {"count": count}, messages.SUCCESS if count else messages.WARNING)

    @admin.display(description=_("name"))
    def name(self, promotion: Promotion) -> SafeString:
        return format_html("<bdi>{}</bdi>", promotion.name)

    @admin.display(description=_("image"))
    def picture(self, promotion: Promotion) -> SafeString | str:
        return small_picture(promotion.image)

    @admin.display(description=_("preview"))
    def preview(self, promotion: Promotion) -> SafeString | str:
        return thumbnail(promotion.image, promotion.name)

    @admin.display(description=_("state"))
    def state(self, promotion: Promotion) -> SafeString | str:
        if promotion._state.adding:
            return NOTHING
        state = state_of(promotion, at=timezone.now())
        return badge(state.label, STATE_TONES[state])

    @admin.display(description=_("gives"), ordering="kind")
    def gives(self, promotion: Promotion) -> SafeString | str:
        if promotion.kind == PromotionKind.PERCENTAGE:
            return format_html("{} %", show_number(promotion.value) or "")
        if promotion.kind == PromotionKind.FIXED:
            return show_money(promotion.value, promotion.currency) or NOTHING
        if promotion.kind == PromotionKind.BUY_X_GET_Y:
            return gettext("%(buy)d + %(get)d free") % {"buy": promotion.buy, "get": promotion.get}
        return str(promotion.get_kind_display())

    @admin.display(description=_("code"), ordering="code")
    def shown_code(self, promotion: Promotion) -> SafeString | str:
        return format_html('<bdi dir="ltr">{}</bdi>', promotion.code) if promotion.code else str(NO_CODE)

    @admin.display(description=_("from – until"), ordering="starts_at")
    def window(self, promotion: Promotion) -> SafeString:
        ends = moment(promotion.ends_at) if promotion.ends_at else pgettext("promotion", "open end")
        return format_html("{} – {}", moment(promotion.starts_at), ends)

    @admin.display(description=_("orders so far"), ordering="used")
    def uses(self, promotion: Promotion) -> SafeString:
        limit = "∞" if promotion.usage_limit is None else promotion.usage_limit
        return format_html('<bdi dir="ltr">{} / {}</bdi>', promotion.used, limit)

    @admin.display(description=_("it is for"))
    def about(self, promotion: Promotion) -> SafeString | str:
        rows = promotion.targets.select_related(*PICKED.values())[:200] if promotion.pk else ()
        return (
            together(format_html("<bdi>{}</bdi>", one) for one in rows) if rows else gettext("everything and everybody")
        )
