from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AuditingConfig(AppConfig):
    name = "tsh_erp.auditing"
    label = "auditing"
    verbose_name = _("Audit")

    def ready(self) -> None:
        from tsh_erp.auditing import signing  # noqa: F401  (listens to sign-ins)
