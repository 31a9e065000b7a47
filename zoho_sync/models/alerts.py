from __future__ import annotations

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Index, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _

from tsh_erp.common.history import LocalHistory
from tsh_erp.common.models import TimeStampedModel


class AlertQuerySet(models.QuerySet["Alert"]):
    def unresolved(self) -> Self:
        return self.exclude(state=Alert.State.RESOLVED)


class Alert(models.Model):
    """Something a person should know, once per cause, counted while it lasts.

    `title` and `detail` are English; `texts` holds what they are made of ("title", "detail",
    "parameters"), so that `zoho_sync.wording` can say them in the reader's language.
    """

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
    texts = models.JSONField(_("texts"), blank=True, default=dict)
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
        indexes = (
            Index(fields=["state", "-last_seen_at"], name="alert_state"),
            # Where an alert that comes back looks for the one it was.
            Index(fields=["fingerprint", "-id"], name="alert_fingerprint"),
        )

    def __str__(self) -> str:
        return self.title

    @property
    def cause(self) -> str:
        """What the alert is about, beside its code: a module, a path, an error group; "" when the code says it all."""
        return self.fingerprint.removeprefix(self.code).removeprefix(":")


class AlertRule(TimeStampedModel):
    """What staff have decided about the alerts of one code; what is empty is as `zoho_sync.rulebook` has it."""

    class Routing(models.TextChoices):
        EMAIL = "email", _("e-mail")
        WEBHOOK = "webhook", _("web address")
        BOTH = "both", _("e-mail and web address")
        NONE = "none", _("nobody: only shown here")

    code = models.CharField(_("code"), max_length=60, unique=True)
    is_enabled = models.BooleanField(_("in use"), default=True)
    threshold = models.FloatField(_("threshold"), null=True, blank=True)
    critical_threshold = models.FloatField(_("critical from"), null=True, blank=True)
    window_minutes = models.PositiveIntegerField(_("window (minutes)"), null=True, blank=True)
    severity = models.CharField(_("severity"), max_length=10, choices=Alert.Severity, blank=True, default="")
    cooldown_minutes = models.PositiveIntegerField(_("cooldown (minutes)"), null=True, blank=True)
    routing = models.CharField(_("told by"), max_length=10, choices=Routing, blank=True, default="")
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_until = models.TimeField(_("quiet until"), null=True, blank=True)
    active_from = models.TimeField(_("looked at from"), null=True, blank=True)
    active_until = models.TimeField(_("looked at until"), null=True, blank=True)
    active_days: models.JSONField[list[int] | None, list[int] | None] = models.JSONField(
        _("looked at on"), null=True, blank=True
    )

    history = LocalHistory()

    class Meta:
        verbose_name = _("alert rule")
        verbose_name_plural = _("alert rules")
        ordering = ("code",)

    def __str__(self) -> str:
        return self.code


class AlertDeliveryQuerySet(models.QuerySet["AlertDelivery"]):
    def pending(self) -> Self:
        return self.filter(state=AlertDelivery.State.PENDING)

    def due(self, at: datetime) -> Self:
        """Messages whose time has come, or was set before the clock was put back."""
        return (
            self.pending().filter(Q(next_attempt_at__lte=at) | Q(scheduled_at__gt=at)).order_by("next_attempt_at", "id")
        )


class AlertDelivery(models.Model):
    """One message about an alert to one channel: written with what it tells of, sent after the commit.

    `next_attempt_at` is when it is (tried again) to be sent, as was decided at `scheduled_at`.
    """

    class Channel(models.TextChoices):
        EMAIL = "email", _("e-mail")
        WEBHOOK = "webhook", _("web address")

    class Kind(models.TextChoices):
        OPENED = "opened", _("began")
        RESOLVED = "resolved", _("is over")
        TEST = "test", _("test")

    class State(models.TextChoices):
        PENDING = "pending", _("pending")
        SENT = "sent", _("sent")
        FAILED = "failed", _("failed")
        DROPPED = "dropped", _("no longer needed")

    alert = models.ForeignKey(
        Alert, models.CASCADE, null=True, blank=True, related_name="deliveries", verbose_name=_("alert")
    )
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    kind = models.CharField(_("says"), max_length=10, choices=Kind)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.PENDING)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    created_at = models.DateTimeField(_("created at"))
    scheduled_at = models.DateTimeField(_("scheduled at"))
    next_attempt_at = models.DateTimeField(_("next attempt at"), null=True, blank=True)
    settled_at = models.DateTimeField(_("settled at"), null=True, blank=True)
    error = models.CharField(_("error"), max_length=300, blank=True, default="")

    objects = AlertDeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("alert message")
        verbose_name_plural = _("alert messages")
        ordering = ("-id",)
        constraints = (
            UniqueConstraint(
                fields=["alert", "channel", "kind"],
                condition=Q(state="pending"),
                name="one_pending_message_per_alert_and_channel",
            ),
        )
        indexes = (
            Index(fields=["next_attempt_at", "id"], condition=Q(state="pending"), name="message_due"),
            Index(fields=["alert", "channel", "-id"], name="message_alert"),
            Index(fields=["state", "-id"], name="message_state"),
        )

    def __str__(self) -> str:
        return f"{self.channel} {self.kind} #{self.pk}"
