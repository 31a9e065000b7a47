"""Ways between a business row, its mirror and Zoho, by the model's label or Zoho's module and the record's id.

Business apps know these addresses by name only: `zoho_sync:record`, `zoho_sync:sync-again`, `zoho_sync:open-in-zoho`.
"""

from __future__ import annotations

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from tsh_erp.admin_site.people import person
from zoho_sync import refetch
from zoho_sync.admin.business_rows import Named, find_record, find_rows, is_known
from zoho_sync.admin.deeds import NO_CLIENT
from zoho_sync.admin.mirror import fetch_again
from zoho_sync.admin.web_addresses import web_address
from zoho_sync.models import ZohoRecord


def record(request: HttpRequest, label: str, key: str) -> HttpResponse:
    """To the mirror's row of a record; its own page says what else there is."""
    named = _named_if_held(label, key)
    mirrored = ZohoRecord.objects.of(named.module, [named.zoho_id]).only("pk").first() if named else None
    if mirrored is None:
        messages.warning(request, _("The mirror holds nothing of this record yet."))
        return _back_to(request, named.row if named else None)
    return _to_page(mirrored)


def business_row(request: HttpRequest, label: str, key: str) -> HttpResponse:
    """To the business row of a record."""
    named = _named_if_held(label, key)
    row = next(iter(find_rows(named.module, named.zoho_id)), None) if named else None
    if row is None:
        messages.warning(request, _("This record has no business row yet."))
        return _back_to(request, named.row if named else None)
    return _to_page(row)


@require_POST
def sync_again(request: HttpRequest, label: str, key: str) -> HttpResponse:
    """Queue a fetch of the record from Zoho."""
    if not request.user.has_perm("zoho_sync.manage_queue"):
        raise PermissionDenied
    named = _named(label, key)
    if not refetch.is_configured():
        messages.error(request, NO_CLIENT)
        return _back_to(request, named.row)
    with transaction.atomic():
        fetch_again([(named.module, named.zoho_id)])
        LogEntry.objects.log_actions(
            person(request).pk, [named.row], CHANGE, change_message="sync_again", single_object=True
        )
    messages.success(request, _("The record will be fetched from Zoho in a moment."))
    return _back_to(request, named.row)


def open_in_zoho(request: HttpRequest, label: str, key: str) -> HttpResponse:
    """To the record's page in Zoho's web application."""
    named = _named(label, key)
    address = web_address(named.module, named.zoho_id)
    if address is None:
        text = _("No page in Zoho is known for this record: its kind has none, or ZOHO_ORGANIZATION_ID is not set.")
        messages.warning(request, text)
        return _back_to(request, named.row)
    return HttpResponseRedirect(address)


def _named(label: str, key: str) -> Named:
    named = find_record(label, key)
    if named is None:
        raise Http404
    return named


def _named_if_held(label: str, key: str) -> Named | None:
    if not is_known(label):
        raise Http404
    return find_record(label, key)


def _to_page(row: Model) -> HttpResponse:
    return redirect(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", row.pk)


def _back_to(request: HttpRequest, row: Model | None) -> HttpResponse:
    """To the page the form or link stood on, else to the row's own."""
    came_from = request.POST.get("next") or request.headers.get("Referer", "")
    if came_from and url_has_allowed_host_and_scheme(
        came_from, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return HttpResponseRedirect(came_from)
    return _to_page(row) if row else redirect("admin:app_list", "zoho_sync")
