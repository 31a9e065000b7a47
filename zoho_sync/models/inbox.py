from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Self

from django.db import models
from django.db.models import Index, Q
from django.utils.translation import gettext_lazy as _


class InboxEventQuerySet(models.QuerySet["InboxEvent"]):
    def queued(self) -> Self:
        """Events that wait for a worker."""
        return self.filter(state=InboxEvent.State.QUEUED)

    def of_record(self, module: str, zoho_id: str) -> Self:
        return self.filter(module=module, zoho_id=zoho_id)

    def of_records(self, module: str, zoho_ids: Sequence[str]) -> Self:
        """Events of several records of one module, in order of arrival."""
        return self.filter(module=module, zoho_id__in=zoho_ids).order_by("id")


class InboxEvent(models.Model):
    """One accepted delivery, as it came. The bytes are never edited; only the state moves on."""

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        APPLIED = "applied", _("applied")
        UNCHANGED = "unchanged", _("unchanged")
        STALE = "stale", _("stale")
        SUPERSEDED = "superseded", _("superseded")
        SPLIT = "split", _("split")
        INVALID = "invalid", _("invalid")
        DEAD = "dead", _("dead")
        DISCARDED = "discarded", _("discarded")

    class Proof(models.TextChoices):
        API_KEY = "api_key", _("API key")  # pragma: allowlist secret
        SIGNATURE = "signature", _("signature")
        BOTH = "both", _("API key and signature")
        STAFF = "staff", _("corrected copy, by staff")
        PARENT = "parent", _("proved by the delivery it came in")

    class Operation(models.TextChoices):
        UPSERT = "upsert", _("created or edited")
        DELETE = "delete", _("deleted")

    uuid = models.UUIDField(_("event id"), default=uuid.uuid4, unique=True, editable=False)
    received_at = models.DateTimeField(_("received at"))
    path = models.CharField(_("path"), max_length=40)
    module = models.CharField(_("module"), max_length=40, blank=True, default="")
    zoho_id = models.CharField(_("Zoho id"), max_length=50, blank=True, default="")
    operation = models.CharField(_("operation"), max_length=10, choices=Operation, default=Operation.UPSERT)
    modified_at = models.DateTimeField(_("modified in Zoho at"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.QUEUED)
    reason = models.TextField(_("reason"), blank=True, default="")
    body = models.BinaryField(_("body"))
    body_sha256 = models.CharField(_("SHA-256 of the body"), max_length=64)
    content_type = models.CharField(_("content type"), max_length=200, blank=True, default="")
    headers = models.JSONField(_("headers"), default=dict)
    query = models.JSONField(_("query"), default=dict)
    address = models.GenericIPAddressField(_("source address"), null=True, blank=True)
    proof = models.CharField(_("proof"), max_length=10, choices=Proof)
    request_id = models.CharField(_("request id"), max_length=64, blank=True, default="")
    deliveries = models.PositiveIntegerField(_("deliveries"), default=1)
    last_delivered_at = models.DateTimeField(_("last delivered at"), null=True, blank=True)
    settled_at = models.DateTimeField(_("settled at"), null=True, blank=True)
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="children",
        verbose_name=_("came in"),
    )
    successor = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="overtaken",
        verbose_name=_("overtaken by"),
    )
    log = models.ForeignKey(
        "zoho_sync.SyncLog", models.PROTECT, null=True, blank=True, related_name="events", verbose_name=_("settled by")
    )

    objects = InboxEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("inbox event")
        verbose_name_plural = _("inbox")
        ordering = ("-id",)
        permissions = (("discard_inboxevent", _("Can discard events that cannot be read")),)
        indexes = (
            # What `receive` looks at: the newest event of a record, to recognise an exact redelivery
            Index(fields=["module", "zoho_id", "id"], name="inbox_record"),
            # What a worker reads: the queued events of claimed records
            Index(fields=["module", "zoho_id", "id"], condition=Q(state="queued"), name="inbox_queued"),
            Index(fields=["state", "-id"], name="inbox_state"),
            Index(fields=["received_at"], name="inbox_received"),
            # Most events have neither: partial, so that settling an event does not write them.
            Index(fields=["parent"], condition=Q(parent__isnull=False), name="inbox_parent"),
            Index(fields=["successor"], condition=Q(successor__isnull=False), name="inbox_successor"),
        )

    def __str__(self) -> str:
        return f"{self.module or self.path} {self.zoho_id} · {self.uuid}"
