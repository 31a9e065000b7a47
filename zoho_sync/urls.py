"""Addresses of zoho_sync. Zoho keeps posting to old addresses, so both prefixes answer for ever."""

from django.contrib import admin
from django.urls import include, path, re_path

from zoho_sync.admin import views
from zoho_sync.api.urls import monitoring_patterns
from zoho_sync.api.webhooks import WebhookHealth, WebhookStats
from zoho_sync.entities import WEBHOOK_PATHS
from zoho_sync.webhooks.views import receive_webhook

WEBHOOKS = [
    re_path(rf"^(?P<path>{'|'.join(WEBHOOK_PATHS)})/?$", receive_webhook, name="webhook"),
    path("health", WebhookHealth.as_view(), name="webhook-health"),
    path("stats", WebhookStats.as_view(), name="webhook-stats"),
]

app_name = "zoho_sync"
urlpatterns = [
    path("api/zoho/webhooks/", include(WEBHOOKS)),
    path("api/tds/webhooks/", include((WEBHOOKS, app_name), namespace="tds")),
    path("api/zoho/", include("zoho_sync.api.urls")),
    path("api/", include(monitoring_patterns)),
    path("zoho/records/<label>/<key>/", admin.site.admin_view(views.record), name="record"),
    path("zoho/records/<label>/<key>/business-row/", admin.site.admin_view(views.business_row), name="business-row"),
    path("zoho/records/<label>/<key>/sync-again/", admin.site.admin_view(views.sync_again), name="sync-again"),
    path("zoho/records/<label>/<key>/open-in-zoho/", admin.site.admin_view(views.open_in_zoho), name="open-in-zoho"),
]
