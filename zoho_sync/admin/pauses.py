"""Pausing and resuming the work on a kind of record: all kinds on one page, each with its switch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import ADDITION, DELETION, LogEntry
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _

from tsh_erp.admin_site.display import list_link, moment
from tsh_erp.admin_site.people import person
from tsh_erp.admin_site.read_only import ReadOnlyAdmin
from zoho_sync import queue
from zoho_sync.admin.deeds import MANAGE_QUEUE
from zoho_sync.admin.queue import ring_after_commit
from zoho_sync.entities import BY_MODULE, ENTITIES
from zoho_sync.models import Pause, SyncQueueItem

MOST_COUNTED = 1_000


class PauseForm(forms.Form):
    reason = forms.CharField(max_length=500)


@dataclass(frozen=True)
class Switch:
    """One line: a kind of record, its pause if there is one, and what waits of it."""

    module: str
    label: object
    pause: Pause | None
    since: object
    waiting: object
    oldest: object


@admin.register(Pause)
class PauseAdmin(ReadOnlyAdmin):
    """The list is the page of all switches; a pause has no page of its own."""

    list_display = ("module", "reason", "user", "created_at")

    class Media:
        css = {"all": ["admin_site/control.css"]}

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<str:module>/pause/", view(self.pause_one), name="zoho_sync_pause_begin"),
            path("<str:module>/resume/", view(self.resume_one), name="zoho_sync_pause_end"),
            *super().get_urls(),
        ]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("zoho_sync.view_syncqueueitem")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": _("Pause and resume"),
            "opts": self.opts,
            "media": self.media,
            "switches": read_switches(),
            "may_switch": request.user.has_perm(MANAGE_QUEUE),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/zoho_sync/pause/switches.html", context)

    def pause_one(self, request: HttpRequest, module: str) -> HttpResponse:
        self._check(request, module)
        form = PauseForm(request.POST)
        if request.method != "POST":
            return _to_switches()
        label = BY_MODULE[module].label
        if not form.is_valid():
            self.message_user(request, _("Say why: a reason is needed to pause."), messages.ERROR)
            return _to_switches()
        reason = form.cleaned_data["reason"]
        with transaction.atomic():
            is_new = queue.pause(module, reason=reason, by=person(request))
            if is_new:
                row = Pause.objects.get(module=module)
                LogEntry.objects.log_actions(
                    person(request).pk, [row], ADDITION, change_message=f"pause {module}: {reason}"
                )
        if is_new:
            self.message_user(request, _("Paused: %(what)s. What comes is queued.") % {"what": label}, messages.SUCCESS)
        else:
            text = _("Somebody else has paused it meanwhile: %(what)s.")
            self.message_user(request, text % {"what": label}, messages.WARNING)
        return _to_switches()

    def resume_one(self, request: HttpRequest, module: str) -> HttpResponse:
        self._check(request, module)
        if request.method != "POST":
            return _to_switches()
        label, row = BY_MODULE[module].label, Pause.objects.filter(module=module).first()
        with transaction.atomic():
            was_paused = queue.resume(module, at=timezone.now())
            if was_paused and row:
                LogEntry.objects.log_actions(person(request).pk, [row], DELETION, change_message=f"resume {module}")
                ring_after_commit()
        if was_paused:
            self.message_user(request, _("Goes on: %(what)s.") % {"what": label}, messages.SUCCESS)
        else:
            text = _("It was not paused any more: %(what)s.")
            self.message_user(request, text % {"what": label}, messages.WARNING)
        return _to_switches()

    def _check(self, request: HttpRequest, module: str) -> None:
        if module not in BY_MODULE or not request.user.has_perm(MANAGE_QUEUE):
            raise PermissionDenied


def _to_switches() -> HttpResponse:
    return redirect("admin:zoho_sync_pause_changelist")


def read_switches() -> list[Switch]:
    """Every kind of record. One query, and one for each kind that reads at most `MOST_COUNTED` rows."""
    pauses = queue.paused_modules()
    return [_switch(entity.module, entity.label, pauses.get(entity.module)) for entity in ENTITIES]


def _switch(module: str, label: object, pause: Pause | None) -> Switch:
    waiting = SyncQueueItem.objects.waiting().filter(module=module).order_by()
    times = list(waiting.values_list("created_at", flat=True)[:MOST_COUNTED])
    shown = f"≥ {MOST_COUNTED:,}" if len(times) >= MOST_COUNTED else f"{len(times):,}"
    return Switch(
        module=module,
        label=label,
        pause=pause,
        since=moment(pause.created_at if pause else None),
        waiting=list_link(SyncQueueItem, shown, module=module, status__in="pending,retry") if times else shown,
        oldest=moment(min(times)) if 0 < len(times) < MOST_COUNTED else "",
    )
