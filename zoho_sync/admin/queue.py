from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from tsh_erp.admin_site.display import NOTHING, list_link, preformatted, shorten, together
from tsh_erp.admin_site.operations import Operation, operate
from tsh_erp.jobs.ring import ring
from zoho_sync import queue
from zoho_sync.admin.record_pages import ModuleFilter, RecordAdmin, module_label, record_link, time_column
from zoho_sync.admin.states import state_badge
from zoho_sync.inbox.receiving import DRAIN
from zoho_sync.models import WAITING, DeadLetter, SyncLog, SyncQueueItem


def ring_after_commit() -> None:
    """Have a worker look at once; the sweep would within a minute."""
    transaction.on_commit(lambda: ring(DRAIN, at_most=settings.TDS_WORKERS), robust=True)


def _retry_now(jobs: QuerySet[Any], reason: str) -> int:
    ring_after_commit()
    return queue.retry_now(jobs, at=timezone.now())


@admin.register(SyncQueueItem)
class SyncQueueItemAdmin(RecordAdmin):
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
    actions = ("retry_now", "discard")
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

    def has_manage_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("zoho_sync.manage_queue")

    @admin.action(description=_("Retry now"), permissions=["manage"])
    def retry_now(self, request: HttpRequest, queryset: QuerySet[SyncQueueItem]) -> HttpResponse | None:
        return operate(
            self,
            request,
            queryset,
            Operation(
                name="retry_now",
                question=_("Retry these jobs now?"),
                effect=_("They become due at once, with all their attempts before them."),
                done=ngettext_lazy("%(count)d job is due now.", "%(count)d jobs are due now.", "count"),
                can=Q(status__in=WAITING),
                act=_retry_now,
            ),
        )

    @admin.action(description=_("Discard"), permissions=["manage"])
    def discard(self, request: HttpRequest, queryset: QuerySet[SyncQueueItem]) -> HttpResponse | None:
        return operate(
            self,
            request,
            queryset,
            Operation(
                name="discard",
                question=_("Discard these jobs?"),
                effect=_("The events that wait for them will not be applied. Nothing is deleted."),
                done=ngettext_lazy("%(count)d job was discarded.", "%(count)d jobs were discarded.", "count"),
                can=queue.can_be_discarded(),
                act=lambda rows, reason: queue.discard(rows, reason=reason, at=timezone.now()),
                needs_reason=True,
            ),
        )

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
