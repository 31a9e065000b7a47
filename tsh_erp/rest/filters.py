"""Filters of lists: strict about their names, and about keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters.constants import EMPTY_VALUES
from django_filters.rest_framework import DjangoFilterBackend, FilterSet
from rest_framework.request import Request
from rest_framework.views import APIView

from tsh_erp.rest.strict import refuse_unknown_parameters

PAGING = ("page", "page_size")
LARGEST_KEY = 2**63 - 1
MOST_KEYS = 200


class AnyOf(django_filters.MultipleChoiceFilter):  # type: ignore[misc]
    """One or several of the choices. DISTINCT, which is the library's default, would read and sort whole tables."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"distinct": False, **kwargs})


class KeyFilter(django_filters.Filter):  # type: ignore[misc]
    """The primary key of another row. It need not exist: then nothing is found."""

    field_class = forms.IntegerField

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"min_value": 1, "max_value": LARGEST_KEY, **kwargs})


class KeysField(forms.CharField):
    """Keys between commas."""

    def clean(self, value: Any) -> list[int]:
        text = str(super().clean(value))
        keys = [key for part in text.split(",") if (key := part.strip())]
        known = all(key.isascii() and key.isdigit() and len(key) < len(str(LARGEST_KEY)) for key in keys)
        if not known or len(keys) > MOST_KEYS:
            raise ValidationError(_("Write at most %(most)s keys between commas."), params={"most": MOST_KEYS})
        return [int(key) for key in keys]


class KeysFilter(django_filters.CharFilter):  # type: ignore[misc]
    """Rows whose key (or whose `field_name`) is one of those between commas, at most 200."""

    field_class = KeysField

    def filter(self, rows: QuerySet[Any], value: Sequence[int] | str) -> QuerySet[Any]:
        return rows if value in EMPTY_VALUES else rows.filter(**{f"{self.field_name}__in": value})


class StrictFilterBackend(DjangoFilterBackend):  # type: ignore[misc]
    """django-filter that answers 400 to a filter it does not know."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: APIView) -> QuerySet[Any]:
        filters = self.get_filterset_class(view, queryset)
        refuse_unknown_parameters(request, [*(filters.base_filters if filters else ()), *PAGING])
        filtered: QuerySet[Any] = super().filter_queryset(request, queryset, view)
        return filtered


class ResourceFilter(FilterSet):  # type: ignore[misc]
    """The filters of a resource. Other rows are named by their keys, without asking whether they exist."""

    id = KeysFilter(field_name="pk", help_text="keys between commas, at most 200")

    class Meta:
        filter_overrides = {
            models.ForeignKey: {"filter_class": KeyFilter},
            models.OneToOneField: {"filter_class": KeyFilter},
        }


class MirroredFilter(ResourceFilter):
    """Of rows that Zoho may own: by its id, and whether they are gone there."""

    zoho_id = django_filters.CharFilter(max_length=50)
    retired = django_filters.BooleanFilter(
        field_name="retired_at", lookup_expr="isnull", exclude=True, help_text="gone in Zoho, or not"
    )

    class Meta(ResourceFilter.Meta):
        pass
