from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CommonConfig(AppConfig):
    name = "tsh_erp.common"
    label = "common"
    verbose_name = _("Common")

    def ready(self) -> None:
        from tsh_erp import checks  # noqa: F401  (registers the system checks)
        from tsh_erp.common import connections  # noqa: F401  (listens to new connections)
