"""Pages of lists that may be very long: nothing of them is counted or read to the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.functional import cached_property
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tsh_erp.admin_site import paging
from tsh_erp.pagination import PageNumberPagination


class KeyPaginator(paging.BoundedPaginator):
    """Over the keys of rows, counted in their order: what finds the first page finds the last one that is counted."""

    @cached_property
    def _looked_at(self) -> int:
        keys: QuerySet[Any] = self.object_list  # type: ignore[assignment]
        return keys[: paging.MOST + 1].count()


class BoundedPages(PageNumberPagination):
    """`page` and `page_size` over the first 10,000 rows; what lies beyond is reached with filters.

    `count` is exact up to that number, as `count_is_exact` says. The keys of a page are looked for
    first, mostly in an index alone, and only the rows that are shown are read.
    """

    django_paginator_class = KeyPaginator

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any] | None:
        with _first_rows_first():
            keys: list[Any] | None = super().paginate_queryset(queryset.values_list("pk", flat=True), request, view)
        if keys is None or not isinstance(view, GenericAPIView):
            return None
        by_key = {row.pk: row for row in view.get_queryset().filter(pk__in=keys)}
        return [by_key[key] for key in keys if key in by_key]

    def get_paginated_response(self, data: Any) -> Response:
        response = super().get_paginated_response(data)
        paginator: Any = self.page.paginator if self.page is not None else None  # an empty page is false
        response.data["count_is_exact"] = not paginator.is_cut
        return response

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        described = super().get_paginated_response_schema(schema)
        described["properties"]["count"]["description"] = f"at most {paging.MOST}"
        described["properties"]["count_is_exact"] = {"type": "boolean"}
        return described


@contextmanager
def _first_rows_first() -> Iterator[None]:
    """Have PostgreSQL walk along an index in the order of the list, and stop where enough is found.

    It would rather read all rows, or make a bitmap of them: it believes that every status is rare
    (migration 0003 says why it knows no better), and that rows are read to the end.
    """
    if connection.vendor != "postgresql":
        yield  # a transaction would take SQLite's one lock for writing
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_bitmapscan = off; SET LOCAL enable_seqscan = off")
        yield
