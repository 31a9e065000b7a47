"""Abstract models of the ground floor."""

from __future__ import annotations

from datetime import datetime
from typing import Self, TypeVar

from django.db import models
from django.utils.translation import gettext_lazy as _

M = TypeVar("M", bound=models.Model)


class TimeStampedModel(models.Model):
    created_at = models.DateTimeField(_("created at"), auto_now_add=True, editable=False)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True, editable=False)

    class Meta:
        abstract = True


class MirroredQuerySet(models.QuerySet[M]):
    def live(self) -> Self:
        """Rows that are not retired, that is: not gone in Zoho."""
        return self.filter(retired_at__isnull=True)

    def retire(self, zoho_ids: list[str], *, at: datetime) -> int:
        """Mark the rows as gone in Zoho, once: an earlier retirement keeps its time."""
        return self.filter(zoho_id__in=zoho_ids, retired_at__isnull=True).update(retired_at=at, updated_at=at)


class MirroredModel(TimeStampedModel):
    """A row that Zoho may own. Rows made here have no `zoho_id`; what is gone in Zoho is retired, never deleted."""

    zoho_id = models.CharField(_("Zoho id"), max_length=50, unique=True, null=True, blank=True, editable=False)
    retired_at = models.DateTimeField(_("retired at"), null=True, blank=True, editable=False)

    class Meta:
        abstract = True
