"""What staff decide for the phones: the settings of the apps, banners, ways of delivery and payment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override, pgettext_lazy

from catalog.admin.images import small_picture, thumbnail
from catalog.choices import Trade
from catalog.models import PriceList
from commerce.admin.owned import OwnedAdmin, OwnedForm
from commerce.choices import Governorate
from commerce.models import AppSettings, Banner, DeliveryMethod, PaymentMethod
from commerce.models.app_settings import THE_ONE
from commerce.models.naming import in_language
from commerce.services.shop import (
    remove_rows,
    save_app_settings,
    save_banner,
    save_delivery_method,
    save_payment_method,
)
from tsh_erp.admin_site.display import NOTHING, Tone, badge
from tsh_erp.admin_site.figures import show_money
from tsh_erp.admin_site.panels import Panel, add_panels

LANGUAGES = (("ar", "rtl"), ("en", "ltr"))


class MethodForm(OwnedForm):
    """A method needs a name in one language at least, or nobody could choose it."""

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not (values.get("name_ar") or values.get("name_en")):
            self.add_error("name_ar", forms.ValidationError(_("Give it a name in at least one language."), code="name"))
        least, most = values.get("least_days"), values.get("most_days")
        if least is not None and most is not None and most < least:
            text = _("%(value)s is fewer than the least number of days.")
            self.add_error("most_days", forms.ValidationError(text, code="days", params={"value": most}))
        return values


class DeliveryForm(MethodForm):
    governorates = forms.MultipleChoiceField(
        choices=Governorate.choices,
        required=False,
        label=capfirst(_("governorates")),
        help_text=_("Nothing chosen: it goes everywhere."),
        widget=forms.CheckboxSelectMultiple,
    )


@admin.register(DeliveryMethod)
class DeliveryMethodAdmin(OwnedAdmin):
    form = DeliveryForm
    list_display = ("name", "name_en", "shown_price", "days", "reach", "needs_address", "is_active", "position")
    list_filter = ("is_active", "currency")
    search_fields = ("name_ar", "name_en")
    fieldsets = (
        (None, {"fields": (("name_ar", "name_en"), ("price", "currency"), ("least_days", "most_days"))}),
        (_("Where to?"), {"fields": ("governorates", "needs_address")}),
        (_("In the apps"), {"fields": (("is_active", "position"),)}),
    )

    def store(self, request: HttpRequest, row: Any, form: Any, *, at: datetime) -> None:
        save_delivery_method(row, at=at)

    def remove(self, keys: Sequence[int], *, at: datetime) -> None:
        remove_rows(DeliveryMethod, keys, at=at)

    @admin.display(description=_("price"), ordering="price")
    def shown_price(self, method: DeliveryMethod) -> SafeString | str:
        return show_money(method.price, method.currency) or NOTHING

    @admin.display(description=_("days"))
    def days(self, method: DeliveryMethod) -> str:
        return f"{method.least_days}–{method.most_days}"

    @admin.display(description=_("goes to"))
    def reach(self, method: DeliveryMethod) -> str:
        names = dict(Governorate.choices)
        return ", ".join(str(names.get(code, code)) for code in method.governorates) or str(_("everywhere"))


@admin.register(PaymentMethod)
class PaymentMethodAdmin(OwnedAdmin):
    form = MethodForm
    list_display = ("name", "name_en", "code", "kind", "is_active", "position")
    list_filter = ("is_active", "kind")
    search_fields = ("name_ar", "name_en", "code")
    fieldsets = (
        (None, {"fields": (("name_ar", "name_en"), "code", "kind")}),
        (_("In the apps"), {"fields": (("is_active", "position"),)}),
    )

    def store(self, request: HttpRequest, row: Any, form: Any, *, at: datetime) -> None:
        save_payment_method(row, at=at)

    def remove(self, keys: Sequence[int], *, at: datetime) -> None:
        remove_rows(PaymentMethod, keys, at=at)


class BannerStateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, Any]]:
        return [
            ("shown", pgettext_lazy("banner", "shown")),
            ("planned", pgettext_lazy("banner", "planned")),
            ("over", pgettext_lazy("banner", "over")),
            ("off", pgettext_lazy("banner", "switched off")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        now = timezone.now()
        over, planned = Q(ends_at__isnull=False, ends_at__lte=now), Q(starts_at__isnull=False, starts_at__gt=now)
        wanted = {
            "shown": Q(~over, ~planned, is_active=True),
            "planned": Q(~over, planned, is_active=True),
            "over": Q(over, is_active=True),
            "off": Q(is_active=False),
        }
        return queryset.filter(wanted.get(self.value() or "", Q()))


ACTION_FIELDS = {
    "category": "category",
    "product": "product",
    "promotion": "promotion",
    "search": "search_words",
    "link": "link",
}


class BannerForm(OwnedForm):
    """What opens must be named; the constraint says only that something is wrong."""

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        needed = ACTION_FIELDS.get(values.get("action") or "")
        if needed and needed not in self.errors and not values.get(needed):
            self.add_error(needed, forms.ValidationError(_("Say what the banner opens."), code="required"))
        starts, ends = values.get("starts_at"), values.get("ends_at")
        if starts and ends and ends <= starts:
            text = _("%(value)s is not after the start.")
            self.add_error("ends_at", forms.ValidationError(text, code="order", params={"value": ends}))
        return values


@admin.register(Banner)
class BannerAdmin(OwnedAdmin):
    form = BannerForm
    list_display = ("picture", "title", "state", "action", "audience", "starts_at", "ends_at", "position")
    list_display_links = ("picture", "title")
    list_filter = (BannerStateFilter, "audience", "action")
    search_fields = ("title_ar", "title_en")
    autocomplete_fields = ("category", "product", "promotion")
    readonly_fields = ("preview", "state")
    fieldsets = (
        (None, {"fields": (("title_ar", "title_en"), ("image", "preview"))}),
        (_("What does it open?"), {"fields": ("action", "category", "product", "promotion", "search_words", "link")}),
        (_("Who sees it, and when?"), {"fields": ("audience", "state", ("starts_at", "ends_at"))}),
        (_("In the apps"), {"fields": (("is_active", "position"),)}),
    )

    def store(self, request: HttpRequest, row: Any, form: Any, *, at: datetime) -> None:
        save_banner(row, at=at)

    def remove(self, keys: Sequence[int], *, at: datetime) -> None:
        remove_rows(Banner, keys, at=at)

    @admin.display(description=_("image"))
    def picture(self, banner: Banner) -> SafeString | str:
        return small_picture(banner.image) or NOTHING

    @admin.display(description=_("preview"))
    def preview(self, banner: Banner) -> SafeString | str:
        return thumbnail(banner.image, banner.title)

    @admin.display(description=_("title"))
    def title(self, banner: Banner) -> str:
        return banner.title or NOTHING

    @admin.display(description=_("state"))
    def state(self, banner: Banner) -> SafeString | str:
        now = timezone.now()
        if banner._state.adding:
            return NOTHING
        if not banner.is_active:
            return badge(pgettext_lazy("banner", "switched off"), Tone.QUIET)
        if banner.ends_at is not None and banner.ends_at <= now:
            return badge(pgettext_lazy("banner", "over"), Tone.QUIET)
        if banner.starts_at is not None and banner.starts_at > now:
            return badge(pgettext_lazy("banner", "planned"), Tone.BUSY)
        return badge(pgettext_lazy("banner", "shown"), Tone.GOOD)


@admin.register(AppSettings)
class AppSettingsAdmin(OwnedAdmin):
    """One row: its list is its page, and before it is saved the page shows what holds."""

    fieldsets = (
        (_("Prices and stock"), {"fields": ("consumer_price_list", "currency", "stock_clock")}),
        (_("What customers see of the stock"), {"fields": (("low_stock_threshold", "shown_stock_cap"),)}),
        (_("Taxes and cash"), {"fields": (("tax_rate", "shipping_tax_rate"), "prices_include_tax", "cash_rounding")}),
        (
            _("Versions of the apps"),
            {"fields": (("minimum_version", "latest_version"), ("android_store_url", "ios_store_url"))},
        ),
        (_("Maintenance"), {"fields": ("in_maintenance", ("maintenance_message_ar", "maintenance_message_en"))}),
    )

    def store(self, request: HttpRequest, row: Any, form: Any, *, at: datetime) -> None:
        save_app_settings(row, at=at)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return HttpResponseRedirect(reverse("admin:commerce_appsettings_change", args=[THE_ONE]))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> AppSettings | None:
        return AppSettings.objects.current() if object_id == str(THE_ONE) else None

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "consumer_price_list":
            live = PriceList.objects.filter(is_active=True, retired_at__isnull=True).exclude(trade=Trade.PURCHASES)
            chosen = AppSettings.objects.order_by().values("consumer_price_list")
            kwargs["queryset"] = (live | PriceList.objects.filter(pk__in=chosen)).order_by(F("name"))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


def _on_phones(request: HttpRequest, settings: AppSettings) -> Mapping[str, Any]:
    """What phones show while closed, and those that are too old, in both languages."""
    phones = []
    for language, direction in LANGUAGES:
        message = in_language(settings.maintenance_message_ar, settings.maintenance_message_en, language)
        with override(language):
            words = {
                "closed": str(_("We will be back soon")),
                "message": message,
                "update": str(_("Please update the app")),
                "oldest": str(_("This version is no longer supported. The oldest that is: %(version)s"))
                % {"version": settings.minimum_version},
            }
        phones.append({"language": language, "direction": direction, **words})
    return {"phones": phones, "settings": settings}


def _banner_on_phones(request: HttpRequest, banner: Banner) -> Mapping[str, Any] | None:
    if not banner.image:
        return None
    phones = [
        {"language": language, "direction": way, "title": in_language(banner.title_ar, banner.title_en, language)}
        for language, way in LANGUAGES
    ]
    return {"phones": phones, "picture": banner.image.address("full")}  # type: ignore[attr-defined]


add_panels(
    AppSettings,
    Panel(
        name="phones",
        title=_("What phones show, as it was last saved"),
        template="admin/commerce/panels/settings_phones.html",
        read=_on_phones,
    ),
)
add_panels(
    Banner,
    Panel(
        name="phones",
        title=_("How it looks, as it was last saved"),
        template="admin/commerce/panels/banner_phones.html",
        read=_banner_on_phones,
        comes_first=True,
    ),
)
