from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ZohoSyncConfig(AppConfig):
    name = "zoho_sync"
    verbose_name = _("Zoho sync")

    def ready(self) -> None:
        from zoho_sync import (
            checks,  # noqa: F401  (registers the system checks)
            subscribers,  # noqa: F401  (registers who listens to events)
        )
