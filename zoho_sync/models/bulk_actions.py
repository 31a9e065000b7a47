from __future__ import annotations

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Index, Q
from django.utils.translation import gettext_lazy as _

from tsh_erp.common.models import TimeStampedModel


class BulkActionQuerySet(models.QuerySet["BulkAction"]):
    def open(self) -> Self:
        return self.filter(state__in=OPEN)

    def to_call_for(self, *, waiting_before: datetime, silent_before: datetime) -> Self:
        """Open ones that nobody works on: their task was lost, or its worker died."""
        return self.filter(
            Q(state__in=WAITING, updated_at__lte=waiting_before) | Q(state=State.RUNNING, beat_at__lte=silent_before)
        )


class State(models.TextChoices):
    QUEUED = "queued", _("waiting to start")
    RUNNING = "running", _("running")
    WATCHING = "watching", _("watching its first rows")
    COMPLETED = "completed", _("completed")
    CANCELLED = "cancelled", _("cancelled")
    STOPPED = "stopped", _("stopped: its first rows failed again")
    FAILED = "failed", _("failed")


WAITING = (State.QUEUED, State.WATCHING)
OPEN = (*WAITING, State.RUNNING)


class BulkAction(TimeStampedModel):
    """An admin action on all rows that a list's filter finds, done in the background, a range of keys at a time.

    `query` is the list's filter as it stands in its address, `upto` the highest key when it was asked for: newer rows
    are none of its business. All rows up to `reached` are done with. `token` belongs to the process that works on it,
    which showed at `beat_at` that it lives. `watched` are the rows whose end decides whether it goes on.
    """

    State = State

    table = models.CharField(_("table"), max_length=100)
    action = models.CharField(_("action"), max_length=50)
    query = models.TextField(_("filter"), blank=True, default="")
    answer = models.TextField(_("reason"), blank=True, default="")
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.QUEUED)
    expected = models.PositiveIntegerField(_("expected"))
    is_estimate = models.BooleanField(_("at least so many"), default=False)
    done = models.PositiveIntegerField(_("done"), default=0)
    left_out = models.PositiveIntegerField(_("left out"), default=0)
    reached = models.BigIntegerField(_("reached row"), default=0)
    upto = models.BigIntegerField(_("up to row"))
    watched = models.JSONField(_("rows watched"), default=list, blank=True)
    watched_since = models.DateTimeField(_("watched since"), null=True, blank=True)
    failed_again = models.PositiveIntegerField(_("failed again"), default=0)
    worker = models.CharField(_("worked on by"), max_length=100, blank=True, default="")
    token = models.UUIDField(_("token of the worker"), null=True, blank=True)
    beat_at = models.DateTimeField(_("last sign of life"), null=True, blank=True)
    cancel_requested_at = models.DateTimeField(_("asked to stop at"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    error = models.TextField(_("error"), blank=True, default="")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("user")
    )

    objects = BulkActionQuerySet.as_manager()

    class Meta:
        verbose_name = _("bulk action")
        verbose_name_plural = _("bulk actions")
        ordering = ("-id",)
        indexes = (Index(fields=["state", "-id"], name="bulk_action_state"),)

    def __str__(self) -> str:
        return f"{self.action} {self.table} #{self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN
