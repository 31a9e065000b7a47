"""Rows that people read in Arabic and English."""

from __future__ import annotations

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from commerce.lengths import LINE


def in_language(arabic: str, english: str, language: str | None = None) -> str:
    """The text of the language (of the request, unless named), or of the other one where it is missing."""
    first, second = (arabic, english) if (language or get_language() or "ar").startswith("ar") else (english, arabic)
    return first or second


class NamedModel(models.Model):
    """A row with a name in both languages; at least one of them is there."""

    name_ar = models.CharField(_("Arabic name"), max_length=LINE, blank=True, default="")
    name_en = models.CharField(_("English name"), max_length=LINE, blank=True, default="")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return in_language(self.name_ar, self.name_en)
