"""What is needed to talk to Zoho, and which of it is missing."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.conf import settings

from zoho_sync.errors import NotConfigured
from zoho_sync.models import ZohoConnection

NEEDED = ("ZOHO_CLIENT_ID", "ZOHO_CLIENT_SECRET", "ZOHO_REFRESH_TOKEN", "ZOHO_ORGANIZATION_ID")


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """Where Zoho is and who we are; the secrets stay out of every message."""

    accounts_url: str
    api_url: str
    organization_id: str
    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)


def read_configuration(*, before_login: bool = False) -> Configuration:
    """The settings, completed by the refresh token of a stored connection. NotConfigured names what is missing.

    `before_login` is for who is about to get a refresh token: none is needed.
    """
    values = {name: getattr(settings, name) for name in NEEDED}
    if values["ZOHO_ORGANIZATION_ID"] and not values["ZOHO_REFRESH_TOKEN"]:
        values["ZOHO_REFRESH_TOKEN"] = _stored_refresh_token(values["ZOHO_ORGANIZATION_ID"])
    needed = [name for name in NEEDED if not (before_login and name == "ZOHO_REFRESH_TOKEN")]
    if missing := [name for name in needed if not values[name]]:
        raise NotConfigured(f"Zoho is not configured: set {', '.join(missing)}", missing=missing)
    return Configuration(
        accounts_url=settings.ZOHO_ACCOUNTS_URL,
        api_url=settings.ZOHO_API_URL,
        organization_id=values["ZOHO_ORGANIZATION_ID"],
        client_id=values["ZOHO_CLIENT_ID"],
        client_secret=values["ZOHO_CLIENT_SECRET"],
        refresh_token=values["ZOHO_REFRESH_TOKEN"],
    )


def _stored_refresh_token(organization_id: str) -> str:
    row = ZohoConnection.objects.filter(organization_id=organization_id).only("refresh_token").first()
    return row.refresh_token if row else ""
