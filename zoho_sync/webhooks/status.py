"""How the webhooks are doing, for staff."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from zoho_sync import monitoring


class CanViewDashboard(BasePermission):
    """Staff with `zoho_sync.view_dashboard`."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        user = request.user
        return bool(user and user.is_staff and user.has_perm("zoho_sync.view_dashboard"))


class WebhookHealth(APIView):
    """Whether webhooks can come in, and when the last one did."""

    permission_classes = (CanViewDashboard,)

    @extend_schema(responses={200: dict[str, Any]})
    def get(self, request: Request) -> Response:
        accepts = bool(settings.WEBHOOK_API_KEYS or settings.ZOHO_WEBHOOK_SECRETS)
        return Response(
            {
                "status": "healthy" if accepts else "unhealthy",
                "api_key_configured": bool(settings.WEBHOOK_API_KEYS),
                "signature_configured": bool(settings.ZOHO_WEBHOOK_SECRETS),
                "last_received_at": monitoring.last_webhook_at(),
            }
        )


class WebhookStats(APIView):
    """What each webhook path received in the last 24 hours."""

    permission_classes = (CanViewDashboard,)

    @extend_schema(responses={200: dict[str, Any]})
    def get(self, request: Request) -> Response:
        since = timezone.now() - timedelta(hours=24)
        return Response(
            {
                "since": since,
                "paths": [
                    {
                        "path": volume.path,
                        "deliveries": volume.deliveries,
                        "events": volume.by_state,
                        "last_received_at": volume.last_received_at,
                    }
                    for volume in monitoring.webhook_volume(since=since)
                ],
            }
        )
