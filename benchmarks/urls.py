"""The project's addresses, and the peer of `ingest`."""

from __future__ import annotations

from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from tsh_erp.urls import urlpatterns as project_urls


@csrf_exempt
def bare_insert(request: HttpRequest) -> JsonResponse:
    """The least that a view which stores its request can do: one INSERT, behind the project's middleware."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO benchmark_insert (body, received_at) VALUES (%s, %s)", [request.body, timezone.now()]
        )
    return JsonResponse({"success": True}, status=202)


urlpatterns = [path("benchmarks/insert", bare_insert), *project_urls]
