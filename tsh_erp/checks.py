"""Settings that must never serve: system checks, run by every command and when the web server starts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

TAG = "settings"


@checks.register(TAG)
def check_settings(app_configs: Any, **kwargs: Any) -> Sequence[checks.CheckMessage]:
    """Wrong anywhere: keys that cannot encrypt. Wrong outside development: everything insecure."""
    found = list(_check_encryption_keys())
    if settings.ENVIRONMENT == "development":
        return found
    if settings.SECRET_KEY.startswith("insecure") or len(settings.SECRET_KEY) < 50:
        found.append(checks.Error("SECRET_KEY is not a secret: use 50 or more random characters.", id="tsh_erp.E001"))
    if not settings.FIELD_ENCRYPTION_KEYS:
        found.append(checks.Error("FIELD_ENCRYPTION_KEYS is missing: tokens could not be stored.", id="tsh_erp.E002"))
    if settings.DEBUG:
        found.append(checks.Error(f"DEBUG is on in {settings.ENVIRONMENT}.", id="tsh_erp.E004"))
    if "*" in settings.ALLOWED_HOSTS:
        found.append(checks.Error("ALLOWED_HOSTS allows every host.", id="tsh_erp.E005"))
    if not settings.CSRF_TRUSTED_ORIGINS:
        found.append(checks.Error("CSRF_TRUSTED_ORIGINS is missing.", id="tsh_erp.E006"))
    if connection.vendor == "sqlite":
        found.append(checks.Warning("SQLite has one writer: use PostgreSQL in production.", id="tsh_erp.W001"))
    return found


def refuse_dangerous_settings() -> None:
    """Stop a web server that must not serve. Commands need no call: Django checks before each of them."""
    errors = [message for message in checks.run_checks(tags=[TAG]) if message.level >= checks.ERROR]
    if errors:
        raise ImproperlyConfigured("; ".join(f"{error.id}: {error.msg}" for error in errors))


def _check_encryption_keys() -> Sequence[checks.CheckMessage]:
    if settings.SECRET_KEY in settings.FIELD_ENCRYPTION_KEYS:
        return [checks.Error("FIELD_ENCRYPTION_KEYS holds SECRET_KEY: use a key of its own.", id="tsh_erp.E003")]
    try:
        [Fernet(key) for key in settings.FIELD_ENCRYPTION_KEYS]
    except ValueError:
        return [checks.Error("FIELD_ENCRYPTION_KEYS: not a list of Fernet keys.", id="tsh_erp.E003")]
    return []
