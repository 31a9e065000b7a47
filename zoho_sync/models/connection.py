from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from tsh_erp.common.encryption import EncryptedTextField
from tsh_erp.common.models import TimeStampedModel


class ZohoConnection(TimeStampedModel):
    """The one Zoho organisation we mirror: its tokens (encrypted), and what all who call it must agree on.

    Every column that several processes change is changed by conditional UPDATEs only
    (`client/token.py`, `client/limits.py`, `client/breaker.py`).
    """

    class Breaker(models.TextChoices):
        CLOSED = "closed", _("closed")
        OPEN = "open", _("open")
        HALF_OPEN = "half_open", _("half open")

    organization_id = models.CharField(_("organisation id"), max_length=50, unique=True)
    organization_name = models.CharField(_("organisation"), max_length=200, blank=True, default="")
    region = models.CharField(_("data centre"), max_length=10, blank=True, default="")
    refresh_token = EncryptedTextField(_("refresh token"), blank=True, default="")
    access_token = EncryptedTextField(_("access token"), blank=True, default="")
    access_token_expires_at = models.DateTimeField(_("access token ends at"), null=True, blank=True)
    refreshed_at = models.DateTimeField(_("refreshed at"), null=True, blank=True)
    scopes = models.JSONField(_("scopes"), default=list, blank=True)
    last_error = models.TextField(_("last error"), blank=True, default="")

    # Tokens: who refreshes, when it was done lately (ISO times), what Zoho has refused and to whom.
    refresh_lease_until = models.DateTimeField(_("being refreshed until"), null=True, blank=True)
    refreshes = models.JSONField(_("latest refreshes"), default=list, blank=True)
    denied_until = models.DateTimeField(_("no tokens until"), null=True, blank=True)
    refused_credentials = models.CharField(_("refused credentials"), max_length=64, blank=True, default="")
    forbidden = models.JSONField(_("addresses without a right"), default=dict, blank=True)

    # The minute: the theoretical arrival time of the next call (GCRA), in microseconds since 1970.
    paced_until_us = models.BigIntegerField(_("calls are planned until"), default=0)
    blocked_until = models.DateTimeField(_("blocked until"), null=True, blank=True)
    blocked_reason = models.CharField(_("reason of the block"), max_length=300, blank=True, default="")

    # The day: our own count, and what Zoho last said, counted on by us.
    calls_day = models.DateField(_("day of the count"), null=True, blank=True)
    calls_today = models.PositiveIntegerField(_("API calls today"), default=0)
    zoho_limit = models.IntegerField(_("daily limit, says Zoho"), null=True, blank=True)
    zoho_remaining = models.IntegerField(_("calls left, says Zoho"), null=True, blank=True)
    zoho_resets_at = models.DateTimeField(_("limit reset at"), null=True, blank=True)

    # A person has forbidden all calls.
    outbound_paused_at = models.DateTimeField(_("calls paused since"), null=True, blank=True)
    outbound_pause_reason = models.CharField(_("reason of the pause"), max_length=500, blank=True, default="")
    outbound_paused_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("paused by")
    )

    # `breaker_until` is when an open breaker lets a probe through, and when a probe counts as lost.
    breaker_state = models.CharField(_("breaker"), max_length=10, choices=Breaker, default=Breaker.CLOSED)
    breaker_since = models.DateTimeField(_("breaker in this state since"), null=True, blank=True)
    breaker_until = models.DateTimeField(_("next try at"), null=True, blank=True)
    breaker_failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    breaker_openings = models.PositiveIntegerField(_("openings in a row"), default=0)
    breaker_reason = models.CharField(_("reason of the breaker"), max_length=300, blank=True, default="")

    class Meta:
        verbose_name = _("Zoho connection")
        verbose_name_plural = _("Zoho connections")

    def __str__(self) -> str:
        return self.organization_name or self.organization_id
