"""How the mirror is found by the search over everything: by a Zoho id of any kind of record."""

from __future__ import annotations

from django.db.models import QuerySet

from tsh_erp.admin_site.finding import Finder, Words, register
from zoho_sync.admin.record_pages import module_label
from zoho_sync.entities import BY_MODULE
from zoho_sync.models import ZohoRecord


def _by_id(typed: str) -> QuerySet[ZohoRecord] | None:
    """Always with the modules, which the index begins with."""
    if not typed.isascii() or not typed.isdigit():
        return None
    return ZohoRecord.objects.filter(module__in=[*BY_MODULE], zoho_id=typed).defer("payload").order_by("module")


register(
    Finder(
        model=ZohoRecord,
        find=_by_id,
        tell=lambda row: Words(f"{module_label(row.module)} {row.zoho_id}", (row.get_state_display(),)),
        in_list=False,
    )
)
