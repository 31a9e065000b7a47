"""What is bought at which price is shown to those who may see it, and to nobody else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from catalog.choices import Trade

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin

SEE_COSTS = "catalog.view_cost"


def may_see_costs(request: HttpRequest) -> bool:
    return bool(request.user.has_perm(SEE_COSTS))


class SeenListsFilter(admin.RelatedFieldListFilter):
    """By price list; those for purchases are named to who may see costs only."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        ordering = self.field_admin_ordering(field, request, model_admin)
        seen = Q() if may_see_costs(request) else ~Q(trade=Trade.PURCHASES)
        choices: list[tuple[str, Any]] = field.get_choices(
            include_blank=False, ordering=ordering, limit_choices_to=seen
        )
        return choices


class HidesCosts(ModelAdmin):
    """Takes `cost_columns` (fields and columns, by name) off list, page and address for whoever may not see them.

    Rows of lists for purchases go too, where `trade_path` leads to the list's trade.
    """

    cost_columns: tuple[str, ...] = ()
    trade_path = ""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        if not self.trade_path or may_see_costs(request):
            return rows
        return rows.exclude(**{self.trade_path: Trade.PURCHASES})

    def get_list_display(self, request: HttpRequest) -> Any:
        return self._allowed(request, super().get_list_display(request))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self._allowed(request, super().get_fields(request, obj))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.without_costs(request, super().get_fieldsets(request, obj))

    def without_costs(self, request: HttpRequest, sets: Any) -> Any:
        """These fieldsets as this person may see them."""
        if may_see_costs(request):
            return sets
        kept = ((title, {**options, "fields": self._allowed(request, options["fields"])}) for title, options in sets)
        return [(title, options) for title, options in kept if options["fields"]]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Filters that no page offers could find a hidden figure by trying."""
        hidden = lookup.partition("__")[0] in self._hidden
        return (not hidden or may_see_costs(request)) and super().lookup_allowed(lookup, value, request)

    @property
    def _hidden(self) -> set[str]:
        return {name for column in self.cost_columns for name in (column, column.removeprefix("shown_"))}

    def _allowed(self, request: HttpRequest, names: Iterable[Any]) -> list[Any]:
        return list(names) if may_see_costs(request) else list(self._visible(names))

    def _visible(self, names: Iterable[Any]) -> Iterator[Any]:
        for name in names:
            if isinstance(name, list | tuple):
                if row := tuple(self._visible(name)):
                    yield row
            elif name not in self._hidden:
                yield name
