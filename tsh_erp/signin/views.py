"""Pages of the second factor: give it, set it up, look after it."""

from __future__ import annotations

from typing import Any

import segno
from django.contrib import admin, messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from tsh_erp.admin_site.people import person
from tsh_erp.auditing.recording import note
from tsh_erp.signin import second_factor
from tsh_erp.signin.forms import CodeForm
from tsh_erp.signin.second_factor import CodeRefused

GROUP = 4  # characters of the key that are read at once


@never_cache
@sensitive_post_parameters("code")
def give_code(request: HttpRequest) -> HttpResponse:
    """The second step of signing in."""
    if not second_factor.is_due(request):
        return _go_on(request)
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _is_right(request, form):
        second_factor.grant(request)
        note(request, "second_factor_given", rows=[person(request)])
        return _go_on(request)
    return _page(request, "code", _("Two-factor login"), form=form, next=_wanted(request))


@never_cache
@sensitive_post_parameters("code")
def enrol(request: HttpRequest) -> HttpResponse:
    """Join an app with the account. Nothing changes before the app has given its first code."""
    user = person(request)
    if second_factor.is_due(request):
        return redirect("two-factor:code")
    if second_factor.is_enrolled(user):
        return redirect("two-factor:manage")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            codes = second_factor.enrol(user, form.cleaned_data["code"])
        except CodeRefused as refusal:
            _explain(form, refusal)
        else:
            second_factor.grant(request)
            second_factor.end_sessions(user, besides=request.session.session_key)
            note(request, "second_factor_enrolled", rows=[user])
            return _codes(request, codes)
    device = second_factor.begin_enrolment(user)
    qr = segno.make(device.config_url, error="m", micro=False)
    return _page(
        request,
        "enrol",
        _("Set up two-factor login"),
        form=form,
        next=_wanted(request),
        is_forced=second_factor.must_have(user),
        picture=qr.svg_data_uri(scale=5, border=4, light="#fff", dark="#000"),
        address=device.config_url,
        key=_grouped(device),
    )


@never_cache
@sensitive_post_parameters("code")
def manage(request: HttpRequest) -> HttpResponse:
    """Whether it is on, how many recovery codes are left; new codes and switching it off ask for a code first."""
    user = person(request)
    form = CodeForm(request.POST or None)
    if request.method == "POST":
        answer = _change(request, form)
        if answer is not None:
            return answer
    return _page(
        request,
        "manage",
        _("Two-factor login"),
        form=form,
        is_enrolled=second_factor.is_enrolled(user),
        is_forced=second_factor.must_have(user),
        left=second_factor.recovery_codes_left(user),
    )


def _change(request: HttpRequest, form: CodeForm) -> HttpResponse | None:
    """Do what the pressed button says, if the code is right."""
    user = person(request)
    is_end = "switch_off" in request.POST
    if is_end and second_factor.must_have(user):
        raise PermissionDenied
    if not form.is_valid() or not _is_right(request, form):
        return None
    if not is_end:
        codes = second_factor.make_recovery_codes(user)
        note(request, "recovery_codes_made", rows=[user])
        return _codes(request, codes)
    second_factor.remove(user)
    request.session.pop(second_factor.STATE, None)
    note(request, "second_factor_removed", rows=[user])
    messages.success(request, _("Two-factor login is off."))
    return redirect("two-factor:manage")


def _is_right(request: HttpRequest, form: CodeForm) -> bool:
    try:
        second_factor.check_code(person(request), form.cleaned_data["code"])
    except CodeRefused as refusal:
        note(request, "second_factor_failed", rows=[person(request)], was_allowed=False)
        _explain(form, refusal)
        return False
    return True


def _explain(form: CodeForm, refusal: CodeRefused) -> None:
    if refusal.wait is None:
        form.add_error("code", _("This code is not right. Codes change every 30 seconds, and each counts only once."))
        return
    text = ngettext(
        "Too many wrong codes: try again in %(seconds)d second.",
        "Too many wrong codes: try again in %(seconds)d seconds.",
        refusal.seconds,
    )
    form.add_error("code", text % {"seconds": refusal.seconds})


def _codes(request: HttpRequest, codes: Any) -> HttpResponse:
    return _page(request, "codes", _("Recovery codes"), codes=codes, next=_wanted(request))


def _page(request: HttpRequest, name: str, title: str, **shown: Any) -> HttpResponse:
    """A page that a half signed-in person may see: it has no menu."""
    is_in = not second_factor.is_due(request) and not second_factor.must_enrol(request)
    context = {**admin.site.each_context(request), "title": title, **shown}
    if not is_in:
        context |= {"has_permission": False, "menu": [], "available_apps": [], "is_half_in": True}
    return TemplateResponse(request, f"admin/two_factor/{name}.html", context)


def _grouped(device: Any) -> str:
    key = device.config_url.partition("secret=")[2].partition("&")[0].replace("%3D", "").rstrip("=")
    return " ".join(key[start : start + GROUP] for start in range(0, len(key), GROUP))


def _wanted(request: HttpRequest) -> str:
    address = request.POST.get(REDIRECT_FIELD_NAME) or request.GET.get(REDIRECT_FIELD_NAME, "")
    is_ours = url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return address if is_ours else reverse("admin:index")


def _go_on(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(_wanted(request))
