from __future__ import annotations

from django.contrib import admin
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from tsh_erp.admin_site.display import Tone, badge
from tsh_erp.admin_site.read_only import ReadOnlyAdmin
from zoho_sync.admin.record_pages import time_column
from zoho_sync.models import ApiSlot, ApiUsage


@admin.register(ApiUsage)
class ApiUsageAdmin(ReadOnlyAdmin):
    """The calls of each day, by what they were made for."""

    list_display = ("day", "priority", "calls", "failed", "limited", "refused")
    list_filter = ("priority", "day")


@admin.register(ApiSlot)
class ApiSlotAdmin(ReadOnlyAdmin):
    """Who may be in a call right now; the tokens of the holders are nobody else's business."""

    list_display = ("number", "shown_use", "lease_ends")
    fields = ("number", "shown_use", "lease_ends")
    readonly_fields = ("shown_use", "lease_ends")

    lease_ends = time_column("expires_at", _("lease ends at"))

    @admin.display(description=_("in use"))
    def shown_use(self, slot: ApiSlot) -> SafeString:
        is_used = slot.expires_at is not None and slot.expires_at > timezone.now()
        return badge(_("in a call"), Tone.BUSY) if is_used else badge(_("free"), Tone.QUIET)
