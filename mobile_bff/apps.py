from django.apps import AppConfig


class MobileBffConfig(AppConfig):
    """The phones: one small answer for each screen, put together from catalog and commerce."""

    name = "mobile_bff"
