"""How the webhooks are doing."""

from __future__ import annotations

from django.conf import settings
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from zoho_sync import monitoring, overview
from zoho_sync.api.permissions import CanViewDashboard, StaffView

TAGS = ["webhooks"]
OBJECT = {200: OpenApiTypes.OBJECT}


class WebhookHealth(StaffView):
    """Whether webhooks can come in, and when the last one did."""

    permission_classes = (CanViewDashboard,)

    @extend_schema(responses=OBJECT, tags=TAGS)
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


class WebhookStats(StaffView):
    """What each webhook path received in the last 24 hours."""

    permission_classes = (CanViewDashboard,)

    @extend_schema(responses=OBJECT, tags=TAGS)
    def get(self, request: Request) -> Response:
        at = timezone.now()
        volumes = monitoring.webhook_volume(within=monitoring.DAY, at=at)
        return Response({"since": at - monitoring.DAY, **overview.tell_webhooks(volumes)})
