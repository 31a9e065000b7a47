from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Exists, Index, OuterRef, Q, UniqueConstraint
from django.db.models.expressions import Combinable
from django.utils.translation import gettext_lazy as _

from tsh_erp.common.models import TimeStampedModel
from tsh_erp.common.sql import among
from zoho_sync.models.payload import PayloadField


class ZohoRecordQuerySet(models.QuerySet["ZohoRecord"]):
    def of(self, module: str, zoho_ids: Sequence[str]) -> Self:
        return self.filter(among("zoho_id", zoho_ids), module=module)

    def present(self) -> Self:
        """Records that Zoho still has, active or not."""
        return self.filter(state__in=[ZohoRecord.State.PRESENT, ZohoRecord.State.INACTIVE])

    def observed_after(self, moment: datetime | Combinable) -> Self:
        """Records of which something was heard, or which a list showed, after this time."""
        return self.filter(Q(observed_at__gt=moment) | Q(sighting__seen_at__gt=moment))

    def unobserved_since(self, moment: datetime) -> Self:
        """Records of which nothing was heard and which no list showed, at this time or later."""
        seen_since = Sighting.objects.filter(record=OuterRef("pk"), seen_at__gte=moment)
        return self.filter(~Exists(seen_since), observed_at__lt=moment)

    def with_sightings(self) -> Self:
        """With what `last_observed_at` needs."""
        return self.select_related("sighting")

    def without_detail(self) -> Self:
        """Present records whose detail was never fetched, or is older than the header: the back-fill's work list."""
        return self.present().filter(Q(detail_at__isnull=True) | Q(detail_stale=True))


class ZohoRecord(TimeStampedModel):
    """The mirror: what we last knew of one Zoho record. Business tables are projections of it.

    `observed_at` is of what the row says; a list that showed the record just so since is its `sighting`.
    """

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

    @property
    def last_observed_at(self) -> datetime:
        """When the record was last heard of or seen in a list. A query, unless it was read `with_sightings`."""
        sighting = getattr(self, "sighting", None)
        return max(self.observed_at, sighting.seen_at) if sighting else self.observed_at


class Sighting(models.Model):
    """When a list last showed a record as the mirror has it: a narrow row, so that a whole list is noted quickly.

    No foreign key of the database's: nothing mirrored is deleted, and its check would lock mirror rows.
    """

    record = models.OneToOneField(
        ZohoRecord, models.CASCADE, primary_key=True, db_constraint=False, verbose_name=_("Zoho record")
    )
    seen_at = models.DateTimeField(_("seen at"))

    class Meta:
        verbose_name = _("sighting")
        verbose_name_plural = _("sightings")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.record_id}"
