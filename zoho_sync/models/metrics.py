from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import UniqueConstraint
from django.utils.translation import gettext_lazy as _


class MetricSampleQuerySet(models.QuerySet["MetricSample"]):
    def between(self, since: datetime, until: datetime) -> Self:
        """Samples that begin at `since` or later and before `until`."""
        return self.filter(at__gte=since, at__lt=until)

    def prunable(self, *, before: datetime) -> Self:
        """What `TDS_METRIC_RETENTION_DAYS` lets go."""
        return self.filter(at__lt=before)


class MetricSample(models.Model):
    """The numbers of one minute or one hour, which begins at `at`. What was not measured is missing, never 0.

    `zoho_sync.monitoring.series` says what the names in `values` mean.
    """

    class Resolution(models.TextChoices):
        MINUTE = "minute", _("minute")
        HOUR = "hour", _("hour")

    resolution = models.CharField(_("resolution"), max_length=6, choices=Resolution)
    at = models.DateTimeField(_("begins at"))
    values = models.JSONField(_("values"), default=dict)
    taken_at = models.DateTimeField(_("taken at"))

    objects = MetricSampleQuerySet.as_manager()

    class Meta:
        verbose_name = _("metric sample")
        verbose_name_plural = _("metric samples")
        ordering = ("-at", "-id")
        constraints = (UniqueConstraint(fields=["resolution", "at"], name="one_sample_for_each_time"),)

    def __str__(self) -> str:
        return f"{self.resolution} {self.at:%Y-%m-%d %H:%M}"
