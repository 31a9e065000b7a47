from __future__ import annotations

from django.db import models
from django.db.models import Index
from django.utils.translation import gettext_lazy as _


class SyncLog(models.Model):
    """One attempt on one record. Append only."""

    class Outcome(models.TextChoices):
        APPLIED = "applied", _("applied")
        UNCHANGED = "unchanged", _("unchanged")
        STALE = "stale", _("stale")
        WAITING = "waiting", _("waiting for a parent")
        RETRY = "retry", _("failed, tried again later")
        RELEASED = "released", _("given back untouched")
        DEAD = "dead", _("given up")

    job = models.ForeignKey(
        "zoho_sync.SyncQueueItem", models.SET_NULL, null=True, blank=True, related_name="logs", verbose_name=_("job")
    )
    module = models.CharField(_("module"), max_length=40)
    zoho_id = models.CharField(_("Zoho id"), max_length=50)
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome)
    attempt = models.PositiveIntegerField(_("attempt"), default=1)
    event_count = models.PositiveIntegerField(_("events settled"), default=0)
    started_at = models.DateTimeField(_("started at"))
    duration_ms = models.PositiveIntegerField(_("duration (ms)"), default=0)
    error_class = models.CharField(_("error class"), max_length=100, blank=True, default="")
    message = models.TextField(_("message"), blank=True, default="")
    worker = models.CharField(_("worker"), max_length=100, blank=True, default="")
    batch = models.UUIDField(_("batch"), null=True, blank=True)

    class Meta:
        verbose_name = _("sync log entry")
        verbose_name_plural = _("sync log")
        ordering = ("-id",)
        indexes = (
            Index(fields=["module", "zoho_id", "-id"], name="log_record"),
            Index(fields=["outcome", "-id"], name="log_outcome"),
            # Attempts of a period by outcome are counted in the index alone.
            Index(fields=["started_at", "outcome"], name="log_started"),
        )

    def __str__(self) -> str:
        return f"{self.module} {self.zoho_id}: {self.outcome}"
