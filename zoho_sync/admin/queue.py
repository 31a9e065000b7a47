from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from tsh_erp.admin_site.display import NOTHING, list_link, moment, preformatted, shorten, together
from tsh_erp.jobs.ring import ring
from zoho_sync import monitoring, queue
from zoho_sync.admin.deeds import MANAGE_QUEUE, Deed, Doer
from zoho_sync.admin.doing import DeedsAdmin
from zoho_sync.admin.record_pages import ModuleFilter, RecordAdmin, module_label, record_link, time_column
from zoho_sync.admin.states import state_badge
from zoho_sync.inbox.receiving import DRAIN
from zoho_sync.models import WAITING, DeadLetter, Pause, SyncLog, SyncQueueItem
from zoho_sync.models.queue import Status


def ring_after_commit() -> None:
    """Have a worker look at once; the sweep would within a minute."""
    transaction.on_commit(lambda: ring(DRAIN, at_most=settings.TDS_WORKERS), robust=True)


@dataclass(frozen=True)
class Tab:
    """The jobs of one status: how many, and since when the oldest of those that are open is there."""

    label: object
    count: str
    oldest: object
    address: str
    is_chosen: bool


def _tabs(request: HttpRequest) -> list[Tab]:
    depth = monitoring.queue_depth(at=timezone.now())
    chosen = request.GET.get("status__exact", "")
    page = reverse("admin:zoho_sync_syncqueueitem_changelist")
    every = Tab(_("All"), f"{depth.total:,}", "", page, not chosen)
    return [every] + [
        Tab(
            status.label,
            f"{depth.by_status[status]:,}",
            moment(depth.oldest.get(status)) if depth.oldest.get(status) else "",
            f"{page}?status__exact={status}",
            chosen == status,
        )
        for status in Status
    ]


def show_paused() -> SafeString | str:
    """Which kinds of record are paused, with the way to their switches; nothing when none is."""
    labels = [module_label(module) for module in queue.paused_modules()]
    if not labels:
        return ""
    text = translate("Paused: %(what)s") % {"what": translate(", ").join(labels)}
    return list_link(Pause, text)


class PriorityForm(forms.Form):
    priority = forms.IntegerField(label=_("priority"), min_value=1, max_value=10, initial=3)


class PostponeForm(forms.Form):
    hours = forms.IntegerField(label=_("by how many hours"), min_value=1, max_value=24 * 30, initial=1)


def _retry_now(jobs: QuerySet[Any], answer: Any, doer: Doer) -> int:
    ring_after_commit()
    return queue.retry_now(jobs, at=timezone.now())


def _release(jobs: QuerySet[Any], answer: Any, doer: Doer) -> int:
    ring_after_commit()
    return queue.release_leases(jobs, at=timezone.now())


DEEDS = (
    Deed(
        name="retry_now",
        label=_("Retry now"),
        right=MANAGE_QUEUE,
        question=_("Retry these jobs now?"),
        effect=_("They become due at once, with all their attempts before them."),
        done=ngettext_lazy("%(count)d job is due now.", "%(count)d jobs are due now.", "count"),
        can=Q(status__in=WAITING),
        act=_retry_now,
        in_background=True,
    ),
    Deed(
        name="prioritise",
        label=_("Set the priority"),
        right=MANAGE_QUEUE,
        question=_("Set the priority of these jobs?"),
        effect=_("Jobs with a lower number are worked on first."),
        done=ngettext_lazy("%(count)d job has the new priority.", "%(count)d jobs have the new priority.", "count"),
        can=Q(status__in=WAITING),
        act=lambda rows, answer, doer: queue.prioritise(rows, priority=int(answer), at=timezone.now()),
        form=PriorityForm,
        in_background=True,
    ),
    Deed(
        name="postpone",
        label=_("Postpone"),
        right=MANAGE_QUEUE,
        question=_("Postpone these jobs?"),
        effect=_("They are not tried before that time. News of the same record makes its job due again."),
        done=ngettext_lazy("%(count)d job was postponed.", "%(count)d jobs were postponed.", "count"),
        can=Q(status__in=WAITING),
        act=lambda rows, answer, doer: queue.postpone(rows, hours=int(answer), at=timezone.now()),
        form=PostponeForm,
        in_background=True,
    ),
    Deed(
        name="release_lease",
        label=_("Take back from a worker"),
        right=MANAGE_QUEUE,
        question=_("Take these jobs back from their workers?"),
        effect=_(
            "For workers that hang or are gone. The jobs wait again, due now; a worker that still lives finds that "
            "the record is not its own any more, and writes nothing."
        ),
        done=ngettext_lazy("%(count)d job was taken back.", "%(count)d jobs were taken back.", "count"),
        can=Q(status=Status.PROCESSING),
        act=_release,
    ),
    Deed(
        name="discard",
        label=_("Discard"),
        right=MANAGE_QUEUE,
        question=_("Discard these jobs?"),
        effect=_("The events that wait for them will not be applied. Nothing is deleted."),
        done=ngettext_lazy("%(count)d job was discarded.", "%(count)d jobs were discarded.", "count"),
        can=queue.can_be_discarded(),
        act=lambda rows, answer, doer: queue.discard(rows, reason=answer, at=timezone.now()),
        needs_reason=True,
        is_clearing=True,
        in_background=True,
    ),
)


@admin.register(SyncQueueItem)
class SyncQueueItemAdmin(DeedsAdmin, RecordAdmin):
    change_list_template = "admin/zoho_sync/syncqueueitem/change_list.html"
    list_display = (
        "made",
        "kind",
        "record",
        "shown_status",
        "priority",
        "attempts",
        "due",
        "waits_for",
        "locked_by",
        "error",
        "business_row",
    )
    list_filter = ("status", ModuleFilter, "needs_fetch")
    ordering = ("-id",)
    sortable_by = ()
    heavy = ("last_traceback",)
    deeds = DEEDS
    fieldsets = (
        (None, {"fields": ("shown_status", "kind", "record", "priority", "needs_fetch", "waits_for")}),
        (_("Where it leads"), {"fields": ("business_row", "attempts_log", "letters", "same_record")}),
        (_("Attempts"), {"fields": (("attempts", "deaths"), "due", "finished", "last_error", "traceback")}),
        (_("Lease"), {"fields": ("locked_by", "lease_ends")}),
        (_("Record"), {"fields": (("made", "updated"),)}),
    )
    readonly_fields = (
        "shown_status",
        "kind",
        "record",
        "waits_for",
        "business_row",
        "attempts_log",
        "letters",
        "same_record",
        "due",
        "finished",
        "traceback",
        "lease_ends",
        "made",
        "updated",
    )

    made = time_column("created_at", _("created at"))
    updated = time_column("updated_at", _("updated at"))
    due = time_column("next_attempt_at", _("next attempt at"))
    finished = time_column("finished_at", _("finished at"))
    lease_ends = time_column("lock_expires_at", _("lease ends at"))

    def list_tools(self, request: HttpRequest) -> list[tuple[str, str]]:
        names = ((_("Pause and resume"), "pause"), (_("By error"), "errorgroup"), (_("Bulk actions"), "bulkaction"))
        return [(str(words), reverse(f"admin:zoho_sync_{name}_changelist")) for words, name in names]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        shown = {"tabs": _tabs(request), "paused": show_paused()}
        return super().changelist_view(request, {**(extra_context or {}), **shown})

    @admin.display(description=_("status"))
    def shown_status(self, job: SyncQueueItem) -> SafeString:
        return state_badge(job.status, job.get_status_display())

    @admin.display(description=_("waits for"))
    def waits_for(self, job: SyncQueueItem) -> SafeString | str:
        if not job.waits_for_id:
            return NOTHING
        return together([module_label(job.waits_for_module), record_link(job.waits_for_module, job.waits_for_id)])

    @admin.display(description=_("last error"))
    def error(self, job: SyncQueueItem) -> str:
        return shorten(job.last_error) or NOTHING

    @admin.display(description=_("last traceback"))
    def traceback(self, job: SyncQueueItem) -> SafeString | str:
        return preformatted(job.last_traceback)

    @admin.display(description=_("sync log"))
    def attempts_log(self, job: SyncQueueItem) -> SafeString:
        return list_link(SyncLog, _("attempts of this job"), job__id__exact=job.pk)

    @admin.display(description=_("dead letters"))
    def letters(self, job: SyncQueueItem) -> SafeString:
        return list_link(DeadLetter, _("dead letters of this job"), job__id__exact=job.pk)
