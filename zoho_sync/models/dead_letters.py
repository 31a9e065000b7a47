from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Index, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _

from tsh_erp.common.models import TimeStampedModel
from zoho_sync.models.payload import PayloadField


class ErrorGroup(TimeStampedModel):
    """Dead letters with the same cause: what one person decides about all of them."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        ACKNOWLEDGED = "acknowledged", _("acknowledged")
        IGNORED = "ignored", _("ignored")
        RESOLVED = "resolved", _("resolved")

    fingerprint = models.CharField(_("fingerprint"), max_length=64, unique=True)
    module = models.CharField(_("module"), max_length=40)
    error_class = models.CharField(_("error class"), max_length=100)
    sample = models.TextField(_("sample message"))
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.OPEN)
    count = models.PositiveIntegerField(_("count"), default=0)
    first_seen_at = models.DateTimeField(_("first seen at"))
    last_seen_at = models.DateTimeField(_("last seen at"))
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("owner")
    )
    note = models.TextField(_("note"), blank=True, default="")

    class Meta:
        verbose_name = _("error group")
        verbose_name_plural = _("error groups")
        ordering = ("-last_seen_at", "-id")
        permissions = (("triage_errorgroup", _("Can acknowledge, ignore and resolve error groups")),)

    def __str__(self) -> str:
        return f"{self.module}: {self.error_class}"


class DeadLetterQuerySet(models.QuerySet["DeadLetter"]):
    def open(self) -> Self:
        return self.filter(state=DeadLetter.State.OPEN)

    def unresolved(self) -> Self:
        """Open, or retried and not yet known to have worked."""
        return self.filter(state__in=UNRESOLVED)


class DeadLetter(TimeStampedModel):
    """A case for a person: a record that could not be brought in, and why."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        RETRIED = "retried", _("retried")
        RESOLVED = "resolved", _("resolved")
        DISCARDED = "discarded", _("discarded")

    module = models.CharField(_("module"), max_length=40)
    zoho_id = models.CharField(_("Zoho id"), max_length=50)
    job = models.ForeignKey(
        "zoho_sync.SyncQueueItem",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="dead_letters",
        verbose_name=_("job"),
    )
    event = models.ForeignKey(
        "zoho_sync.InboxEvent",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="dead_letters",
        verbose_name=_("event"),
    )
    group = models.ForeignKey(ErrorGroup, models.PROTECT, related_name="dead_letters", verbose_name=_("error group"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    error_class = models.CharField(_("error class"), max_length=100)
    message = models.TextField(_("message"))
    traceback = models.TextField(_("traceback"), blank=True, default="")
    payload = PayloadField(_("payload"), null=True, blank=True)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    automatic_retries = models.PositiveIntegerField(_("automatic retries"), default=0)
    reason = models.TextField(_("reason"), blank=True, default="")
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("closed by")
    )

    objects = DeadLetterQuerySet.as_manager()

    class Meta:
        verbose_name = _("dead letter")
        verbose_name_plural = _("dead letters")
        ordering = ("-id",)
        permissions = (
            ("retry_deadletter", _("Can retry dead letters")),
            ("discard_deadletter", _("Can discard dead letters")),
        )
        constraints = (
            UniqueConstraint(
                fields=["module", "zoho_id"],
                condition=Q(state__in=["open", "retried"]),
                name="one_unresolved_dead_letter_per_record",
            ),
        )
        indexes = (Index(fields=["state", "-id"], name="dead_letter_state"),)

    def __str__(self) -> str:
        return f"{self.module} {self.zoho_id}: {self.message[:60]}"


UNRESOLVED = (DeadLetter.State.OPEN, DeadLetter.State.RETRIED)
