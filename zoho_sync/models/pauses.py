from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from tsh_erp.common.models import TimeStampedModel


class Pause(TimeStampedModel):
    """A kind of record that a person has stopped the workers from bringing in. What comes meanwhile is queued."""

    module = models.CharField(_("module"), max_length=40, unique=True)
    reason = models.TextField(_("reason"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("paused by")
    )

    class Meta:
        verbose_name = _("pause")
        verbose_name_plural = _("pauses")
        ordering = ("module",)

    def __str__(self) -> str:
        return self.module
