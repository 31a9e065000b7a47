from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Index, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _

from tsh_erp.common.models import TimeStampedModel
from zoho_sync.models.pauses import Pause


class Status(models.TextChoices):
    PENDING = "pending", _("pending")
    RETRY = "retry", _("waiting to retry")
    PROCESSING = "processing", _("processing")
    COMPLETED = "completed", _("completed")
    DEAD_LETTER = "dead_letter", _("dead letter")
    DISCARDED = "discarded", _("discarded")


WAITING = (Status.PENDING, Status.RETRY)


class SyncQueueQuerySet(models.QuerySet["SyncQueueItem"]):
    def waiting(self) -> Self:
        return self.filter(status__in=WAITING)

    def processing(self) -> Self:
        return self.filter(status=Status.PROCESSING)

    def due(self, at: datetime) -> Self:
        """Waiting rows whose time has come and whose kind of record is not paused, most urgent first."""
        return self.unpaused().waiting().filter(next_attempt_at__lte=at).order_by("priority", "next_attempt_at", "id")

    def unpaused(self) -> Self:
        """Rows of the kinds of record that no person has stopped."""
        return self.exclude(module__in=Pause.objects.values("module"))

    def of(self, records: Iterable[tuple[str, str]]) -> Self:
        """Rows of these records (module, Zoho id), and of a few more: ids that two modules share.

        The module is named so that the unique indexes serve: by ids alone, every waiting row would be looked at.
        """
        known = set(records)
        modules, zoho_ids = {module for module, _ in known}, {zoho_id for _, zoho_id in known}
        return self.filter(module__in=sorted(modules), zoho_id__in=sorted(zoho_ids))

    def with_expired_lease(self, at: datetime) -> Self:
        return self.processing().filter(lock_expires_at__lte=at)


class SyncQueueItem(TimeStampedModel):
    """One piece of work: bring one Zoho record into our tables. It names the record and carries no data."""

    Status = Status

    module = models.CharField(_("module"), max_length=40)
    zoho_id = models.CharField(_("Zoho id"), max_length=50)
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.PENDING)
    priority = models.PositiveSmallIntegerField(_("priority"), default=5)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    deaths = models.PositiveIntegerField(_("lost leases"), default=0)
    needs_fetch = models.BooleanField(_("fetch from Zoho first"), default=False)
    next_attempt_at = models.DateTimeField(_("next attempt at"))
    waits_for_module = models.CharField(_("waits for module"), max_length=40, blank=True, default="")
    waits_for_id = models.CharField(_("waits for Zoho id"), max_length=50, blank=True, default="")
    waiting_since = models.DateTimeField(_("waits for its parent since"), null=True, blank=True)
    claimed_at = models.DateTimeField(_("claimed at"), null=True, blank=True)
    locked_by = models.CharField(_("locked by"), max_length=100, blank=True, default="")
    lock_token = models.UUIDField(_("lock token"), null=True, blank=True)
    lock_expires_at = models.DateTimeField(_("lease ends at"), null=True, blank=True)
    last_error = models.TextField(_("last error"), blank=True, default="")
    last_traceback = models.TextField(_("last traceback"), blank=True, default="")
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    objects = SyncQueueQuerySet.as_manager()

    class Meta:
        verbose_name = _("queue item")
        verbose_name_plural = _("queue")
        ordering = ("-id",)
        permissions = (
            ("view_dashboard", _("Can see the sync dashboard")),
            ("manage_queue", _("Can retry and discard queue items, and have records fetched again")),
            ("run_sync", _("Can start a sync")),
        )
        constraints = (
            UniqueConstraint(
                fields=["module", "zoho_id"],
                condition=Q(status__in=["pending", "retry"]),
                name="one_waiting_job_per_record",
            ),
            UniqueConstraint(
                fields=["module", "zoho_id"], condition=Q(status="processing"), name="one_worker_per_record"
            ),
        )
        indexes = (
            # What `claim` looks through.
            Index(
                fields=["priority", "next_attempt_at", "id"],
                condition=Q(status__in=["pending", "retry"]),
                name="queue_due",
            ),
            # What `return_expired_leases` looks through.
            Index(fields=["lock_expires_at"], condition=Q(status="processing"), name="queue_leases"),
            # What `wake_children` looks through.
            Index(
                fields=["waits_for_module", "waits_for_id"],
                condition=Q(status="retry") & ~Q(waits_for_id=""),
                name="queue_waits_for",
            ),
            Index(fields=["module", "zoho_id", "-id"], name="queue_record"),
            # With the module, so that the newest of a status and kind of record are found in the index alone.
            Index(fields=["status", "-id", "module"], name="queue_status"),
            Index(fields=["created_at"], name="queue_created"),
        )

    def __str__(self) -> str:
        return f"{self.module} {self.zoho_id} ({self.status})"
