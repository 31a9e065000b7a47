"""On the page of the connection: the addresses that Zoho posts to, and what came in by each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from tsh_erp.admin_site.display import Tone, badge, list_link, moment
from tsh_erp.admin_site.panels import Panel, add_panels
from zoho_sync import monitoring
from zoho_sync.inbox.proofs import KEY_HEADERS, SIGNATURE_HEADER
from zoho_sync.models import InboxEvent, ZohoConnection
from zoho_sync.monitoring import DAY

BAD = (InboxEvent.State.INVALID, InboxEvent.State.DEAD)


def _read(request: HttpRequest, row: ZohoConnection) -> Mapping[str, Any]:
    at = timezone.now()
    lines = []
    for volume in monitoring.webhook_volume(within=DAY, at=at):
        failed = sum(volume.by_state.get(state, 0) for state in BAD)
        lines.append(
            {
                "address": request.build_absolute_uri(reverse("zoho_sync:webhook", args=[volume.path])),
                "state": badge(translate("heard"), Tone.GOOD)
                if volume.deliveries
                else badge(translate("silent for a day"), Tone.WARNING),
                "last": moment(volume.last_received_at),
                "deliveries": list_link(InboxEvent, f"{volume.deliveries:,}", path=volume.path),
                "duplicates": f"{volume.duplicates:,}",
                "failed": list_link(InboxEvent, f"{failed:,}", path=volume.path, state__in="invalid,dead"),
            }
        )
    return {"lines": lines, "headers": (SIGNATURE_HEADER, *KEY_HEADERS)}


add_panels(
    ZohoConnection,
    Panel(
        name="webhooks",
        title=_("Webhooks of the last 24 hours"),
        template="admin/zoho_sync/zohoconnection/webhooks.html",
        read=_read,
        permissions=("zoho_sync.view_inboxevent",),
    ),
)
