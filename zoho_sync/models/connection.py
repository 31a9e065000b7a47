from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tsh_erp.common.encryption import EncryptedTextField
from tsh_erp.common.models import TimeStampedModel


class ZohoConnection(TimeStampedModel):
    """The one Zoho organisation we mirror: its tokens (encrypted) and what we know of it."""

    organization_id = models.CharField(_("organisation id"), max_length=50, unique=True)
    organization_name = models.CharField(_("organisation"), max_length=200, blank=True, default="")
    region = models.CharField(_("data centre"), max_length=10, blank=True, default="")
    refresh_token = EncryptedTextField(_("refresh token"), blank=True, default="")
    access_token = EncryptedTextField(_("access token"), blank=True, default="")
    access_token_expires_at = models.DateTimeField(_("access token ends at"), null=True, blank=True)
    refreshed_at = models.DateTimeField(_("refreshed at"), null=True, blank=True)
    scopes = models.JSONField(_("scopes"), default=list, blank=True)
    last_error = models.TextField(_("last error"), blank=True, default="")

    class Meta:
        verbose_name = _("Zoho connection")
        verbose_name_plural = _("Zoho connections")

    def __str__(self) -> str:
        return self.organization_name or self.organization_id
