from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ZohoSandboxConfig(AppConfig):
    name = "zoho_sandbox"
    verbose_name = _("Zoho sandbox")
