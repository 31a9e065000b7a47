"""Accounts on the phones: whose they are, confirmed by hand, and the devices that are signed in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from commerce.account_links import candidates, compare, names_of
from commerce.admin.asking import ask, note_change
from commerce.admin.by_customer import of_customers
from commerce.admin.pickers import pick_one
from commerce.models import Customer, CustomerAccount, DeviceToken
from commerce.phones import parse_phone
from commerce.services.accounts import link_account, unlink_account
from commerce.services.devices import end_device, end_devices
from tsh_erp.admin_site.display import NOTHING, Tone, badge, moment, row_link
from tsh_erp.admin_site.figures import show_money
from tsh_erp.admin_site.panels import Panel, add_panels
from tsh_erp.admin_site.people import person
from tsh_erp.admin_site.read_only import GrowingTableAdmin, ReadOnlyAdmin

CHANGE_ACCOUNTS = "commerce.change_customeraccount"
State = CustomerAccount.State


class ChooseForm(forms.Form):
    customer = forms.ModelChoiceField(
        Customer.objects.filter(zoho_id__isnull=False).select_related("price_list", "salesperson"),
        label=capfirst(_("customer")),
        widget=pick_one("customer"),
    )


@admin.register(CustomerAccount)
class CustomerAccountAdmin(ReadOnlyAdmin):
    """People register themselves; staff say who they are."""

    list_display = ("__str__", "person_name", "customer", "state_badge", "device_count", "last_seen", "created_at")
    list_filter = ("state", "language", "created_at")
    list_select_related = ("customer", "user")
    search_fields = ("email", "customer__name")
    search_help_text = _("A phone in any form, an e-mail, or the customer by name or phone")
    fields = (
        ("phone", "email", "language"),
        ("person_name", "customer_page"),
        ("state_badge", "confirmed_at", "confirmed_by"),
        ("created_at", "last_seen"),
    )
    readonly_fields = ("person_name", "customer_page", "state_badge", "last_seen", "created_at")
    actions = ("sign_out",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        tokens = DeviceToken.objects.filter(user=OuterRef("user")).order_by().values("user")
        live = tokens.filter(expiry__gt=timezone.now(), replaced_at__isnull=True)
        rows: Any = super().get_queryset(request)
        counted: QuerySet[Any] = rows.annotate(
            devices=Subquery(live.annotate(count=Count("pk")).values("count")),
            seen_at=Subquery(tokens.annotate(last=Max("last_used_at")).values("last")),
        )
        return counted

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        typed = search_term.strip()
        if not typed:
            return queryset, False
        wanted = Q(email__icontains=typed) | Q(user__first_name__icontains=typed)
        wanted |= of_customers(typed)
        if phone := parse_phone(typed):
            wanted |= Q(phone=phone)
        return queryset.filter(wanted), False

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, "commerce_customeraccount"
        return [
            path("<int:pk>/link/", view(self.link_page), name=f"{name}_link"),
            path("<int:pk>/unlink/", view(self.unlink_page), name=f"{name}_unlink"),
            *super().get_urls(),
        ]

    def page_tools(self, request: HttpRequest, row: Any) -> list[tuple[str, str]]:
        if not self.has_link_permission(request):
            return []
        words = gettext("Link to another customer") if row.state == State.CONFIRMED else gettext("Link and confirm")
        tools = [(words, reverse("admin:commerce_customeraccount_link", args=[row.pk]))]
        if row.state == State.CONFIRMED:
            tools.append((gettext("Unlink"), reverse("admin:commerce_customeraccount_unlink", args=[row.pk])))
        return tools

    def has_link_permission(self, request: HttpRequest) -> bool:
        """Whether this person may say who an account is: whoever does hands out prices and balances."""
        return self.has_view_permission(request) and request.user.has_perms((CHANGE_ACCOUNTS, "commerce.view_customer"))

    def link_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Who may be meant; then both beside each other with what speaks against it; then it is done."""
        account = self._account(request, pk)
        asked = request.POST if request.method == "POST" else request.GET
        form = ChooseForm(asked if "customer" in asked else None)
        chosen = form.cleaned_data["customer"] if form.is_valid() else None
        is_checked = request.POST.get("checked") == "yes"
        comparison = compare(account, chosen) if chosen is not None else None
        if request.method == "POST" and chosen is not None and comparison is not None:
            if is_checked or not comparison.is_doubtful:
                return self._link(request, account, chosen)
            self.message_user(request, gettext("Confirm first that you have made sure."), messages.ERROR)
        context = {
            "title": gettext("Whose account is this?"),
            "media": self.media + form.media,
            "form": form,
            "candidates": [] if chosen else [(one, _balances(one)) for one in candidates(account)],
            "chosen": chosen,
            "balances": _balances(chosen) if chosen else "",
            "comparison": comparison,
            "rows": [(Customer._meta.get_field(one.column).verbose_name, one) for one in comparison.rows]  # type: ignore[union-attr]
            if comparison
            else [],
            "left_behind": list(names_of(comparison.left_behind)) if comparison else [],
            "theirs": list(names_of(comparison.theirs)) if comparison else [],
        }
        return ask(self, request, account, "admin/commerce/customeraccount/link.html", context)

    def _link(self, request: HttpRequest, account: CustomerAccount, customer: Customer) -> HttpResponse:
        link_account(account.pk, customer, by=person(request), at=timezone.now())
        note_change(request, account, f"link: {customer} ({customer.zoho_id})")
        text = gettext("The account now belongs to %(customer)s.") % {"customer": customer}
        self.message_user(request, text, messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:commerce_customeraccount_change", args=[account.pk]))

    def unlink_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Asks; then the account is nobody's but its own and signed out everywhere."""
        account = self._account(request, pk)
        if request.method != "POST":
            context = {"title": gettext("Unlink the account")}
            return ask(self, request, account, "admin/commerce/customeraccount/unlink.html", context)
        if unlink_account(pk, by=person(request), at=timezone.now()):
            note_change(request, account, f"unlink: {account.customer}")
            self.message_user(request, gettext("The account was unlinked and signed out."), messages.SUCCESS)
        else:
            self.message_user(request, gettext("Nobody has confirmed this account."), messages.WARNING)
        return HttpResponseRedirect(reverse("admin:commerce_customeraccount_change", args=[pk]))

    def _account(self, request: HttpRequest, pk: int) -> CustomerAccount:
        if not self.has_link_permission(request):
            raise PermissionDenied
        return get_object_or_404(CustomerAccount.objects.select_related("customer", "user"), pk=pk)

    def has_sign_out_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(CHANGE_ACCOUNTS)

    @admin.action(description=_("Sign out on all devices"), permissions=["sign_out"])
    def sign_out(self, request: HttpRequest, queryset: QuerySet[CustomerAccount]) -> None:
        accounts = list(queryset.select_related("user").order_by("pk"))
        ended = 0
        for account in accounts:
            if count := end_devices(account.user):
                ended += count
                note_change(request, account, "sign out everywhere")
        _tell_ended(self, request, ended)

    @admin.display(description=_("name"), ordering="user__first_name")
    def person_name(self, account: CustomerAccount) -> SafeString:
        return format_html("<bdi>{}</bdi>", account.user.first_name or NOTHING)

    @admin.display(description=_("customer"))
    def customer_page(self, account: CustomerAccount) -> SafeString | str:
        return row_link(account.customer)

    @admin.display(description=_("confirmation"), ordering="state")
    def state_badge(self, account: CustomerAccount) -> SafeString:
        is_confirmed = account.state == State.CONFIRMED
        return badge(account.get_state_display(), Tone.GOOD if is_confirmed else Tone.WARNING)

    @admin.display(description=_("devices"), ordering="devices")
    def device_count(self, account: Any) -> int:
        count: int = account.devices or 0
        return count

    @admin.display(description=_("last used at"), ordering="seen_at")
    def last_seen(self, account: Any) -> SafeString | str:
        return moment(account.seen_at)


def _balances(customer: Customer) -> SafeString | str:
    shown = [show_money(one.receivable, one.currency) for one in customer.balances.all() if one.receivable is not None]
    return format_html("{} " * len(shown), *shown) if shown else NOTHING


def _devices(request: HttpRequest, account: CustomerAccount) -> Mapping[str, Any]:
    return {"devices": list(DeviceToken.objects.current().filter(user=account.user)), "now": timezone.now()}


add_panels(
    CustomerAccount,
    Panel(
        name="devices",
        title=_("Devices"),
        template="admin/commerce/panels/devices.html",
        read=_devices,
        permissions=("commerce.view_devicetoken",),
    ),
)


@admin.register(DeviceToken)
class DeviceTokenAdmin(GrowingTableAdmin):
    """Devices, of customers and of staff. The digest of a token is shown nowhere."""

    list_display = (
        "device_name",
        "user",
        "account",
        "app",
        "app_version",
        "platform",
        "address",
        "last_used_at",
        "expiry",
    )
    list_display_links = None
    list_filter = ("app", "platform", "last_used_at")
    list_select_related = ("user__customer_account",)
    search_fields = ("=user__username", "user__first_name", "=address", "=device_id")
    actions = ("end",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[DeviceToken]:
        return super().get_queryset(request).filter(replaced_at__isnull=True)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A device has no page of its own: its address would be the digest."""
        return HttpResponseRedirect(reverse("admin:commerce_devicetoken_changelist"))

    def has_end_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(CHANGE_ACCOUNTS)

    @admin.action(description=_("Sign out"), permissions=["end"])
    def end(self, request: HttpRequest, queryset: QuerySet[DeviceToken]) -> None:
        ended = sum(end_device(one.user, one.device) for one in queryset.select_related("user"))
        _tell_ended(self, request, ended)

    @admin.display(description=_("device"), ordering="name")
    def device_name(self, device: DeviceToken) -> SafeString:
        return format_html("<bdi>{}</bdi>", str(device))

    @admin.display(description=_("customer account"))
    def account(self, device: DeviceToken) -> SafeString | str:
        return row_link(getattr(device.user, "customer_account", None))


def _tell_ended(page: admin.ModelAdmin[Any], request: HttpRequest, count: int) -> None:
    text = ngettext("%(count)d device was signed out.", "%(count)d devices were signed out.", count)
    page.message_user(request, text % {"count": count}, messages.SUCCESS if count else messages.WARNING)
