from __future__ import annotations

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from tsh_erp.admin_site.display import list_link, plain, shorten, together
from tsh_erp.admin_site.operations import Operation, operate
from tsh_erp.admin_site.people import person
from tsh_erp.admin_site.read_only import ReadOnlyAdmin
from zoho_sync import dead_letters
from zoho_sync.admin.record_pages import ModuleFilter, module_label, time_column
from zoho_sync.admin.states import state_badge
from zoho_sync.models import Alert, DeadLetter, ErrorGroup

State = ErrorGroup.State


@admin.register(ErrorGroup)
class ErrorGroupAdmin(ReadOnlyAdmin):
    list_display = (
        "last_seen",
        "kind",
        "error_class",
        "short_sample",
        "shown_state",
        "count",
        "first_seen",
        "owner",
        "leads_to",
    )
    list_filter = ("state", ModuleFilter, "last_seen_at")
    list_select_related = ("owner",)
    search_fields = ("error_class", "sample", "note")
    actions = ("acknowledge", "ignore", "resolve")
    fieldsets = (
        (None, {"fields": ("shown_state", "kind", "error_class", "shown_sample", "count", "leads_to")}),
        (_("What was done"), {"fields": ("owner", "note")}),
        (_("Record"), {"fields": (("first_seen", "last_seen"), "fingerprint")}),
    )
    readonly_fields = ("shown_state", "kind", "shown_sample", "leads_to", "first_seen", "last_seen")

    first_seen = time_column("first_seen_at", _("first seen at"), sorts=True)
    last_seen = time_column("last_seen_at", _("last seen at"), sorts=True)

    def has_triage_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("zoho_sync.triage_errorgroup")

    @admin.action(description=_("Acknowledge"), permissions=["triage"])
    def acknowledge(self, request: HttpRequest, queryset: QuerySet[ErrorGroup]) -> HttpResponse | None:
        return operate(
            self,
            request,
            queryset,
            Operation(
                name="acknowledge",
                question=_("Acknowledge these error groups?"),
                effect=_("You become their owner."),
                done=ngettext_lazy(
                    "%(count)d error group was acknowledged.", "%(count)d error groups were acknowledged.", "count"
                ),
                can=Q(state=State.OPEN),
                act=lambda rows, reason: dead_letters.acknowledge_groups(rows, by=person(request), at=timezone.now()),
            ),
        )

    @admin.action(description=_("Ignore"), permissions=["triage"])
    def ignore(self, request: HttpRequest, queryset: QuerySet[ErrorGroup]) -> HttpResponse | None:
        return operate(
            self,
            request,
            queryset,
            Operation(
                name="ignore",
                question=_("Ignore these error groups?"),
                effect=_("New errors of these groups are counted and do not open them again."),
                done=ngettext_lazy("%(count)d error group is ignored.", "%(count)d error groups are ignored.", "count"),
                can=~Q(state=State.IGNORED),
                act=lambda rows, reason: dead_letters.ignore_groups(
                    rows, reason=reason, by=person(request), at=timezone.now()
                ),
                needs_reason=True,
            ),
        )

    @admin.action(description=_("Resolve"), permissions=["triage"])
    def resolve(self, request: HttpRequest, queryset: QuerySet[ErrorGroup]) -> HttpResponse | None:
        return operate(
            self,
            request,
            queryset,
            Operation(
                name="resolve",
                question=_("Resolve these error groups?"),
                effect=_("A new error opens its group again."),
                done=ngettext_lazy(
                    "%(count)d error group was resolved.", "%(count)d error groups were resolved.", "count"
                ),
                can=~Q(state=State.RESOLVED),
                act=lambda rows, reason: dead_letters.resolve_groups(
                    rows, reason=reason, by=person(request), at=timezone.now()
                ),
                needs_reason=True,
            ),
        )

    @admin.display(description=_("module"))
    def kind(self, group: ErrorGroup) -> str:
        return module_label(group.module)

    @admin.display(description=_("state"))
    def shown_state(self, group: ErrorGroup) -> SafeString:
        return state_badge(group.state, group.get_state_display())

    @admin.display(description=_("sample message"))
    def short_sample(self, group: ErrorGroup) -> str:
        return shorten(group.sample)

    @admin.display(description=_("sample message"))
    def shown_sample(self, group: ErrorGroup) -> str:
        return plain(group.sample)

    @admin.display(description=_("leads to"))
    def leads_to(self, group: ErrorGroup) -> SafeString | str:
        return together(
            [
                list_link(DeadLetter, _("dead letters"), group__id__exact=group.pk),
                list_link(Alert, _("alerts"), q=group.fingerprint),
            ]
        )
