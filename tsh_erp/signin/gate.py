"""Nothing is open to a session that still owes its second factor."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth import REDIRECT_FIELD_NAME, SESSION_KEY
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from tsh_erp.auditing.middleware import refuse
from tsh_erp.problems import problem
from tsh_erp.signin.second_factor import is_due, must_enrol

OPEN = frozenset(
    {
        "two-factor:code",
        "two-factor:enrol",
        "admin:login",
        "admin:logout",
        "admin:jsi18n",
        "set_language",
        "health",
        "health-live",
        "health-ready",
        "metrics",
    }
)
TOKENS_ONLY = ("/api/mobile/", "/api/zoho/webhooks/", "/api/tds/webhooks/")
"""Where no session counts."""


class SecondFactorMiddleware:
    """Leads whoever is half signed in to the page that takes the code, or to the one that sets it up."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *view: object) -> HttpResponse | None:
        match = request.resolver_match
        if request.path.startswith(TOKENS_ONLY) or (match is not None and match.view_name in OPEN):
            return None
        if SESSION_KEY not in request.session or not request.user.is_authenticated:
            return None
        page = "code" if is_due(request) else "enrol" if must_enrol(request) else ""
        if not page:
            return None
        if request.path.startswith("/api/"):
            text = _("This session still owes its second factor: give it on the admin's sign-in page.")
            return problem(request, 403, "second_factor_required", text)
        if request.method not in ("GET", "HEAD"):
            refuse(request, "second factor")
        address = reverse(f"two-factor:{page}")
        wanted = request.get_full_path() if request.method == "GET" else ""
        query = {REDIRECT_FIELD_NAME: wanted} if wanted and wanted != reverse("admin:index") else None
        return HttpResponseRedirect(reverse(f"two-factor:{page}", query=query) if query else address)
