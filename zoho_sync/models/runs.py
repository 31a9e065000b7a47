from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Index
from django.utils.translation import gettext_lazy as _

from tsh_erp.common.models import TimeStampedModel


class SyncRunQuerySet(models.QuerySet["SyncRun"]):
    def running(self) -> Self:
        return self.filter(status=SyncRun.Status.RUNNING)


class SyncRun(TimeStampedModel):
    """One pull of one module: how far it came and what it found."""

    class Status(models.TextChoices):
        RUNNING = "running", _("running")
        COMPLETED = "completed", _("completed")
        PARTIAL = "partial", _("completed with errors")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    class Mode(models.TextChoices):
        FULL = "full", _("full")
        INCREMENTAL = "incremental", _("incremental")
        SINCE = "since", _("since a time")

    class Trigger(models.TextChoices):
        COMMAND = "command", _("command")
        SCHEDULE = "schedule", _("schedule")
        API = "api", _("API")
        ADMIN = "admin", _("admin")

    module = models.CharField(_("module"), max_length=40)
    mode = models.CharField(_("mode"), max_length=12, choices=Mode)
    trigger = models.CharField(_("started by"), max_length=10, choices=Trigger, default=Trigger.COMMAND)
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.RUNNING)
    started_at = models.DateTimeField(_("started at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    since = models.DateTimeField(_("changed since"), null=True, blank=True)
    pages = models.PositiveIntegerField(_("pages"), default=0)
    seen = models.PositiveIntegerField(_("seen"), default=0)
    created = models.PositiveIntegerField(_("created"), default=0)
    updated = models.PositiveIntegerField(_("updated"), default=0)
    unchanged = models.PositiveIntegerField(_("unchanged"), default=0)
    stale = models.PositiveIntegerField(_("stale"), default=0)
    failed = models.PositiveIntegerField(_("failed"), default=0)
    calls = models.PositiveIntegerField(_("API calls"), default=0)
    checkpoint = models.JSONField(_("checkpoint"), default=dict, blank=True)
    error = models.TextField(_("error"), blank=True, default="")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("user")
    )

    objects = SyncRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("sync run")
        verbose_name_plural = _("sync runs")
        ordering = ("-id",)
        indexes = (Index(fields=["module", "status", "-id"], name="run_module"),)

    def __str__(self) -> str:
        return f"{self.module} {self.mode} #{self.pk}"


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
