"""Addresses of zoho_sync. Zoho keeps posting to old addresses, so both prefixes answer for ever."""

from django.contrib import admin
from django.urls import path, re_path

from zoho_sync.admin import views
from zoho_sync.entities import WEBHOOK_PATHS
from zoho_sync.webhooks.status import WebhookHealth, WebhookStats
from zoho_sync.webhooks.views import receive_webhook

PREFIX = r"^api/(?:zoho|tds)/webhooks"

app_name = "zoho_sync"
urlpatterns = [
    re_path(rf"{PREFIX}/(?P<path>{'|'.join(WEBHOOK_PATHS)})/?$", receive_webhook, name="webhook"),
    re_path(rf"{PREFIX}/health/?$", WebhookHealth.as_view(), name="webhook-health"),
    re_path(rf"{PREFIX}/stats/?$", WebhookStats.as_view(), name="webhook-stats"),
    path("zoho/records/<label>/<key>/", admin.site.admin_view(views.record), name="record"),
    path("zoho/records/<label>/<key>/business-row/", admin.site.admin_view(views.business_row), name="business-row"),
    path("zoho/records/<label>/<key>/sync-again/", admin.site.admin_view(views.sync_again), name="sync-again"),
    path("zoho/records/<label>/<key>/open-in-zoho/", admin.site.admin_view(views.open_in_zoho), name="open-in-zoho"),
]
