"""What is shared by all who call Zoho: who may call, how often it was done, and who is calling now."""

from __future__ import annotations

from django.db import models
from django.db.models import UniqueConstraint
from django.utils.translation import gettext_lazy as _


class Priority(models.IntegerChoices):
    """What a call is for; the lower the number, the more of the day's quota it may use."""

    WEBHOOK = 1, _("fetches for webhooks")
    INCREMENTAL = 2, _("incremental pulls")
    STOCK = 3, _("stock")
    FULL = 4, _("full pulls")
    BACKFILL = 5, _("back-fill")


class ApiUsage(models.Model):
    """How many calls a day saw, per priority. The day is a local one.

    `failed` were not answered, or not sensibly; `limited` were answered with a limit of Zoho's;
    `refused` were never sent, because the priority's share of the day was used up.
    """

    day = models.DateField(_("day"))
    priority = models.PositiveSmallIntegerField(_("made for"), choices=Priority)
    calls = models.PositiveIntegerField(_("API calls"), default=0)
    failed = models.PositiveIntegerField(_("failed calls"), default=0)
    limited = models.PositiveIntegerField(_("limited by Zoho"), default=0)
    refused = models.PositiveIntegerField(_("calls held back"), default=0)

    class Meta:
        verbose_name = _("API usage")
        verbose_name_plural = _("API usage")
        ordering = ("-day", "priority")
        constraints = (UniqueConstraint(fields=["day", "priority"], name="one_usage_per_day_and_priority"),)

    def __str__(self) -> str:
        return f"{self.day} {self.get_priority_display()}: {self.calls}"


class ApiSlot(models.Model):
    """The right to be in a call to Zoho; there are as many as Zoho allows at once.

    Taken on lease: whoever dies in a call gives it back when the lease ends.
    """

    number = models.PositiveSmallIntegerField(_("number"), unique=True)
    token = models.UUIDField(_("token of the holder"), null=True, blank=True)
    expires_at = models.DateTimeField(_("lease ends at"), null=True, blank=True)

    class Meta:
        verbose_name = _("API slot")
        verbose_name_plural = _("API slots")
        ordering = ("number",)

    def __str__(self) -> str:
        return str(self.number)
