from __future__ import annotations

import uuid
from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Index, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _


class StoredEvent(models.Model):
    """Something that happened, written in the transaction that made it happen. Append only."""

    uuid = models.UUIDField(_("event id"), default=uuid.uuid4, unique=True, editable=False)
    type = models.CharField(_("type"), max_length=100)
    aggregate = models.CharField(_("aggregate"), max_length=100)
    data = models.JSONField(_("data"), default=dict)
    correlation_id = models.UUIDField(_("correlation id"), null=True, blank=True)
    causation_id = models.UUIDField(_("causation id"), null=True, blank=True)
    occurred_at = models.DateTimeField(_("occurred at"))
    dispatched_at = models.DateTimeField(_("dispatched at"), null=True, blank=True)

    class Meta:
        verbose_name = _("domain event")
        verbose_name_plural = _("domain events")
        ordering = ("-id",)
        indexes = (
            Index(fields=["id"], condition=Q(dispatched_at__isnull=True), name="event_undispatched"),
            Index(fields=["aggregate", "-id"], name="event_aggregate"),
            Index(fields=["type", "-id"], name="event_type"),
        )

    def __str__(self) -> str:
        return f"{self.type} {self.aggregate}"


class FailedDeliveryQuerySet(models.QuerySet["FailedDelivery"]):
    def due(self, at: datetime) -> Self:
        return self.filter(next_attempt_at__lte=at)

    def given_up(self) -> Self:
        """Those that are not tried again by themselves."""
        return self.filter(next_attempt_at__isnull=True)


class FailedDelivery(models.Model):
    """An event that one subscriber could not take: tried again until it does, or until a person must look."""

    event = models.ForeignKey(
        StoredEvent, models.CASCADE, related_name="failed_deliveries", verbose_name=_("domain event")
    )
    subscriber = models.CharField(_("subscriber"), max_length=200)
    attempts = models.PositiveIntegerField(_("attempts"), default=1)
    next_attempt_at = models.DateTimeField(_("next attempt at"), null=True, blank=True)
    error = models.TextField(_("error"))
    traceback = models.TextField(_("traceback"), blank=True, default="")
    failed_at = models.DateTimeField(_("failed at"))

    objects = FailedDeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("failed delivery")
        verbose_name_plural = _("failed deliveries")
        ordering = ("-id",)
        permissions = (("retry_delivery", _("Can have failed deliveries tried again")),)
        constraints = (UniqueConstraint(fields=["event", "subscriber"], name="one_failed_delivery_per_subscriber"),)
        indexes = (Index(fields=["next_attempt_at", "id"], name="delivery_due"),)

    def __str__(self) -> str:
        return f"{self.subscriber}: {self.event_id}"
