"""The page on which staff start a run: what, how, and with which options."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.admin.widgets import AdminSplitDateTime
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from tsh_erp.admin_site.display import row_link
from tsh_erp.admin_site.people import person
from tsh_erp.admin_site.read_only import ReadOnlyAdmin
from zoho_sync import tasks
from zoho_sync.entities import ENTITIES
from zoho_sync.errors import NotConfigured
from zoho_sync.models import SyncRun
from zoho_sync.runs import AlreadyRunning

Kind, Mode = SyncRun.Kind, SyncRun.Mode
EVERYTHING = "everything"
LEAST_BATCH, MOST_BATCH, BATCH = 10, 200, 100


def _choices() -> list[Any]:
    """Everything, or `kind:module`, grouped by kind."""
    modules = [(entity.module, entity.label) for entity in ENTITIES]
    detailed = [(entity.module, entity.label) for entity in ENTITIES if entity.detail_only]
    return [
        (EVERYTHING, _("everything, and the stock at the end")),
        (_("Pull"), [(f"{Kind.PULL}:{module}", label) for module, label in modules]),
        (_("Stock"), [(f"{Kind.STOCK}:item", _("stock of all products"))]),
        (_("Images"), [(f"{Kind.IMAGES}:item", _("images of all products"))]),
        (_("Back-fill of details"), [(f"{Kind.BACKFILL}:{module}", label) for module, label in detailed]),
        (_("Mapping anew, without Zoho"), [(f"{Kind.REMAP}:{module}", label) for module, label in modules]),
    ]


class StartForm(forms.Form):
    what = forms.ChoiceField(label=_("What"), choices=_choices, initial=EVERYTHING)
    mode = forms.ChoiceField(
        label=_("mode"),
        choices=[(mode.value, mode.label) for mode in (Mode.INCREMENTAL, Mode.FULL, Mode.SINCE)],
        initial=Mode.INCREMENTAL,
        help_text=_("Pulls and stock only: what changed since the last time, everything, or since a time."),
    )
    since = forms.SplitDateTimeField(
        label=_("changed since"),
        required=False,
        widget=AdminSplitDateTime,
        help_text=_("Only with the mode “since a time”."),
    )
    batch_size = forms.IntegerField(
        label=_("records at once"), initial=BATCH, min_value=LEAST_BATCH, max_value=MOST_BATCH
    )
    active_only = forms.BooleanField(label=_("leave out what is inactive in Zoho"), required=False)
    with_stock_only = forms.BooleanField(label=_("leave out products without stock"), required=False)
    images = forms.BooleanField(label=_("fetch product images too"), required=False)

    def clean_since(self) -> Any:
        since = self.cleaned_data["since"]
        if since and since > timezone.now():
            raise forms.ValidationError(_("This time lies in the future."))
        return since

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        is_since = values.get("mode") == Mode.SINCE
        if is_since and not values.get("since") and "since" not in self.errors:
            self.add_error("since", _("Say since when."))
        if values.get("since") and not is_since:
            self.add_error("since", _("Leave this empty, or choose the mode “since a time”."))
        return values

    def orders(self) -> list[tasks.Order]:
        """The runs that were asked for."""
        values = self.cleaned_data
        mode = Mode(values["mode"])
        options = {name: values[name] for name in ("batch_size", "active_only", "with_stock_only", "images")}
        if values["what"] == EVERYTHING:
            return tasks.orders_for_everything(mode, since=values["since"], options=options)
        kind, module = values["what"].split(":")
        if kind not in (Kind.PULL, Kind.STOCK):
            return [tasks.Order(kind=Kind(kind), module=module, mode=Mode.FULL, options={})]
        if kind == Kind.STOCK and mode == Mode.SINCE:
            mode = Mode.INCREMENTAL
        return [tasks.Order(kind=Kind(kind), module=module, mode=mode, since=values["since"], options=options)]


def start_page(page: ReadOnlyAdmin, request: HttpRequest) -> HttpResponse:
    """Ask what to start; start it and lead to where it is watched."""
    if not request.user.has_perm("zoho_sync.run_sync"):
        raise PermissionDenied
    form = StartForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and (started := _start(request, form)):
        return _to_runs(request, started)
    context = {
        **page.admin_site.each_context(request),
        "title": _("Start a sync"),
        "opts": page.opts,
        "media": page.media + form.media,
        "form": form,
    }
    return TemplateResponse(request, "admin/zoho_sync/syncrun/start.html", context)


def _start(request: HttpRequest, form: StartForm) -> list[SyncRun]:
    """What was started; nothing, with the reason in the form, where it cannot be."""
    try:
        started = tasks.start(form.orders(), trigger=SyncRun.Trigger.ADMIN, user=person(request))
    except NotConfigured as error:
        text = translate("No Zoho client is configured. Missing settings: %(names)s.")
        form.add_error(None, text % {"names": ", ".join(error.missing)})
        return []
    except AlreadyRunning as error:
        text = format_html(
            translate("A run of the same kind is under way: {run}. Wait for it or cancel it."),
            run=row_link(error.run),
        )
        form.add_error("what", text)
        return []
    LogEntry.objects.log_actions(person(request).pk, started, ADDITION, change_message="start")
    return started


def _to_runs(request: HttpRequest, started: list[SyncRun]) -> HttpResponse:
    messages.success(request, translate("The sync was started."))
    if len(started) == 1:
        return redirect("admin:zoho_sync_syncrun_change", started[0].pk)
    return redirect(reverse("admin:zoho_sync_syncrun_changelist", query={"batch": str(started[0].batch)}))
