"""Who may sign in: accounts, groups, and logins that are locked after failed attempts."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from tsh_erp.admin_site.display import NOTHING, Tone, badge, moment, plain
from tsh_erp.admin_site.lists import ListAdmin
from tsh_erp.admin_site.operations import Operation, operate
from tsh_erp.admin_site.read_only import GrowingTableAdmin
from tsh_erp.signin import second_factor

if TYPE_CHECKING:
    StockUserAdmin = UserAdmin[User]
else:
    StockUserAdmin = UserAdmin

for _model in (User, Group, TOTPDevice, StaticDevice):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)

POWERS = ("is_superuser", "user_permissions")
"""What only a superuser gives: with these anybody could give himself everything."""


def _reset(rows: QuerySet[User], reason: str) -> int:
    for user in rows:
        second_factor.remove(user)
        second_factor.end_sessions(user)
    return len(rows)


def _sign_out(rows: QuerySet[User], reason: str) -> int:
    for user in rows:
        second_factor.end_sessions(user)
    return len(rows)


RESET = Operation(
    name="reset_second_factor",
    question=_("Reset the two-factor login of these users?"),
    effect=_("Their apps and recovery codes count no longer and they are signed out; the password alone lets them in."),
    done=ngettext_lazy(
        "The two-factor login of %(count)d user was reset.",
        "The two-factor login of %(count)d users was reset.",
        "count",
    ),
    can=Q(),
    act=_reset,
    needs_reason=True,
)
END_SESSIONS = Operation(
    name="end_sessions",
    question=_("Sign these users out everywhere?"),
    effect=_("They have to sign in again on every computer."),
    done=ngettext_lazy("%(count)d user was signed out.", "%(count)d users were signed out.", "count"),
    can=Q(),
    act=_sign_out,
)


@admin.register(User)
class StaffAdmin(StockUserAdmin, ListAdmin):
    """Accounts. Whoever is no superuser neither makes one nor touches one."""

    list_display = ("username", "full_name", "email", "shown_groups", "is_staff", "is_active", "two_factor", "last")
    list_filter = ("is_staff", "is_active", "is_superuser", "groups")
    actions = ("reset_second_factor", "end_sessions")
    heavy: tuple[str, ...] = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        joined = TOTPDevice.objects.filter(user=OuterRef("pk"), confirmed=True)
        rows: QuerySet[User] = super().get_queryset(request)
        return rows.annotate(has_second_factor=Exists(joined)).prefetch_related("groups")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return fields if request.user.is_superuser else (*fields, *POWERS)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and self._is_within_reach(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and self._is_within_reach(request, obj)

    def _is_within_reach(self, request: HttpRequest, user: User | None) -> bool:
        return user is None or not user.is_superuser or bool(request.user.is_superuser)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        found, count, missing, protected = super().get_deleted_objects(objs, request)
        if not request.user.is_superuser and any(user.is_superuser for user in objs):
            missing = {*missing, str(_("superuser"))}
        return found, count, missing, protected

    @admin.action(description=_("Reset two-factor login"), permissions=["change"])
    def reset_second_factor(self, request: HttpRequest, selected: QuerySet[User]) -> HttpResponse | None:
        return operate(self, request, self._touchable(request, selected), RESET)  # type: ignore[arg-type]

    @admin.action(description=_("Sign out everywhere"), permissions=["change"])
    def end_sessions(self, request: HttpRequest, selected: QuerySet[User]) -> HttpResponse | None:
        return operate(self, request, self._touchable(request, selected), END_SESSIONS)  # type: ignore[arg-type]

    def _touchable(self, request: HttpRequest, selected: QuerySet[User]) -> QuerySet[User]:
        return selected if request.user.is_superuser else selected.filter(is_superuser=False)

    @admin.display(description=_("name"), ordering="first_name")
    def full_name(self, user: User) -> str:
        return user.get_full_name() or NOTHING

    @admin.display(description=_("groups"))
    def shown_groups(self, user: User) -> str:
        return ", ".join(group.name for group in user.groups.all()) or NOTHING

    @admin.display(description=_("two-factor login"))
    def two_factor(self, user: Any) -> SafeString | str:
        if user.has_second_factor:
            return badge(_("on"), Tone.GOOD)
        return badge(_("missing"), Tone.WARNING) if second_factor.must_have(user) else NOTHING

    @admin.display(description=_("last login"), ordering="last_login")
    def last(self, user: User) -> SafeString | str:
        return moment(user.last_login)


@admin.register(Group)
class TeamAdmin(GroupAdmin, ListAdmin):
    list_display = ("name",)


def _unlock(rows: QuerySet[AccessAttempt], reason: str) -> int:
    """Forget the failures of these names and addresses, whatever browser was used."""
    chosen = list(rows)
    for one in chosen:
        AccessAttempt.objects.filter(username=one.username, ip_address=one.ip_address).delete()
    return len(chosen)


UNLOCK = Operation(
    name="unlock",
    question=_("Unlock these logins?"),
    effect=_("Their failed attempts are forgotten, so that they can sign in at once."),
    done=ngettext_lazy("%(count)d login was unlocked.", "%(count)d logins were unlocked.", "count"),
    can=Q(),
    act=_unlock,
)


@admin.register(AccessAttempt)
class FailedLoginAdmin(GrowingTableAdmin):
    """Failed sign-ins that still count. What the browser sent with them is not shown."""

    list_display = ("who", "shown_address", "failures_since_start", "state", "last_time")
    search_fields = ("=username", "=ip_address")
    search_help_text = _("The whole of a user name or an address.")
    list_display_links = ("who",)
    sortable_by = ()
    fields = ("who", "shown_address", "failures_since_start", "state", "last_time")
    readonly_fields = ("who", "shown_address", "state", "last_time")
    heavy = ("get_data", "post_data")
    actions = ("unlock",)

    def has_unlock_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("axes.delete_accessattempt")

    @admin.action(description=_("Unlock"), permissions=["unlock"])
    def unlock(self, request: HttpRequest, selected: QuerySet[AccessAttempt]) -> HttpResponse | None:
        return operate(self, request, selected, UNLOCK)

    @admin.display(description=_("user name"))
    def who(self, attempt: AccessAttempt) -> str:
        return plain(attempt.username or "") or NOTHING

    @admin.display(description=_("address"))
    def shown_address(self, attempt: AccessAttempt) -> str:
        return plain(attempt.ip_address or "") or NOTHING

    @admin.display(description=_("state"))
    def state(self, attempt: AccessAttempt) -> SafeString:
        until = attempt.attempt_time + timedelta(minutes=settings.ADMIN_LOCK_OUT_MINUTES)
        if attempt.failures_since_start >= settings.ADMIN_LOCK_OUT_AFTER and until > timezone.now():
            return badge(_("locked"), Tone.BAD)
        return badge(_("open"), Tone.QUIET)

    @admin.display(description=_("last attempt"))
    def last_time(self, attempt: AccessAttempt) -> SafeString | str:
        return moment(attempt.attempt_time)
