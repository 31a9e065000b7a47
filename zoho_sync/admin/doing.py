"""Pages whose actions are a table of deeds: one road for all of them.

Few rows are done in the request; all that a filter finds, where they are many, become a bulk action.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse

from tsh_erp.admin_site.operations import operate
from tsh_erp.admin_site.people import person
from tsh_erp.admin_site.read_only import ReadOnlyAdmin
from zoho_sync.admin.bulk_asking import ask_for_bulk_action, is_too_much
from zoho_sync.admin.deeds import Deed, Doer, find_deed

ACROSS = "select_across"


class DeedsAdmin(ReadOnlyAdmin):
    """Makes an admin action of each of its `deeds`."""

    change_form_template = "admin/zoho_sync/live_change_form.html"
    deeds: ClassVar[Sequence[Deed]] = ()

    class Media:
        css = {"all": ["admin_site/control.css"]}
        js = ["admin_site/live.js"]

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        own = cls.__dict__.get("deeds", ())
        for deed in own:
            setattr(cls, deed.name, _action(deed))
            setattr(cls, f"has_{deed.codename}_permission", _permission(deed))
        if own and "actions" not in cls.__dict__:
            cls.actions = tuple(deed.name for deed in own)

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_do"
        view = self.admin_site.admin_view(self.do_to_one)
        return [path("<int:pk>/do/", view, name=name), *super().get_urls()]

    def do(self, deed: Deed, request: HttpRequest, selected: QuerySet[Any]) -> HttpResponse | None:
        """Ask, or do what was confirmed."""
        if why := deed.refuse(selected):
            self.message_user(request, str(why), messages.ERROR)
            return None
        across = request.POST.get(ACROSS) == "1"
        if across and deed.in_background and is_too_much(selected.filter(deed.can)):
            return ask_for_bulk_action(self, request, selected, deed)
        doer = Doer(person(request), lambda text: self.message_user(request, text, messages.WARNING))
        return operate(self, request, selected, deed.operation(doer, across=across))

    def do_to_one(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What a button of a row's page asks for; back to that page when it is done, or was thought better of."""
        page = redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", pk)
        if request.method != "POST":
            return page
        deed = find_deed(self, request.POST.get("action", ""))
        if deed is None or not self.has_view_permission(request) or not request.user.has_perm(deed.right):
            raise PermissionDenied
        row = self.get_queryset(request).filter(pk=pk)
        if not row.exists():
            raise Http404
        return self.do(deed, request, row) or page

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any], *where: Any) -> HttpResponse | None:
        """An action that is not offered to this person is refused by name, not passed over."""
        deed = find_deed(self, request.POST.get("action", ""))
        if deed is not None and not request.user.has_perm(deed.right):
            raise PermissionDenied
        return super().response_action(request, queryset, *where)

    def is_live(self, row: Any) -> bool:
        """Whether work on the row is under way, so that its page refreshes itself."""
        return False

    def fits(self, deed: Deed, row: Any) -> bool:
        return bool(self.model._default_manager.filter(deed.can, pk=row.pk).exists())

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        row = context["original"]
        offered = [deed for deed in self.deeds if request.user.has_perm(deed.right) and self.fits(deed, row)]
        context |= {
            "is_live": self.is_live(row),
            "tools": [(deed.name, deed.label) for deed in offered],
            "tools_address": reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_do", args=[row.pk]),
        }
        return super().render_change_form(request, context, *args, **kwargs)


def _action(deed: Deed) -> Any:
    label: Any = deed.label

    @admin.action(description=label, permissions=[deed.codename])
    def action(page: DeedsAdmin, request: HttpRequest, selected: QuerySet[Any]) -> HttpResponse | None:
        return page.do(deed, request, selected)

    return action


def _permission(deed: Deed) -> Any:
    def has_permission(page: DeedsAdmin, request: HttpRequest) -> bool:
        return request.user.has_perm(deed.right)

    return has_permission
