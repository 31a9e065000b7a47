from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from tsh_erp.admin_site.display import NOTHING, key_link, plain, preformatted, shorten, shown_bytes, shown_json
from tsh_erp.admin_site.operations import Operation, operate
from tsh_erp.admin_site.people import person
from zoho_sync import dead_letters, refetch
from zoho_sync.admin.queue import ring_after_commit
from zoho_sync.admin.record_pages import ModuleFilter, RecordAdmin, time_column
from zoho_sync.admin.states import state_badge
from zoho_sync.models import DeadLetter, ErrorGroup, InboxEvent, SyncQueueItem

RETRIED = ngettext_lazy("%(count)d dead letter is retried.", "%(count)d dead letters are retried.", "count")


def _retry(letters: QuerySet[Any], *, fetch: bool) -> int:
    ring_after_commit()
    return dead_letters.retry(letters, at=timezone.now(), fetch=fetch)


@admin.register(DeadLetter)
class DeadLetterAdmin(RecordAdmin):
    list_display = (
        "made",
        "kind",
        "record",
        "shown_state",
        "error_class",
        "short_message",
        "attempts",
        "shown_group",
        "shown_job",
        "shown_event",
        "business_row",
    )
    list_filter = ("state", ModuleFilter, "created_at")
    sortable_by = ()
    heavy = ("traceback", "payload")
    actions = ("retry", "retry_fresh", "discard")
    fieldsets = (
        (None, {"fields": ("shown_state", "kind", "record", "error_class", "shown_message", "attempts")}),
        (_("Where it leads"), {"fields": ("shown_group", "shown_job", "shown_event", "business_row", "same_record")}),
        (_("What went wrong"), {"fields": ("shown_traceback", "shown_payload")}),
        (
            _("What was done"),
            {"fields": ("reason", "closed", "closed_by", "automatic_retries", ("made", "updated"))},
        ),
    )
    readonly_fields = (
        "shown_state",
        "kind",
        "record",
        "shown_message",
        "shown_group",
        "shown_job",
        "shown_event",
        "business_row",
        "same_record",
        "shown_traceback",
        "shown_payload",
        "closed",
        "made",
        "updated",
    )

    made = time_column("created_at", _("created at"))
    updated = time_column("updated_at", _("updated at"))
    closed = time_column("closed_at", _("closed at"))

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("zoho_sync.retry_deadletter")

    def has_discard_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("zoho_sync.discard_deadletter")

    @admin.action(description=_("Retry"), permissions=["retry"])
    def retry(self, request: HttpRequest, queryset: QuerySet[DeadLetter]) -> HttpResponse | None:
        return operate(
            self,
            request,
            queryset,
            Operation(
                name="retry",
                question=_("Retry these dead letters?"),
                effect=_("All dead events of their records are queued again."),
                done=RETRIED,
                can=Q(state=DeadLetter.State.OPEN),
                act=lambda rows, reason: _retry(rows, fetch=False),
            ),
        )

    @admin.action(description=_("Retry with a fresh record from Zoho"), permissions=["retry"])
    def retry_fresh(self, request: HttpRequest, queryset: QuerySet[DeadLetter]) -> HttpResponse | None:
        if not refetch.is_configured():
            text = _("No Zoho client is configured, so no record can be fetched.")
            self.message_user(request, text, messages.ERROR)
            return None
        return operate(
            self,
            request,
            queryset,
            Operation(
                name="retry_fresh",
                question=_("Retry these dead letters with fresh records?"),
                effect=_("Each record is fetched from Zoho first, one API call each."),
                done=RETRIED,
                can=Q(state=DeadLetter.State.OPEN),
                act=lambda rows, reason: _retry(rows, fetch=True),
            ),
        )

    @admin.action(description=_("Discard"), permissions=["discard"])
    def discard(self, request: HttpRequest, queryset: QuerySet[DeadLetter]) -> HttpResponse | None:
        return operate(
            self,
            request,
            queryset,
            Operation(
                name="discard",
                question=_("Discard these dead letters?"),
                effect=_("Their events will never be applied. Nothing is deleted."),
                done=ngettext_lazy(
                    "%(count)d dead letter was discarded.", "%(count)d dead letters were discarded.", "count"
                ),
                can=Q(state=DeadLetter.State.OPEN),
                act=lambda rows, reason: dead_letters.discard(
                    rows, reason=reason, by=person(request), at=timezone.now()
                ),
                needs_reason=True,
            ),
        )

    @admin.display(description=_("state"))
    def shown_state(self, letter: DeadLetter) -> SafeString:
        return state_badge(letter.state, letter.get_state_display())

    @admin.display(description=_("message"))
    def short_message(self, letter: DeadLetter) -> str:
        return shorten(letter.message) or NOTHING

    @admin.display(description=_("message"))
    def shown_message(self, letter: DeadLetter) -> str:
        return plain(letter.message) or NOTHING

    @admin.display(description=_("error group"))
    def shown_group(self, letter: DeadLetter) -> SafeString | str:
        return key_link(ErrorGroup, letter.group_id)

    @admin.display(description=_("job"))
    def shown_job(self, letter: DeadLetter) -> SafeString | str:
        return key_link(SyncQueueItem, letter.job_id)

    @admin.display(description=_("event"))
    def shown_event(self, letter: DeadLetter) -> SafeString | str:
        return key_link(InboxEvent, letter.event_id)

    @admin.display(description=_("traceback"))
    def shown_traceback(self, letter: DeadLetter) -> SafeString | str:
        return preformatted(letter.traceback)

    @admin.display(description=_("payload"))
    def shown_payload(self, letter: DeadLetter) -> SafeString | str:
        """The event's body where the letter keeps none of its own."""
        if letter.payload is None and letter.event:
            return shown_bytes(bytes(letter.event.body))
        return shown_json(letter.payload)
