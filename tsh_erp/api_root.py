"""The API's front door: where to look next."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe


@csrf_exempt
@require_safe
def api_root(request: HttpRequest) -> JsonResponse:
    """Name, version and the addresses of the documentation."""
    return JsonResponse(
        {
            "name": settings.APP_NAME,
            "version": settings.APP_VERSION,
            "docs": request.build_absolute_uri(reverse("api-docs")),
            "schema": request.build_absolute_uri(reverse("api-schema")),
            "erp": request.build_absolute_uri(reverse("erp-root")),
            "mobile": request.build_absolute_uri(reverse("mobile:home")),
            "health": request.build_absolute_uri(reverse("health")),
        }
    )
