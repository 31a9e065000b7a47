"""Pages of lists that may be very long: nothing of them is counted to the end."""

from __future__ import annotations

from typing import Any

from rest_framework.response import Response

from tsh_erp.admin_site.paging import MOST, BoundedPaginator
from tsh_erp.pagination import PageNumberPagination


class BoundedPages(PageNumberPagination):
    """`page` and `page_size` over the first 10,000 rows; what lies beyond is reached with filters.

    `count` is exact up to that number, as `count_is_exact` says.
    """

    django_paginator_class = BoundedPaginator

    def get_paginated_response(self, data: Any) -> Response:
        response = super().get_paginated_response(data)
        paginator: Any = self.page.paginator if self.page is not None else None  # an empty page is false
        response.data["count_is_exact"] = not paginator.is_cut
        return response

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        described = super().get_paginated_response_schema(schema)
        described["properties"]["count"]["description"] = f"at most {MOST}"
        described["properties"]["count_is_exact"] = {"type": "boolean"}
        return described
