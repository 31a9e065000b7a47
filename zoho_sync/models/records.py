from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from django.db import models
from django.db.models import Index, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _

from tsh_erp.common.models import TimeStampedModel
from zoho_sync.models.payload import PayloadField


class ZohoRecordQuerySet(models.QuerySet["ZohoRecord"]):
    def of(self, module: str, zoho_ids: Sequence[str]) -> Self:
        return self.filter(module=module, zoho_id__in=zoho_ids)

    def present(self) -> Self:
        """Records that Zoho still has, active or not."""
        return self.filter(state__in=[ZohoRecord.State.PRESENT, ZohoRecord.State.INACTIVE])

    def without_detail(self) -> Self:
        """Present records whose detail was never fetched, or is older than the header: the back-fill's work list."""
        return self.present().filter(Q(detail_at__isnull=True) | Q(detail_stale=True))


class ZohoRecord(TimeStampedModel):
    """The mirror: what we last knew of one Zoho record. Business tables are projections of it."""

    class State(models.TextChoices):
        PRESENT = "present", _("present")
        INACTIVE = "inactive", _("inactive")
        UNCONFIRMED_GONE = "unconfirmed_gone", _("gone, unconfirmed")
        GONE = "gone", _("gone")

    module = models.CharField(_("module"), max_length=40)
    zoho_id = models.CharField(_("Zoho id"), max_length=50)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.PRESENT)
    payload = PayloadField(_("payload"), default=dict)
    hash = models.CharField(_("hash of the payload"), max_length=64, blank=True, default="")
    list_hash = models.CharField(_("hash of the last list row"), max_length=64, blank=True, default="")
    modified_at = models.DateTimeField(_("modified in Zoho at"), null=True, blank=True)
    observed_at = models.DateTimeField(_("observed at"))
    detail_at = models.DateTimeField(_("detail observed at"), null=True, blank=True)
    detail_stale = models.BooleanField(_("detail is older than the header"), default=False)
    gone_at = models.DateTimeField(_("gone since"), null=True, blank=True)

    objects = ZohoRecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("Zoho record")
        verbose_name_plural = _("Zoho records")
        ordering = ("module", "zoho_id")
        constraints = (UniqueConstraint(fields=["module", "zoho_id"], name="one_mirror_row_per_record"),)
        indexes = (
            Index(fields=["module", "modified_at"], name="record_modified"),
            # What the back-fill looks through, from its end: newest first.
            Index(
                fields=["module", "modified_at", "id"],
                condition=Q(Q(detail_at__isnull=True) | Q(detail_stale=True), state__in=["present", "inactive"]),
                name="record_without_detail",
            ),
        )

    def __str__(self) -> str:
        return f"{self.module} {self.zoho_id}"
