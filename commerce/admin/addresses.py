"""Delivery addresses: staff help customers to write theirs; what was removed stays to be seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from commerce.admin.by_customer import of_customers
from commerce.admin.owned import OwnedAdmin, OwnedForm
from commerce.models import CustomerAddress
from commerce.phones import parse_phone
from commerce.refusals import AddressRefused
from commerce.services.addresses import MOST, AddressValues, add_address, edit_address, remove_address
from tsh_erp.admin_site.display import NOTHING

WRITTEN = tuple(one.name for one in fields(AddressValues))


class AddressForm(OwnedForm):
    def clean_phone(self) -> str:
        phone = parse_phone(self.cleaned_data["phone"])
        if phone is None:
            text = _("%(value)s is no phone number.")
            raise forms.ValidationError(text, code="phone", params={"value": self.cleaned_data["phone"]})
        return phone

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        latitude, longitude = values.get("latitude"), values.get("longitude")
        for name, missing, other in (("latitude", latitude, longitude), ("longitude", longitude, latitude)):
            if missing is None and other is not None and name not in self.errors:
                self.add_error(name, forms.ValidationError(_("A position has both figures or none."), code="half"))
        customer = values.get("customer")
        is_new = self.instance.pk is None and customer is not None
        if is_new and CustomerAddress.objects.live().filter(customer=customer).count() >= MOST:
            text = _("This customer has %(count)s addresses already.")
            raise forms.ValidationError(text, code="too_many", params={"count": MOST})
        if self.instance.pk and self.instance.is_default and values.get("is_default") is False:
            text = _("Make another address the default instead; there is always one.")
            self.add_error("is_default", forms.ValidationError(text, code="default"))
        return values


class RemovedFilter(admin.SimpleListFilter):
    title = _("removed")
    parameter_name = "removed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, Any]]:
        return [("no", _("in use")), ("yes", _("removed"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() in ("no", "yes"):
            return queryset.filter(removed_at__isnull=self.value() == "no")
        return queryset


@admin.register(CustomerAddress)
class CustomerAddressAdmin(OwnedAdmin):
    """Deleting is removing: orders keep their copies, and the row stays."""

    form = AddressForm
    list_display = ("__str__", "customer", "recipient", "shown_phone", "landmark", "is_default", "removed_at")
    list_filter = (RemovedFilter, "is_default", "governorate")
    list_select_related = ("customer",)
    autocomplete_fields = ("customer",)
    search_fields = ("phone", "recipient", "district", "landmark")
    search_help_text = _("A phone, a district, a landmark; or the customer by name or phone")
    fieldsets = (
        (None, {"fields": ("customer", ("label", "is_default"), ("recipient", "phone"))}),
        (_("Where?"), {"fields": (("governorate", "district"), "landmark", "details", ("latitude", "longitude"))}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("customer",) if obj is not None else ()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.removed_at is None)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or obj.removed_at is None)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        typed = search_term.strip()
        if not typed:
            return queryset, False
        found, _may_repeat = super().get_search_results(request, queryset, parse_phone(typed) or typed)
        return found | queryset.filter(of_customers(typed)), False

    def store(self, request: HttpRequest, row: Any, form: Any, *, at: datetime) -> None:
        values = AddressValues(**{name: getattr(row, name) for name in WRITTEN})
        wants = form.cleaned_data["is_default"]
        if row.pk is None:
            row.pk = add_address(row.customer_id, values, is_default=wants, at=at).pk
        else:
            edit_address(row.customer_id, row.pk, values, is_default=wants or None, at=at)

    def delete_model(self, request: HttpRequest, obj: CustomerAddress) -> None:
        remove_address(obj.customer_id, obj.pk, at=timezone.now())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[CustomerAddress]) -> None:
        for one in queryset.order_by("customer_id", "pk"):
            try:
                remove_address(one.customer_id, one.pk, at=timezone.now())
            except AddressRefused:
                text = gettext("%(address)s was removed before.") % {"address": one}
                self.message_user(request, text, messages.WARNING)

    @admin.display(description=_("phone"))
    def shown_phone(self, address: CustomerAddress) -> SafeString | str:
        return format_html('<bdi dir="ltr">{}</bdi>', address.phone) if address.phone else NOTHING
