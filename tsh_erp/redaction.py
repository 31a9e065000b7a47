"""Our own secrets never remain in what is stored or logged, wherever a caller has put them."""

from __future__ import annotations

from django.conf import settings

HIDDEN = "***"


def hide_secrets(text: str) -> str:
    """`text` with `***` in place of every key and secret that webhooks are proved with."""
    for secret in sorted((*settings.WEBHOOK_API_KEYS, *settings.ZOHO_WEBHOOK_SECRETS), key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return text
