from __future__ import annotations

import uuid
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from tsh_erp.admin_site.display import (
    NOTHING,
    key_link,
    link,
    list_link,
    moment,
    plain,
    row_link,
    shown_bytes,
    shown_json,
    together,
)
from zoho_sync.admin.deeds import MANAGE_QUEUE, Deed
from zoho_sync.admin.doing import DeedsAdmin
from zoho_sync.admin.event_export import export_events
from zoho_sync.admin.record_changes import show_changes
from zoho_sync.admin.record_pages import ModuleFilter, RecordAdmin, time_column
from zoho_sync.admin.states import state_badge
from zoho_sync.admin.timeline import timeline_of
from zoho_sync.entities import WEBHOOK_PATHS
from zoho_sync.errors import InvalidPayload
from zoho_sync.inbox import discard_invalid, read_body
from zoho_sync.models import WAITING, DeadLetter, InboxEvent, SyncQueueItem
from zoho_sync.models.dead_letters import UNRESOLVED
from zoho_sync.models.queue import Status
from zoho_sync.replay import PUT_ASIDE, replay_chosen


class PathFilter(admin.SimpleListFilter):
    title = _("path")
    parameter_name = "path"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name) for name in WEBHOOK_PATHS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(path=self.value()) if self.value() in WEBHOOK_PATHS else queryset


DEEDS = (
    Deed(
        name="requeue",
        label=_("Queue again"),
        right=MANAGE_QUEUE,
        question=_("Queue these events again?"),
        effect=_(
            "For events that are dead, discarded or could not be read: they are read with today's code. A dead letter "
            "of the same record is retried with them. What the mirror knows already changes nothing."
        ),
        done=ngettext_lazy("%(count)d event was queued again.", "%(count)d events were queued again.", "count"),
        can=Q(state__in=PUT_ASIDE),
        act=lambda rows, answer, doer: replay_chosen(rows, at=timezone.now()),
        in_background=True,
    ),
    Deed(
        name="discard",
        label=_("Discard events that cannot be read"),
        right="zoho_sync.discard_inboxevent",
        question=_("Discard events that cannot be read?"),
        effect=_("Their bytes are kept; they are only marked as looked at."),
        done=ngettext_lazy("%(count)d event was discarded.", "%(count)d events were discarded.", "count"),
        can=Q(state=InboxEvent.State.INVALID),
        act=lambda rows, answer, doer: discard_invalid(rows, reason=answer, at=timezone.now()),
        needs_reason=True,
        in_background=True,
    ),
)


@admin.register(InboxEvent)
class InboxEventAdmin(DeedsAdmin, RecordAdmin):
    list_display = (
        "received",
        "kind",
        "record",
        "operation",
        "shown_state",
        "deliveries",
        "modified",
        "settled",
        "business_row",
    )
    list_filter = ("state", ModuleFilter, PathFilter, "operation", "proof", "received_at")
    search_fields = ("=uuid", "=zoho_id")
    search_help_text = _("An event id, a Zoho id, or a kind of record and its Zoho id: “invoice 460000000026049”")
    sortable_by = ("received",)
    heavy = ("body", "headers", "query", "reason")
    deeds = DEEDS
    actions = (*(deed.name for deed in DEEDS), "export_json")
    fieldsets = (
        (None, {"fields": ("uuid", "shown_state", "shown_reason", "kind", "record", "operation", "modified")}),
        (_("Where it leads"), {"fields": ("business_row", "job", "log", "letters", "family", "neighbours")}),
        (_("What happened"), {"fields": ("timeline", "changes", "same_record")}),
        (
            _("As it came"),
            {
                "fields": (
                    ("path", "content_type", "size"),
                    ("proof", "address", "request_id"),
                    "shown_query",
                    "shown_headers",
                    "shown_body",
                    "shown_payload",
                    "body_sha256",
                )
            },
        ),
    )
    readonly_fields = (
        "uuid",
        "shown_state",
        "shown_reason",
        "kind",
        "record",
        "modified",
        "business_row",
        "job",
        "letters",
        "family",
        "neighbours",
        "timeline",
        "changes",
        "same_record",
        "size",
        "shown_query",
        "shown_headers",
        "shown_body",
        "shown_payload",
    )

    received = time_column("received_at", _("received at"), sorts=True)
    modified = time_column("modified_at", _("modified in Zoho at"))
    settled = time_column("settled_at", _("settled at"))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.download_body)
        return [path("<int:pk>/body/", view, name="zoho_sync_inboxevent_body"), *super().get_urls()]

    def download_body(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The stored bytes, as a file and never as a page."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        event = InboxEvent.objects.filter(pk=pk).only("uuid", "body").first()
        if event is None:
            raise Http404
        headers = {"Content-Disposition": f'attachment; filename="{event.uuid}.body"'}
        return HttpResponse(bytes(event.body), content_type="application/octet-stream", headers=headers)

    def found_by(self, words: list[str]) -> Q:
        if len(words) == 1:
            try:
                return Q(uuid=uuid.UUID(words[0]))
            except ValueError:
                pass
        return super().found_by(words)

    def is_live(self, event: InboxEvent) -> bool:
        return event.state == InboxEvent.State.QUEUED

    @admin.display(description=_("state"))
    def shown_state(self, event: InboxEvent) -> SafeString:
        return state_badge(event.state, event.get_state_display())

    @admin.display(description=_("reason"))
    def shown_reason(self, event: InboxEvent) -> str:
        return plain(event.reason) or NOTHING

    @admin.display(description=_("job"))
    def job(self, event: InboxEvent) -> SafeString | str:
        """The one that settled it or gave it up, or the one that will."""
        if event.log:
            return key_link(SyncQueueItem, event.log.job_id)
        if event.state == InboxEvent.State.DEAD:
            return together(key_link(SyncQueueItem, letter.job_id) for letter in self._letters(event))
        if event.state != InboxEvent.State.QUEUED:
            return NOTHING
        at_work = SyncQueueItem.objects.filter(
            module=event.module, zoho_id=event.zoho_id, status__in=[*WAITING, Status.PROCESSING]
        )
        return together(row_link(job) for job in at_work.order_by("pk"))

    def _letters(self, event: InboxEvent) -> QuerySet[DeadLetter]:
        mine = Q(event=event)
        if event.state == InboxEvent.State.DEAD:
            mine |= Q(module=event.module, zoho_id=event.zoho_id, state__in=UNRESOLVED)
        return DeadLetter.objects.filter(mine).order_by("pk")[:10]

    @admin.display(description=_("dead letters"))
    def letters(self, event: InboxEvent) -> SafeString | str:
        return together(row_link(letter) for letter in self._letters(event))

    @admin.display(description=_("related deliveries"))
    def family(self, event: InboxEvent) -> SafeString | str:
        links = []
        if event.parent:
            links.append(row_link(event.parent, _("the delivery it came in")))
        if event.state == InboxEvent.State.SPLIT:
            links.append(list_link(InboxEvent, _("its records"), parent__id__exact=event.pk))
        if event.successor:
            links.append(row_link(event.successor, _("the event that overtook it")))
        if event.overtaken.exists():
            links.append(list_link(InboxEvent, _("events it overtook"), successor__id__exact=event.pk))
        return together(links)

    @admin.display(description=_("events of the same record"))
    def neighbours(self, event: InboxEvent) -> SafeString | str:
        if not event.zoho_id:
            return NOTHING
        events = InboxEvent.objects.of_record(event.module, event.zoho_id).defer(*self.heavy)
        before = events.filter(pk__lt=event.pk).order_by("-pk").first()
        after = events.filter(pk__gt=event.pk).order_by("pk").first()
        links = []
        if before:
            links.append(row_link(before, _("the one before")))
        if after:
            links.append(row_link(after, _("the one after")))
        return together(links)

    @admin.display(description=_("timeline"))
    def timeline(self, event: InboxEvent) -> SafeString:
        steps = [(moment(step.at), step) for step in timeline_of(event)]
        return render_to_string("admin/zoho_sync/timeline.html", {"steps": steps})

    @admin.display(description=_("what changed"))
    def changes(self, event: InboxEvent) -> SafeString | str:
        return show_changes(event)

    @admin.action(description=_("Export as JSON"), permissions=["view"])
    def export_json(self, request: HttpRequest, queryset: QuerySet[InboxEvent]) -> StreamingHttpResponse:
        """The newest of the selected events with what was kept of their headers, as one file."""
        return export_events(queryset, at=timezone.now())

    @admin.display(description=_("size"))
    def size(self, event: InboxEvent) -> SafeString | str:
        return together([len(event.body), link(_("download"), "admin:zoho_sync_inboxevent_body", event.pk)])

    @admin.display(description=_("query"))
    def shown_query(self, event: InboxEvent) -> SafeString | str:
        return shown_json(event.query or None)

    @admin.display(description=_("headers"))
    def shown_headers(self, event: InboxEvent) -> SafeString | str:
        return shown_json(event.headers or None)

    @admin.display(description=_("body"))
    def shown_body(self, event: InboxEvent) -> SafeString | str:
        return shown_bytes(bytes(event.body))

    @admin.display(description=_("what was read from it"))
    def shown_payload(self, event: InboxEvent) -> SafeString | str:
        """For bodies that are not plain JSON."""
        body = bytes(event.body)
        if event.content_type.startswith("application/json") or not event.zoho_id:
            return NOTHING
        try:
            read = read_body(body, content_type=event.content_type, path=event.path, query=event.query)
        except InvalidPayload as error:
            return plain(str(error))
        return shown_json(read[0].payload)
