"""What every admin page of a mirrored table does alike: Zoho's columns are shown, ours are edited."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import get_language_bidi
from django.utils.translation import gettext_lazy as _

from tsh_erp.admin_site import read_only
from tsh_erp.admin_site.display import NOTHING
from tsh_erp.admin_site.from_zoho import FromZohoAdmin

if TYPE_CHECKING:
    TabularInline = admin.TabularInline[Any, Any]
else:
    TabularInline = admin.TabularInline


class ReadOnlyAdmin(FromZohoAdmin, read_only.ReadOnlyAdmin):
    """A table that Zoho or the machine writes."""


class MirroredAdmin(FromZohoAdmin):
    """Only `local_fields` can be edited, by anyone; `save_model` must hand them to a service."""

    show_full_result_count = False
    local_fields: tuple[str, ...] = ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        shown = (name for name in self._shown(request, obj) if name not in self.local_fields)
        return list(dict.fromkeys(shown))

    def _shown(self, request: HttpRequest, obj: Any) -> list[str]:
        """Every name in the fieldsets; rows of several fields are tuples there."""
        names: list[str] = []
        for _title, options in self.fieldsets or ():
            for name in options["fields"]:
                names.extend([name] if isinstance(name, str) else name)
        return names


class ReadOnlyInline(TabularInline):
    extra = 0
    max_num = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class RetiredFilter(admin.SimpleListFilter):
    title = _("in Zoho")
    parameter_name = "retired"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("no", _("present")), ("yes", _("gone"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() in ("no", "yes"):
            return queryset.filter(retired_at__isnull=self.value() == "no")
        return queryset


def list_link(model: type[Model], text: Any, **lookups: object) -> SafeString:
    """A link to the list of `model`, filtered."""
    address = reverse(
        f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist",
        query={name: str(value) for name, value in lookups.items()},
    )
    return format_html('<a href="{}">{}</a>', address, capfirst(str(text)))


def shown_custom_fields(rows: list[dict[str, Any]]) -> SafeString | str:
    """Custom fields as lines of label and value."""
    lines = ((row.get("label") or row.get("api_name") or NOTHING, _shown_value(row.get("value"))) for row in rows)
    return format_html_join("", "<div><bdi>{}</bdi>: <bdi>{}</bdi></div>", lines) or NOTHING


def _shown_value(value: Any) -> str:
    """Text as it stands, several values beside each other, anything else as JSON; letters of any script as they are."""
    if value is None:
        return NOTHING
    if isinstance(value, list):
        return "، ".join(map(_shown_value, value)) if get_language_bidi() else ", ".join(map(_shown_value, value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
