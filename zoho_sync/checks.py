"""Settings without which this app must not serve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core import checks


@checks.register("settings")
def check_alert_channels(app_configs: Any, **kwargs: Any) -> Sequence[checks.CheckMessage]:
    """Half a channel tells nobody."""
    if bool(settings.ALERT_EMAILS) == settings.EMAIL_IS_CONFIGURED:
        return []
    missing = "EMAIL_URL" if settings.ALERT_EMAILS else "ALERT_EMAILS"
    return [checks.Warning(f"{missing} is missing: no alert is sent by e-mail.", id="zoho_sync.W001")]


@checks.register("settings")
def check_webhook_secrets(app_configs: Any, **kwargs: Any) -> Sequence[checks.CheckMessage]:
    """Without a secret every webhook is answered 503: fine on a desk, a mistake in production."""
    if settings.ENVIRONMENT == "development" or settings.WEBHOOK_API_KEYS or settings.ZOHO_WEBHOOK_SECRETS:
        return []
    return [
        checks.Error(
            "Neither WEBHOOK_API_KEY nor ZOHO_WEBHOOK_SECRET is set: every webhook would be refused.",
            id="zoho_sync.E001",
        )
    ]
