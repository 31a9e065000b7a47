"""Lists that stay quick however long their tables get, and that answer nonsense with a sentence."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.options import IS_FACETS_VAR, IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG, PAGE_VAR, SEARCH_VAR, ChangeList
from django.db import DataError, NotSupportedError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from tsh_erp.admin_site.changes import changes_of, is_kept
from tsh_erp.admin_site.paging import MOST, BoundedPaginator
from tsh_erp.auditing.pages import AuditedAdmin

LONGEST_SEARCH = 200
# What a filter of the address may raise when it is asked of the database, besides what Django's admin expects.
NONSENSE = (ArithmeticError, DataError, IndexError, NotSupportedError, ValueError)


class ListAdmin(AuditedAdmin):
    """Counts no further than `paging.MOST` rows; a filter, page or search that makes no sense is named as such."""

    paginator = BoundedPaginator
    show_full_result_count = False
    change_list_template = "admin/tools_change_list.html"
    object_history_template = "admin/row_history.html"

    def list_tools(self, request: HttpRequest) -> list[tuple[str, str]]:
        """Links above the list, as words and address."""
        return []

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if any("\x00" in value for values in request.GET.lists() for value in values[1]):
            return self._start_over(request)
        if len(request.GET.get(SEARCH_VAR, "")) > LONGEST_SEARCH:
            asked = request.GET.copy()
            asked[SEARCH_VAR] = request.GET.get(SEARCH_VAR, "")[:LONGEST_SEARCH]
            request.GET = asked  # type: ignore[assignment]  # Django's admin does the same
            text = _("That is too long to search for; the first %(count)d characters were used.")
            self.message_user(request, text % {"count": LONGEST_SEARCH}, messages.WARNING)
        if ERROR_FLAG in request.GET and request.method == "GET":
            self._explain(request)
        try:
            return super().changelist_view(request, {"list_tools": self.list_tools(request), **(extra_context or {})})
        except (DisallowedModelAdminLookup, DataError, OverflowError):
            return self._start_over(request)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Django's, with what staff changed, column by column, where that is kept. Read when the page is drawn."""
        kept = is_kept(self.model)
        shown = {"has_changes": kept, "changes": changes_of(self.model, object_id) if kept else ()}
        return super().history_view(request, object_id, {**shown, **(extra_context or {})})

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        try:
            shown = super().get_changelist_instance(request)
        except NONSENSE as error:
            if not set(request.GET) - {ERROR_FLAG}:
                raise  # then it was no filter
            raise IncorrectLookupParameters(error) from error
        page = request.GET.get(PAGE_VAR)
        if page and (page != str(shown.page_num) or not 1 <= shown.page_num <= shown.paginator.num_pages):
            self._explain(request)
        if IS_FACETS_VAR in request.GET and shown.root_queryset.order_by()[MOST : MOST + 1].exists():
            shown.add_facets = False
            text = _("Counts beside the filters are shown for lists of at most %(count)s rows.")
            self.message_user(request, text % {"count": f"{MOST:,}"}, messages.INFO)
        return shown

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """No regular expressions: SQLite runs them in this process, for as long as they take."""
        is_pattern = lookup.endswith(("__regex", "__iregex"))
        return not is_pattern and super().lookup_allowed(lookup, value, request)

    def _start_over(self, request: HttpRequest) -> HttpResponse:
        self._explain(request)
        return HttpResponseRedirect(request.path)

    def _explain(self, request: HttpRequest) -> None:
        text = _("The address asked for a filter or a page that does not exist. This is the list without it.")
        self.message_user(request, text, messages.WARNING)
