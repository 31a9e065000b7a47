"""Parts of a row's page that are no fields: key figures, tables of other rows, small questions and their answers.

An app adds panels to the pages of apps below it too, so that a product shows where it was sold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.safestring import SafeString

from tsh_erp.admin_site.lists import ListAdmin

QUESTION_FORM = "question"
"""The id of an empty GET form on every page with panels: inputs of a panel name it, since forms cannot be nested."""


@dataclass(frozen=True, kw_only=True)
class Panel:
    """`read` gives the template its values, or None where there is nothing to show of a row.

    Who lacks one of `permissions` does not see it and nothing is read for it. `comes_first` puts it above the fields.
    """

    name: str
    title: str | Promise
    template: str
    read: Callable[[HttpRequest, Any], Mapping[str, Any] | None]
    permissions: tuple[str, ...] = ()
    comes_first: bool = False


@dataclass(frozen=True, kw_only=True)
class ShownPanel:
    name: str
    title: str | Promise
    content: SafeString
    comes_first: bool


_panels: dict[type[Model], list[Panel]] = {}


def add_panels(model: type[Model], *panels: Panel) -> None:
    """Show these on the pages of `model`, after those it has."""
    _panels.setdefault(model, []).extend(panels)


def read_panels(request: HttpRequest, row: Model) -> list[ShownPanel]:
    """The panels of a row that this person may see."""
    shown = []
    for panel in _panels.get(type(row), ()):
        if not request.user.has_perms(panel.permissions):
            continue
        values = panel.read(request, row)
        if values is not None:
            given = {"row": row, "question": QUESTION_FORM, "title_id": f"{panel.name}-title"}
            content = render_to_string(panel.template, {**given, **values}, request)
            shown.append(ShownPanel(name=panel.name, title=panel.title, content=content, comes_first=panel.comes_first))
    return shown


class PanelsAdmin(ListAdmin):
    """Puts the panels of its model on every row's page."""

    change_form_template = "admin/panels_change_form.html"

    class Media:
        css = {"all": ["admin_site/display.css", "admin_site/panels.css"]}

    def page_tools(self, request: HttpRequest, row: Any) -> list[tuple[str, str]]:
        """Links above a row's page, as words and address."""
        return []

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        panels = read_panels(request, obj) if obj is not None else []
        context |= {
            "first_panels": [panel for panel in panels if panel.comes_first],
            "later_panels": [panel for panel in panels if not panel.comes_first],
            "question": QUESTION_FORM,
            "page_tools": self.page_tools(request, obj) if obj is not None else [],
        }
        return super().render_change_form(request, context, add, change, form_url, obj)
