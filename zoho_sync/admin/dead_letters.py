from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from tsh_erp.admin_site.display import (
    NOTHING,
    key_link,
    plain,
    preformatted,
    row_link,
    shorten,
    shown_bytes,
    shown_json,
)
from tsh_erp.admin_site.people import person
from zoho_sync import dead_letters
from zoho_sync.admin.correcting import ChangedMeanwhile, CorrectForm, payload_text, retry_corrected
from zoho_sync.admin.deeds import Deed, Watched, needs_zoho
from zoho_sync.admin.doing import DeedsAdmin
from zoho_sync.admin.queue import ring_after_commit
from zoho_sync.admin.record_pages import ModuleFilter, RecordAdmin, time_column
from zoho_sync.admin.states import state_badge
from zoho_sync.models import DeadLetter, ErrorGroup, InboxEvent, SyncQueueItem

State = DeadLetter.State
RETRY = "zoho_sync.retry_deadletter"
RETRIED = ngettext_lazy("%(count)d dead letter is retried.", "%(count)d dead letters are retried.", "count")


def _retry(letters: QuerySet[Any], *, fetch: bool) -> int:
    ring_after_commit()
    return dead_letters.retry(letters, at=timezone.now(), fetch=fetch)


def watch_retries(keys: Sequence[int], since: datetime) -> Watched:
    """What became of letters that were retried at `since`. One query."""
    states = dict(DeadLetter.objects.filter(pk__in=keys).values_list("state").annotate(Count("pk")).order_by())
    return Watched(
        failed=states.get(State.OPEN, 0), good=states.get(State.RESOLVED, 0) + states.get(State.DISCARDED, 0)
    )


DEEDS = (
    Deed(
        name="retry_fresh",
        label=_("Retry with a fresh record from Zoho"),
        right=RETRY,
        question=_("Retry these dead letters with fresh records?"),
        effect=_("Each record is fetched from Zoho first, one API call each."),
        done=RETRIED,
        can=Q(state=State.OPEN),
        act=lambda rows, answer, doer: _retry(rows, fetch=True),
        refuse=needs_zoho,
        watch=watch_retries,
        in_background=True,
    ),
    Deed(
        name="retry",
        label=_("Retry"),
        right=RETRY,
        question=_("Retry these dead letters?"),
        effect=_("All dead events of their records are queued again."),
        done=RETRIED,
        can=Q(state=State.OPEN),
        act=lambda rows, answer, doer: _retry(rows, fetch=False),
        watch=watch_retries,
        in_background=True,
    ),
    Deed(
        name="discard",
        label=_("Discard"),
        right="zoho_sync.discard_deadletter",
        question=_("Discard these dead letters?"),
        effect=_("Their events will never be applied. Nothing is deleted."),
        done=ngettext_lazy("%(count)d dead letter was discarded.", "%(count)d dead letters were discarded.", "count"),
        can=Q(state=State.OPEN),
        act=lambda rows, answer, doer: dead_letters.discard(rows, reason=answer, by=doer.user, at=timezone.now()),
        needs_reason=True,
        is_clearing=True,
        in_background=True,
    ),
)


@admin.register(DeadLetter)
class DeadLetterAdmin(DeedsAdmin, RecordAdmin):
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
    deeds = DEEDS
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

    def list_tools(self, request: HttpRequest) -> list[tuple[str, str]]:
        return [(str(_("By cause")), reverse("admin:zoho_sync_errorgroup_changelist"))]

    def page_tools(self, request: HttpRequest, row: DeadLetter) -> list[tuple[str, str]]:
        if row.state != State.OPEN or not request.user.has_perm(RETRY) or payload_text(row) is None:
            return []
        return [(str(_("Retry with a corrected copy")), reverse("admin:zoho_sync_deadletter_correct", args=[row.pk]))]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.correct_page)
        return [path("<int:pk>/correct/", view, name="zoho_sync_deadletter_correct"), *super().get_urls()]

    def correct_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The payload to correct; the retry with it, and back to the letter."""
        if not self.has_view_permission(request) or not request.user.has_perm(RETRY):
            raise PermissionDenied
        letter = DeadLetter.objects.select_related("event").filter(pk=pk).first()
        if letter is None:
            raise Http404
        back = redirect("admin:zoho_sync_deadletter_change", pk)
        text = payload_text(letter)
        if letter.state != State.OPEN or text is None:
            self.message_user(request, _("This dead letter has nothing that could be corrected."), messages.WARNING)
            return back
        form = CorrectForm(letter, request.POST or None, initial={"payload": text})
        if request.method == "POST" and form.is_valid():
            try:
                event = retry_corrected(
                    letter, form.body, reason=form.cleaned_data["reason"], by=person(request), at=timezone.now()
                )
            except ChangedMeanwhile:
                self.message_user(request, _("It has changed meanwhile; nothing was done."), messages.WARNING)
            else:
                done = format_html("{} {}", translate("The corrected copy is being tried:"), row_link(event))
                self.message_user(request, done, messages.SUCCESS)
            return back
        context = {
            **self.admin_site.each_context(request),
            "title": _("Retry with a corrected copy"),
            "opts": self.opts,
            "media": self.media,
            "form": form,
            "letter": letter,
        }
        return TemplateResponse(request, "admin/zoho_sync/deadletter/correct.html", context)

    def is_live(self, letter: DeadLetter) -> bool:
        return letter.state == State.RETRIED

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
