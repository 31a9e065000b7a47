"""What the pages of all tables that name a Zoho record share: the way to the record, its filter and its search."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tsh_erp.admin_site.display import NOTHING, link, list_link, moment, together
from tsh_erp.admin_site.read_only import GrowingTableAdmin
from zoho_sync.entities import BY_MODULE, ENTITIES, find_entity
from zoho_sync.models import DeadLetter, InboxEvent, SyncLog, SyncQueueItem


class ModuleFilter(admin.SimpleListFilter):
    """The registry's modules; asking the table which ones it holds would read all of it."""

    title = _("module")
    parameter_name = "module"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(entity.module, entity.label) for entity in ENTITIES]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(module=self.value()) if self.value() in BY_MODULE else queryset


def module_label(module: str) -> str:
    """What people call the records of a module; nothing for a delivery that no module could be read from."""
    return str(BY_MODULE[module].label) if module in BY_MODULE else module or NOTHING


def record_link(module: str, zoho_id: str) -> SafeString | str:
    """The Zoho id, leading to the mirror's row."""
    return link(zoho_id, "zoho_sync:record", module, zoho_id) if module in BY_MODULE and zoho_id else NOTHING


def record_search(module: str, zoho_id: str) -> str:
    """What finds the rows of one record in every list of these pages."""
    return f"{module} {zoho_id}"


class RecordAdmin(GrowingTableAdmin):
    """A read-only page of rows with `module` and `zoho_id`."""

    search_fields: ClassVar[tuple[str, ...]] = ("=zoho_id",)
    search_help_text = _("A Zoho id, or a kind of record and its Zoho id: “invoice 460000000026049”")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Exact, and always with the module, which every index begins with: the tables may hold millions of rows."""
        words = search_term.split()
        return (queryset.filter(self.found_by(words)) if words else queryset), False

    def found_by(self, words: list[str]) -> Q:
        *names, zoho_id = words
        if not names:
            return Q(module__in=[*BY_MODULE, ""], zoho_id=zoho_id)
        entity = find_entity(" ".join(names))
        return Q(module=entity.module if entity else None, zoho_id=zoho_id)

    @admin.display(description=_("module"))
    def kind(self, row: Any) -> str:
        return module_label(row.module)

    @admin.display(description=_("Zoho id"))
    def record(self, row: Any) -> SafeString | str:
        return record_link(row.module, row.zoho_id)

    @admin.display(description=_("business row"))
    def business_row(self, row: Any) -> SafeString | str:
        if row.module not in BY_MODULE or not row.zoho_id:
            return NOTHING
        return link(pgettext_lazy("link", "open"), "zoho_sync:business-row", row.module, row.zoho_id)

    @admin.display(description=_("of the same record"))
    def same_record(self, row: Any) -> SafeString | str:
        if row.module not in BY_MODULE or not row.zoho_id:
            return NOTHING
        query = record_search(row.module, row.zoho_id)
        lists = (InboxEvent, SyncQueueItem, SyncLog, DeadLetter)
        return together(list_link(model, model._meta.verbose_name_plural, q=query) for model in lists)


def time_column(name: str, label: Any, *, sorts: bool = False) -> Any:
    """A column with the time in field `name`, local and to the second; `sorts` where an index serves it."""

    @admin.display(description=label, ordering=name if sorts else None)
    def column(self: Any, row: Any) -> SafeString | str:
        return moment(getattr(row, name))

    return column
