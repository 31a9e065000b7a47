from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SigninConfig(AppConfig):
    name = "tsh_erp.signin"
    label = "signin"
    verbose_name = _("Signing in")

    def ready(self) -> None:
        from django.contrib import admin

        from tsh_erp.signin import second_factor  # noqa: F401  (listens to sign-ins)
        from tsh_erp.signin.forms import StaffLoginForm

        admin.site.login_form = StaffLoginForm
