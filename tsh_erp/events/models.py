from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Index, Q
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
