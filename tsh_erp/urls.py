"""Every address of the project, or the app that owns it."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from tsh_erp.api_root import api_root
from tsh_erp.health import health, live, ready
from tsh_erp.media import serve_picture
from tsh_erp.metrics import metrics

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
    path("health", health, name="health"),
    path("health/live", live, name="health-live"),
    path("health/ready", ready, name="health-ready"),
    path("metrics", metrics, name="metrics"),
    path("media/pictures/<path:name>", serve_picture, name="picture"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/two-factor/", include("tsh_erp.signin.urls")),
    path("admin/", admin.site.urls),
    path("api/", api_root, name="api-root"),
    path("api/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="api-schema"), name="api-docs"),
    path("api/erp/", include("tsh_erp.erp_urls")),
    path("api/mobile/", include("mobile_bff.urls")),
    path("", include("zoho_sync.urls")),
]
