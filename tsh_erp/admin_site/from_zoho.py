"""The way from a business row's page to its Zoho record. The addresses are zoho_sync's, known here by name only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin

from tsh_erp.common.models import MirroredModel

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin


class FromZohoAdmin(ModelAdmin):
    """Gives the rows of mirrored tables three tools: sync again, open in Zoho, what Zoho sent."""

    class Media:
        css = {"all": ["admin_site/display.css"]}

    def __init__(self, model: Any, admin_site: admin.AdminSite) -> None:
        super().__init__(model, admin_site)
        if issubclass(model, MirroredModel):
            self.change_form_template = "admin/from_zoho_change_form.html"  # type: ignore[misc]
