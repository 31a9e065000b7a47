"""Pages of tables that grow for ever: counting stops at a number nobody leafs through."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property

MOST = 10_000


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts `MOST` rows and no more; what lies beyond is reached with filters and the search."""

    @cached_property
    def _looked_at(self) -> int:
        rows: QuerySet[Any] = self.object_list  # type: ignore[assignment]
        return rows.order_by()[: MOST + 1].count()

    @cached_property
    def count(self) -> int:
        return min(self._looked_at, MOST)

    @property
    def is_cut(self) -> bool:
        """Whether there are more rows than were counted."""
        return self._looked_at > MOST

    def page(self, number: Any) -> Page[Any]:
        """Found by its keys first: sorting whole rows with all that belongs to them takes many times as long."""
        page = super().page(number)
        part: Any = page.object_list
        rows: QuerySet[Any] = self.object_list  # type: ignore[assignment]
        page.object_list = rows.filter(pk__in=[*part.values_list("pk", flat=True)])
        return page
