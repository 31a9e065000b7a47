"""Every request of staff that changes something, and every one that was refused, leaves a row behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.http import HttpRequest, HttpResponse

from tsh_erp.auditing.models import AuditEntry
from tsh_erp.auditing.recording import Deed, note, noted, write

SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")
REFUSED = (401, 403)
# Phones have logs and limits of their own; webhooks have the inbox, and signing in has signals.
ELSEWHERE = ("/api/mobile/", "/api/zoho/webhooks/", "/api/tds/webhooks/")
UNASKED = ("admin:login", "admin:logout", "set_language")
KINDS = ("add", "change", "delete", "changelist", "history")


class AuditMiddleware:
    """Stands behind the one that knows who is signed in. Pages that are only looked at cost nothing."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if _is_ours(request, response.status_code) and request.user.is_authenticated:
            door = AuditEntry.Door.API if request.path.startswith("/api/") else AuditEntry.Door.PAGES
            deed = noted(request) or _read(request)
            if response.status_code >= 400:
                deed = replace(deed, was_allowed=False)
            write(request, deed, door=door, user=request.user, status=response.status_code)
        return response


def refuse(request: HttpRequest, why: str) -> None:
    """Note that the request is turned away, whatever it wanted, though its answer may be a way to go on."""
    deed = _read(request)
    note(request, deed.action, details=why, was_allowed=False)


def _is_ours(request: HttpRequest, status: int) -> bool:
    if request.path.startswith(ELSEWHERE) or not hasattr(request, "user"):
        return False
    if status in REFUSED or noted(request):
        return True
    if request.method in SAFE or (request.resolver_match and request.resolver_match.view_name in UNASKED):
        return False
    # A form that is shown again, or a question before an action, has done nothing yet.
    return request.path.startswith("/api/") or status != 200


def _read(request: HttpRequest) -> Deed:
    """What a request is about, from its address and the admin's form."""
    match = request.resolver_match
    if match is None:
        return Deed(action="unknown")
    page = getattr(match.func, "model_admin", None)
    name = match.view_name or "unknown"
    if page is None:
        named = " ".join(f"{key}={value}" for key, value in match.kwargs.items() if isinstance(value, str | int))
        return Deed(action=name, details=named[:1_000])
    stem = f"{page.opts.app_label}_{page.opts.model_name}_"
    action = name.rpartition(":")[2].removeprefix(stem)
    chosen: list[str] = []
    if action == "changelist":
        action = "view" if request.method in SAFE else request.POST.get("action") or "change_list"
        chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)
    elif action in KINDS and request.method in SAFE:
        action = f"view_{action}"
    return Deed(
        action=action.replace("\x00", ""),
        table=page.opts.label_lower,
        object_id=str(match.kwargs.get("object_id", chosen[0] if len(chosen) == 1 else "")).replace("\x00", ""),
        rows=len(chosen) if len(chosen) > 1 else None,
    )
