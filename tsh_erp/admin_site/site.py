from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

ENVIRONMENT_NAMES = {"staging": _("Staging"), "development": _("Development")}


class TshAdminSite(admin.AdminSite):
    """The staff's control room: Django's admin with our names and skin (templates/admin, static/admin_site)."""

    site_title = _("TSH ERP")
    site_header = _("TSH ERP")
    index_title = _("Overview")
    site_url = None  # there is no other site to view

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        return super().each_context(request) | {
            "environment_name": ENVIRONMENT_NAMES.get(settings.ENVIRONMENT, ""),
            "environment": settings.ENVIRONMENT,
            "app_version": settings.APP_VERSION,
        }
