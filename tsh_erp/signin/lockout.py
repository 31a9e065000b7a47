"""After too many wrong passwords for one name from one address nothing is tried any more for a while."""

from __future__ import annotations

from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from axes.utils import reset
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from tsh_erp.callers import client_address
from tsh_erp.problems import problem, speaks_json


def locked_out(request: HttpRequest, response: HttpResponse | None, credentials: Any) -> HttpResponse:
    """What the locked-out see, in their language."""
    minutes = settings.ADMIN_LOCK_OUT_MINUTES
    page: HttpResponse
    if speaks_json(request.path_info):
        page = problem(request, 429, "rate_limited")
    else:
        context = {**admin.site.each_context(request), "title": "", "minutes": minutes}
        page = TemplateResponse(request, "admin/locked_out.html", context, status=429).render()
    page["Retry-After"] = str(minutes * 60)
    page["Cache-Control"] = "no-store"
    return page


def is_locked_out(request: HttpRequest, name: str) -> bool:
    """Whether nothing is tried for this name from this address: for who signs in past Django's own form."""
    return not AxesProxyHandler.is_allowed(request, {"username": name})


def note_failure(request: HttpRequest, name: str) -> None:
    """A password or code was wrong: counted and audited like one in the admin's form."""
    user_login_failed.send(sender=__name__, credentials={"username": name}, request=request)


def forget_failures(request: HttpRequest, name: str) -> None:
    reset(ip=client_address(request), username=name)
