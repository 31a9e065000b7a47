"""The way from a business row's page to its Zoho record. The addresses are zoho_sync's, known here by name only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin

from tsh_erp.admin_site.panels import PanelsAdmin
from tsh_erp.common.models import MirroredModel


class FromZohoAdmin(PanelsAdmin):
    """Gives the rows of mirrored tables three tools: sync again, open in Zoho, what Zoho sent."""

    def __init__(self, model: Any, admin_site: admin.AdminSite) -> None:
        super().__init__(model, admin_site)
        if issubclass(model, MirroredModel):
            self.change_form_template = "admin/from_zoho_change_form.html"  # type: ignore[misc]
