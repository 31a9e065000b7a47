"""Connecting an organisation: a grant code becomes a stored refresh token, once it has proved to be the right one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from zoho_sync.client import accounts
from zoho_sync.client.configuration import Configuration, read_configuration
from zoho_sync.client.http import ZohoHttp
from zoho_sync.client.limits import Limiter
from zoho_sync.client.sessions import Sessions
from zoho_sync.client.token import token_columns
from zoho_sync.errors import MissingScope, PermanentError, WrongOrganisation
from zoho_sync.models import Priority, ZohoConnection

PATIENCE = 5.0
# What the entities are read with (api.md §1).
AREAS = {
    "ZohoInventory": (
        "contacts",
        "items",
        "compositeitems",
        "inventoryadjustments",
        "settings",
        "salesorders",
        "invoices",
        "customerpayments",
        "creditnotes",
        "purchaseorders",
        "bills",
        "debitnotes",
    ),
    "ZohoBooks": ("settings", "vendorpayments"),
}


class _OneToken:
    """An access token that is tried out and not kept."""

    def __init__(self, value: str) -> None:
        self._value = value

    def token(self) -> str:
        return self._value

    def replace(self, rejected: str) -> str:
        return self._value

    def is_known_to_lack(self, token: str, area: str) -> bool:
        return True

    def note_lack(self, token: str, area: str) -> None:
        """Nothing is written down about a login that is not ours yet."""


def connect(code: str) -> ZohoConnection:
    """Exchange a grant code and store the login it buys, unless it is for another organisation or lacks a scope.

    Raises NotConfigured, InvalidCredentials, WrongOrganisation, MissingScope, TemporaryError; then nothing is stored.
    """
    known, sessions = read_configuration(before_login=True), Sessions()
    try:
        asked_at = timezone.now()
        grant = accounts.exchange(known, sessions, code)
        if missing := missing_scopes(grant.scopes):
            raise MissingScope(f"the code lacks scopes (code 57): make a new one with {','.join(missing)} too")
        http = ZohoHttp(
            known,
            sessions,
            _OneToken(grant.access_token),
            Limiter(known.organization_id, Priority.WEBHOOK),
            patience=PATIENCE,
            asks_again=True,
        )
        name = find_organization(known, read_organizations(http))
    finally:
        sessions.close()
    row, _ = ZohoConnection.objects.update_or_create(
        organization_id=known.organization_id,
        defaults={
            **token_columns(grant, asked_at + timedelta(seconds=grant.lifetime)),
            "refresh_token": grant.refresh_token,
            "refreshes": [],
            "refreshed_at": asked_at,
            "forbidden": {},
            "organization_name": name,
            "region": settings.ZOHO_REGION,
            "scopes": list(grant.scopes),
        },
    )
    return row


def note_organization(known: Configuration, organizations: Sequence[Any]) -> ZohoConnection:
    """Write down what the organisation is called. WrongOrganisation when the login does not see it."""
    name = find_organization(known, organizations)
    row, _ = ZohoConnection.objects.update_or_create(
        organization_id=known.organization_id, defaults={"organization_name": name, "region": settings.ZOHO_REGION}
    )
    return row


def read_organizations(http: ZohoHttp) -> list[Any]:
    """The organisations that the login may see. PermanentError when the answer does not hold them."""
    rows = http.get("inventory", "/organizations").get("organizations")
    if not isinstance(rows, list):
        raise PermanentError("/organizations: no organizations in the answer")
    return [row for row in rows if isinstance(row, dict)]


def find_organization(known: Configuration, organizations: Sequence[Any]) -> str:
    """The name of the configured organisation. WrongOrganisation names those that the login sees instead."""
    for row in organizations:
        if str(row.get("organization_id")) == known.organization_id:
            return str(row.get("name") or "")[:200]
    seen = ", ".join(f"{row.get('organization_id')} ({row.get('name')})" for row in organizations) or "none"
    raise WrongOrganisation(
        f"the login does not belong to organisation {known.organization_id} (code 6041), it sees {seen}: "
        "check ZOHO_ORGANIZATION_ID"
    )


def missing_scopes(scopes: Sequence[str]) -> list[str]:
    """The scopes we need that are not among those that Zoho told; none, when it told none. Pure."""
    told = {scope.casefold() for scope in scopes}
    if not told:
        return []
    missing = []
    for product, areas in AREAS.items():
        if f"{product}.fullaccess.all".casefold() not in told:
            for area in areas:
                if not told & {f"{product}.{area}.{right}".casefold() for right in ("READ", "ALL")}:
                    missing.append(f"{product}.{area}.READ")
    return missing
