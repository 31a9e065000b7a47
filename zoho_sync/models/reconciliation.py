from __future__ import annotations

import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, Index, OuterRef, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _

from zoho_sync.models.runs import SyncRun


class ReconciliationQuerySet(models.QuerySet["Reconciliation"]):
    def with_state(self) -> Self:
        """With `is_under_way`, which `state` needs; without it each row asks for itself."""
        return self.annotate(is_under_way=Exists(SyncRun.objects.open().filter(batch=OuterRef("batch"))))

    def finished(self) -> Self:
        return self.filter(finished_at__isnull=False)


class Reconciliation(models.Model):
    """A report: Zoho's records beside ours. Each module is compared by a run of `batch`; the report is finished
    when all of them are.

    `match` is the weighted percentage of equal records, None until then. `calls_estimated` was told before.
    """

    class State(models.TextChoices):
        UNDER_WAY = "under_way", _("under way")
        FINISHED = "finished", _("finished")
        CUT_OFF = "cut_off", _("cut off")

    batch = models.UUIDField(_("started together"), default=uuid.uuid4, unique=True, editable=False)
    modules = models.JSONField(_("modules"), default=list)
    repairs = models.BooleanField(_("repairs"), default=False)
    trigger = models.CharField(_("started by"), max_length=10, choices=SyncRun.Trigger, default=SyncRun.Trigger.COMMAND)
    started_at = models.DateTimeField(_("started at"), db_index=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    match = models.DecimalField(_("match in percent"), max_digits=6, decimal_places=3, null=True, blank=True)
    compared = models.PositiveIntegerField(_("compared"), default=0)
    differing = models.PositiveIntegerField(_("differing"), default=0)
    calls_estimated = models.PositiveIntegerField(_("API calls expected"), default=0)
    calls = models.PositiveIntegerField(_("API calls"), default=0)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("user")
    )

    objects = ReconciliationQuerySet.as_manager()

    class Meta:
        verbose_name = _("reconciliation")
        verbose_name_plural = _("reconciliations")
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def state(self) -> State:
        """`State`; a report whose runs all ended, not all of them well, was cut off."""
        if self.finished_at:
            return self.State.FINISHED
        under_way = getattr(self, "is_under_way", None)
        if under_way is None:
            under_way = SyncRun.objects.open().filter(batch=self.batch).exists()
        return self.State.UNDER_WAY if under_way else self.State.CUT_OFF


class ReconciliationResult(models.Model):
    """What became of one subject ("product", "stock", "customer") in a report.

    A unit is what is counted: a record, and of price lists each of their prices too. `compared` units
    exist here or in Zoho; of the differing ones `settled` were repaired or had been accepted. `totals`
    are sums that must agree: [{"name", "key", "theirs", "ours"}], amounts as text.
    """

    report = models.ForeignKey(
        Reconciliation, models.CASCADE, related_name="results", db_index=False, verbose_name=_("reconciliation")
    )
    run = models.ForeignKey(
        SyncRun, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("sync run")
    )
    module = models.CharField(_("module"), max_length=40)
    subject = models.CharField(_("subject"), max_length=40)
    theirs = models.PositiveIntegerField(_("in Zoho"), default=0)
    ours = models.PositiveIntegerField(_("here"), default=0)
    compared = models.PositiveIntegerField(_("compared"), default=0)
    missing = models.PositiveIntegerField(_("missing here"), default=0)
    extra = models.PositiveIntegerField(_("extra here"), default=0)
    different = models.PositiveIntegerField(_("different"), default=0)
    unreadable = models.PositiveIntegerField(_("unreadable"), default=0)
    duplicates = models.PositiveIntegerField(_("duplicates"), default=0)
    settled = models.PositiveIntegerField(_("repaired or accepted"), default=0)
    totals = models.JSONField(_("sums"), default=list)
    totals_differing = models.PositiveIntegerField(_("sums that differ"), default=0)
    seconds = models.FloatField(_("seconds"), default=0)
    is_complete = models.BooleanField(_("complete"), default=False)
    note = models.TextField(_("note"), blank=True, default="")

    class Meta:
        verbose_name = _("result of a reconciliation")
        verbose_name_plural = _("results of reconciliations")
        ordering = ("report_id", "id")
        constraints = (UniqueConstraint(fields=["report", "subject"], name="one_result_per_subject"),)
        indexes = (Index(fields=["subject", "-id"], name="result_of_subject"),)

    def __str__(self) -> str:
        return f"{self.subject} #{self.report_id}"

    @property
    def differing(self) -> int:
        """Units that were not equal when they were compared."""
        return self.missing + self.extra + self.different + self.unreadable

    @property
    def unsettled(self) -> int:
        return self.differing - self.settled

    @property
    def drift(self) -> float:
        """The share of units that are not equal, between 0 and 1; what was repaired or accepted is."""
        return self.unsettled / self.compared if self.compared else 0.0


class Difference(models.Model):
    """One field of one record in which Zoho and we differ, or a record that only one of the two has.

    `ours` and `theirs` are shown text. `unit` tells differences of one record apart that are counted
    separately, such as the prices of a list.
    """

    class Kind(models.TextChoices):
        MISSING = "missing", _("missing here")
        EXTRA = "extra", _("extra here")
        DIFFERENT = "different", _("different")
        UNREADABLE = "unreadable", _("unreadable")
        DUPLICATE = "duplicate", _("duplicate")

    class State(models.TextChoices):
        OPEN = "open", _("open")
        REPAIRED = "repaired", _("repaired")
        ACCEPTED = "accepted", _("accepted")
        NOTED = "noted", _("for information")

    report = models.ForeignKey(
        Reconciliation, models.CASCADE, related_name="differences", db_index=False, verbose_name=_("reconciliation")
    )
    module = models.CharField(_("module"), max_length=40)
    subject = models.CharField(_("subject"), max_length=40)
    zoho_id = models.CharField(_("Zoho id"), max_length=50)
    unit = models.CharField(_("unit"), max_length=100, blank=True, default="")
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    field = models.CharField(_("field"), max_length=150, blank=True, default="")
    theirs = models.TextField(_("in Zoho"), blank=True, default="")
    ours = models.TextField(_("here"), blank=True, default="")
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    settled_at = models.DateTimeField(_("settled at"), null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("settled by"),
    )
    reason = models.TextField(_("reason"), blank=True, default="")

    class Meta:
        verbose_name = _("difference")
        verbose_name_plural = _("differences")
        ordering = ("-report_id", "id")
        indexes = (
            Index(fields=["report", "subject", "kind"], name="difference_of_report"),
            # What a later report asks for: whether a person said that this may stay as it is.
            Index(fields=["module", "zoho_id"], condition=Q(state="accepted"), name="difference_accepted"),
        )

    def __str__(self) -> str:
        return f"{self.module} {self.zoho_id} {self.field}".strip()
