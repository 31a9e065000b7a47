from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.choices import Subject


class Freshness(models.Model):
    """When the catalogue last learned something new about a subject, and how often it did.

    Who keeps an answer about a subject needs a new one as soon as `version` is another.
    """

    subject = models.CharField(_("subject"), max_length=20, choices=Subject, unique=True)
    version = models.PositiveBigIntegerField(_("version"), default=0)
    updated_at = models.DateTimeField(_("updated at"))

    class Meta:
        verbose_name = _("freshness")
        verbose_name_plural = _("freshness")
        ordering = ("subject",)

    def __str__(self) -> str:
        return self.get_subject_display()
