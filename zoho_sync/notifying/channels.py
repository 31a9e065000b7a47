"""The ways out: e-mail, and a web address that takes JSON. What they raise never shows an address or a password."""

from __future__ import annotations

import smtplib
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.core import mail

from zoho_sync.models import AlertDelivery
from zoho_sync.notifying.messages import Message

Channel = AlertDelivery.Channel

# Connecting, and each wait for an answer. Whoever needs longer to take a message has it sent again.
TIMEOUT = (5.0, 10.0)


class ChannelError(Exception):
    """A message was not taken; the text says why and holds no secret."""


def configured_channels() -> tuple[AlertDelivery.Channel, ...]:
    """The channels that this installation has."""
    has_email = bool(settings.EMAIL_IS_CONFIGURED and settings.ALERT_EMAILS)
    has = {Channel.EMAIL: has_email, Channel.WEBHOOK: bool(settings.ALERT_WEBHOOK_URL)}
    return tuple(channel for channel in Channel if has[channel])


def deliver(channel: str, message: Message) -> None:
    """Hand one message over. ChannelError when it was not taken."""
    WAYS[channel](message)


def _by_email(message: Message) -> None:
    try:
        mail.send_mail(message.subject, message.text, None, settings.ALERT_EMAILS)
    except smtplib.SMTPResponseException as error:  # its text is the server's, which may repeat what it was sent
        raise ChannelError(f"{type(error).__name__} {error.smtp_code}") from None
    except (OSError, ValueError) as error:  # SMTPException is an OSError
        raise ChannelError(type(error).__name__) from None


def _by_webhook(message: Message) -> None:
    """POST JSON with a `text`, as Slack, Telegram's sendMessage and most others take it."""
    url = settings.ALERT_WEBHOOK_URL
    host = urlsplit(url).hostname or "?"
    try:
        # Redirects are refused: they would carry what is secret in the address elsewhere. The body is not read.
        with requests.post(
            url, json={"text": message.text, **message.fields}, timeout=TIMEOUT, allow_redirects=False, stream=True
        ) as answer:
            status = answer.status_code
    except (requests.RequestException, ValueError) as error:  # its text names the address
        raise ChannelError(f"{host}: {type(error).__name__}") from None
    if not 200 <= status < 300:
        raise ChannelError(f"{host}: HTTP {status}")


WAYS: Mapping[str, Callable[[Message], None]] = {Channel.EMAIL: _by_email, Channel.WEBHOOK: _by_webhook}
