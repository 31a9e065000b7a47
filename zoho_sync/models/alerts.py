from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Index, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _


class AlertQuerySet(models.QuerySet["Alert"]):
    def unresolved(self) -> Self:
        return self.exclude(state=Alert.State.RESOLVED)


class Alert(models.Model):
    """Something a person should know, once per cause, counted while it lasts."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        ACKNOWLEDGED = "acknowledged", _("acknowledged")
        RESOLVED = "resolved", _("resolved")

    class Severity(models.TextChoices):
        INFO = "info", _("information")
        WARNING = "warning", _("warning")
        CRITICAL = "critical", _("critical")

    fingerprint = models.CharField(_("fingerprint"), max_length=200)
    code = models.CharField(_("code"), max_length=60)
    severity = models.CharField(_("severity"), max_length=10, choices=Severity, default=Severity.WARNING)
    title = models.CharField(_("title"), max_length=200)
    detail = models.TextField(_("detail"), blank=True, default="")
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.OPEN)
    count = models.PositiveIntegerField(_("count"), default=1)
    first_seen_at = models.DateTimeField(_("first seen at"))
    last_seen_at = models.DateTimeField(_("last seen at"))
    snoozed_until = models.DateTimeField(_("snoozed until"), null=True, blank=True)
    acknowledged_at = models.DateTimeField(_("acknowledged at"), null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("acknowledged by"),
    )
    resolved_at = models.DateTimeField(_("resolved at"), null=True, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("resolved by"),
    )
    resolution = models.TextField(_("resolution"), blank=True, default="")

    objects = AlertQuerySet.as_manager()

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        ordering = ("-last_seen_at", "-id")
        permissions = (
            ("acknowledge_alert", _("Can acknowledge alerts")),
            ("resolve_alert", _("Can resolve alerts")),
        )
        constraints = (
            UniqueConstraint(
                fields=["fingerprint"],
                condition=Q(state__in=["open", "acknowledged"]),
                name="one_open_alert_per_cause",
            ),
        )
        indexes = (Index(fields=["state", "-last_seen_at"], name="alert_state"),)

    def __str__(self) -> str:
        return self.title
