"""The filter of a day column: usual periods, and any from and to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import PAGE_VAR, ChangeList
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class PeriodFilter(admin.DateFieldListFilter):
    """For a DateField. The whole table is never read to find out which days occur in it."""

    template = "admin/period_filter.html"

    def __init__(
        self,
        field: Any,
        request: HttpRequest,
        params: dict[str, list[str]],
        model: type[models.Model],
        model_admin: Any,
        field_path: str,
    ) -> None:
        self.lookup_kwarg_last = f"{field_path}__lte"
        super().__init__(field, request, params, model, model_admin, field_path)
        today = timezone.localdate()
        month, year = today.replace(day=1), today.replace(month=1, day=1)
        last_month = (month - timedelta(days=1)).replace(day=1)
        self.links = (
            (_("Any date"), {}),
            (_("Today"), self._between(today, today + timedelta(days=1))),
            (_("Past 7 days"), self._between(today - timedelta(days=7), today + timedelta(days=1))),
            (_("Past 30 days"), self._between(today - timedelta(days=30), today + timedelta(days=1))),
            (_("This month"), self._between(month, (month + timedelta(days=32)).replace(day=1))),
            (_("Last month"), self._between(last_month, month)),
            (_("This year"), self._between(year, year.replace(year=year.year + 1))),
            (_("Last year"), self._between(year.replace(year=year.year - 1), year)),
        )

    def expected_parameters(self) -> list[str | None]:
        return [*super().expected_parameters(), self.lookup_kwarg_last]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        yield from super().choices(changelist)
        others = {
            name: value
            for name, value in changelist.params.items()
            if name not in (*self.expected_parameters(), PAGE_VAR) and isinstance(value, str)
        }
        filters = {
            name: values[-1] for name, values in changelist.filter_params.items() if not name.startswith(self._stem)
        }
        yield {
            "form": {
                "first": self.lookup_kwarg_since,
                "last": self.lookup_kwarg_last,
                "first_value": self._typed(self.lookup_kwarg_since),
                "last_value": self._typed(self.lookup_kwarg_last),
                "others": {**others, **filters},
            }
        }

    @property
    def _stem(self) -> str:
        return f"{self.field_path}__"

    def _typed(self, name: str) -> str:
        """What stands in the address, if it is a day."""
        try:
            return date.fromisoformat(self.date_params.get(name, "")).isoformat()
        except ValueError:
            return ""

    def _between(self, first: date, end: date) -> dict[str, Any]:
        return {self.lookup_kwarg_since: first, self.lookup_kwarg_until: end}
