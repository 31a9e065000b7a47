from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Index, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _


class JobRunQuerySet(models.QuerySet["JobRun"]):
    def running(self) -> Self:
        return self.filter(state=JobRun.State.RUNNING)

    def ended(self) -> Self:
        return self.exclude(state=JobRun.State.RUNNING)

    def prunable(self, *, before: datetime) -> Self:
        return self.ended().filter(started_at__lt=before)


class JobRun(models.Model):
    """A periodic job that was done once: at most one of a name at a time, and one for each time it was due."""

    class State(models.TextChoices):
        RUNNING = "running", _("running")
        SUCCEEDED = "succeeded", _("done")
        FAILED = "failed", _("failed")
        ABANDONED = "abandoned", _("ended without a word")

    name = models.CharField(_("name"), max_length=100)
    due_at = models.DateTimeField(_("due at"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.RUNNING)
    started_at = models.DateTimeField(_("started at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    lease_ends_at = models.DateTimeField(_("taken for dead at"))
    worker = models.CharField(_("worked on by"), max_length=100)
    result = models.TextField(_("result"), blank=True, default="")
    error = models.TextField(_("error"), blank=True, default="")

    objects = JobRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("run of a job")
        verbose_name_plural = _("runs of jobs")
        ordering = ("-id",)
        constraints = (
            UniqueConstraint(fields=["name"], condition=Q(state="running"), name="one_run_of_a_job_at_a_time"),
            UniqueConstraint(fields=["name", "due_at"], name="one_run_for_each_time_a_job_is_due"),
        )
        indexes = (Index(fields=["name", "-id"], name="job_run_name"), Index(fields=["started_at"], name="job_run_age"))

    def __str__(self) -> str:
        return f"{self.name} #{self.pk}"


class Heartbeat(models.Model):
    """When a cluster on a machine last showed, from inside a task, that it works."""

    cluster = models.CharField(_("cluster"), max_length=100)
    host = models.CharField(_("machine"), max_length=100)
    pid = models.PositiveIntegerField(_("process"))
    beat_at = models.DateTimeField(_("last sign of life"))

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")
        ordering = ("cluster", "host")
        constraints = (UniqueConstraint(fields=["cluster", "host"], name="one_heartbeat_per_cluster_and_machine"),)

    def __str__(self) -> str:
        return f"{self.cluster} @ {self.host}"
