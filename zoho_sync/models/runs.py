from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Index, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _

from tsh_erp.common.models import TimeStampedModel

OPEN = ("queued", "running")


@dataclass
class Turn:
    """A share of a worker's time: until `ends_at` (time.monotonic's seconds), then `queue_again` has the run go on.

    `show_life` is called whenever the run shows a sign of life, so that its worker does too.
    """

    ends_at: float
    queue_again: Callable[[SyncRun], None]
    show_life: Callable[[], None] = lambda: None


class SyncRunQuerySet(models.QuerySet["SyncRun"]):
    def running(self) -> Self:
        return self.filter(status=SyncRun.Status.RUNNING)

    def open(self) -> Self:
        """Runs that are under way or about to begin."""
        return self.filter(status__in=OPEN)

    def of(self, kind: str, module: str) -> Self:
        return self.filter(kind=kind, module=module)


class SyncRun(TimeStampedModel):
    """One long piece of work on one module: how far it came and what it found. At most one is open per kind and module.

    `checkpoint` is what its kind needs to go on from where it stopped. `token` belongs to the
    process that works on it (`worker`), which shows at `beat_at` that it lives. Runs that were
    started together share `batch`.
    """

    class Kind(models.TextChoices):
        PULL = "pull", _("pull")
        STOCK = "stock", _("stock")
        BACKFILL = "backfill", _("back-fill")
        IMAGES = "images", _("images")
        REMAP = "remap", _("mapping anew")
        RECONCILE = "reconcile", _("reconciliation")

    class Status(models.TextChoices):
        QUEUED = "queued", _("waiting to start")
        RUNNING = "running", _("running")
        COMPLETED = "completed", _("completed")
        PARTIAL = "partial", _("completed with errors")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    class Mode(models.TextChoices):
        FULL = "full", _("full")
        INCREMENTAL = "incremental", _("incremental")
        SINCE = "since", _("since a time")
        CHOSEN = "chosen", _("chosen records")

    class Trigger(models.TextChoices):
        COMMAND = "command", _("command")
        SCHEDULE = "schedule", _("schedule")
        API = "api", _("API")
        ADMIN = "admin", _("admin")

    kind = models.CharField(_("kind of run"), max_length=10, choices=Kind, default=Kind.PULL)
    module = models.CharField(_("module"), max_length=40)
    mode = models.CharField(_("mode"), max_length=12, choices=Mode)
    trigger = models.CharField(_("started by"), max_length=10, choices=Trigger, default=Trigger.COMMAND)
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.RUNNING)
    started_at = models.DateTimeField(_("started at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    since = models.DateTimeField(_("changed since"), null=True, blank=True)
    options = models.JSONField(_("options"), default=dict, blank=True)
    batch = models.UUIDField(_("started together"), null=True, blank=True)
    worker = models.CharField(_("worked on by"), max_length=100, blank=True, default="")
    token = models.UUIDField(_("token of the worker"), null=True, blank=True)
    beat_at = models.DateTimeField(_("last sign of life"), null=True, blank=True)
    cancel_requested_at = models.DateTimeField(_("asked to stop at"), null=True, blank=True)
    expected = models.PositiveIntegerField(_("expected"), null=True, blank=True)
    pages = models.PositiveIntegerField(_("pages"), default=0)
    seen = models.PositiveIntegerField(_("seen"), default=0)
    created = models.PositiveIntegerField(_("created"), default=0)
    updated = models.PositiveIntegerField(_("updated"), default=0)
    unchanged = models.PositiveIntegerField(_("unchanged"), default=0)
    stale = models.PositiveIntegerField(_("stale"), default=0)
    skipped = models.PositiveIntegerField(_("left out"), default=0)
    retired = models.PositiveIntegerField(_("gone from Zoho"), default=0)
    failed = models.PositiveIntegerField(_("failed"), default=0)
    calls = models.PositiveIntegerField(_("API calls"), default=0)
    checkpoint = models.JSONField(_("checkpoint"), default=dict, blank=True)
    error = models.TextField(_("error"), blank=True, default="")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("user")
    )

    # The turn that a worker gives the run now; not stored. None: it is worked on to its end. See `runs.report`.
    turn: Turn | None = None
    # What made the work of this process on it fail; not stored, `error` tells people.
    failure: Exception | None = None

    objects = SyncRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("sync run")
        verbose_name_plural = _("sync runs")
        ordering = ("-id",)
        constraints = (
            UniqueConstraint(fields=["kind", "module"], condition=Q(status__in=OPEN), name="one_open_run_per_module"),
        )
        indexes = (
            Index(fields=["module", "status", "-id"], name="run_module"),
            Index(fields=["batch"], condition=Q(batch__isnull=False), name="run_batch"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.module} {self.mode} #{self.pk}"

    @property
    def is_open(self) -> bool:
        return self.status in OPEN


class SyncCursor(TimeStampedModel):
    """How far incremental pulls of a module have come."""

    module = models.CharField(_("module"), max_length=40, unique=True)
    modified_until = models.DateTimeField(_("everything up to"), null=True, blank=True)
    run = models.ForeignKey(
        SyncRun, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("set by run")
    )

    class Meta:
        verbose_name = _("sync cursor")
        verbose_name_plural = _("sync cursors")
        ordering = ("module",)

    def __str__(self) -> str:
        return f"{self.module}: {self.modified_until or '—'}"
