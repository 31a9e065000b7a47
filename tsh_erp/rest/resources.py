"""Read-only resources of the ERP's own API: lists and single rows of one table, for staff who may view it.

A resource is read with the rights of the admin: `view` of its model, and `catalog.view_cost` for what things cost
to buy. Queries are constant: a list reads keys, rows and what is named in its query set.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.routers import SimpleRouter
from rest_framework.views import APIView
from rest_framework.viewsets import ReadOnlyModelViewSet

from tsh_erp.rest.filters import StrictFilterBackend
from tsh_erp.rest.pages import BoundedPages
from tsh_erp.rest.strict import refuse_unknown_parameters

SEE_COSTS = "catalog.view_cost"


class MayView(BasePermission):
    """Staff who may view the resource's table."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        rows = getattr(view, "queryset", None)
        user = request.user
        if rows is None or user is None or not user.is_staff:
            return False
        names = rows.model._meta
        return bool(user.has_perm(f"{names.app_label}.view_{names.model_name}"))


class Row(serializers.ModelSerializer[Any]):
    """One row. `costs` are the fields that only those see who may see what things cost to buy."""

    costs: ClassVar[tuple[str, ...]] = ()

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        if self.costs and not may_see_costs(self.context):
            for name in self.costs:
                fields.pop(name, None)
        return fields


class Resource(ReadOnlyModelViewSet[Any]):
    """A table as a list and as single rows. `detail_class` describes a single row where it says more than the list's.

    `costly_rows` is what is left out altogether for those who may not see costs. No filter reads a figure that a row
    may hide: it could be found by trying.
    """

    permission_classes = (MayView,)
    filter_backends = (StrictFilterBackend,)
    pagination_class = BoundedPages
    lookup_value_regex = r"[1-9]\d{0,17}"
    detail_class: ClassVar[type[Row] | None] = None
    detail_queryset: ClassVar[QuerySet[Any] | None] = None
    costly_rows: ClassVar[dict[str, Any] | None] = None

    def get_serializer_class(self) -> type[serializers.BaseSerializer[Any]]:
        return self.detail_class if self.detail and self.detail_class else super().get_serializer_class()

    def get_queryset(self) -> QuerySet[Any]:
        more = self.detail_queryset if self.detail else None
        rows: QuerySet[Any] = super().get_queryset() if more is None else more.all()
        if self.costly_rows and not may_see_costs(self.get_serializer_context()):
            rows = rows.exclude(**self.costly_rows)
        return rows

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.detail:
            refuse_unknown_parameters(self.request, ())
            return queryset
        return super().filter_queryset(queryset)


def may_see_costs(context: Mapping[str, Any]) -> bool:
    """Whether the caller may see what things cost to buy; the schema describes everything."""
    if getattr(context.get("view"), "swagger_fake_view", False):
        return True
    user: User | AnonymousUser | None = getattr(context.get("request"), "user", None)
    return user is not None and user.has_perm(SEE_COSTS)


class Router(SimpleRouter):
    """Addresses without a slash at the end, as everywhere in our API; each resource named by its address."""

    def __init__(self) -> None:
        super().__init__(trailing_slash=False)

    def add(self, address: str, resource: type[Resource]) -> None:
        self.register(address, resource, basename=f"erp-{address}")
