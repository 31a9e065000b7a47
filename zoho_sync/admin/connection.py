from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from tsh_erp.admin_site.display import NOTHING, plain, shown_json
from tsh_erp.admin_site.read_only import ReadOnlyAdmin
from zoho_sync.admin.record_pages import time_column
from zoho_sync.models import ZohoConnection


@admin.register(ZohoConnection)
class ZohoConnectionAdmin(ReadOnlyAdmin):
    """The tokens are neither shown nor loaded."""

    list_display = ("organization_name", "organization_id", "region", "token_ends", "refreshed", "shown_error")
    heavy = ("refresh_token", "access_token")
    fieldsets = (
        (None, {"fields": ("organization_name", "organization_id", "region", "shown_scopes")}),
        (_("Login"), {"fields": ("token_ends", "refreshed", "shown_error")}),
        (_("Record"), {"fields": (("made", "updated"),)}),
    )
    readonly_fields = ("shown_scopes", "token_ends", "refreshed", "shown_error", "made", "updated")

    token_ends = time_column("access_token_expires_at", _("access token ends at"))
    refreshed = time_column("refreshed_at", _("refreshed at"))
    made = time_column("created_at", _("created at"))
    updated = time_column("updated_at", _("updated at"))

    @admin.display(description=_("last error"))
    def shown_error(self, row: ZohoConnection) -> str:
        return plain(row.last_error) or NOTHING

    @admin.display(description=_("scopes"))
    def shown_scopes(self, row: ZohoConnection) -> SafeString | str:
        return shown_json(row.scopes or None)
