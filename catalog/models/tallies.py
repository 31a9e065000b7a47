from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class CategoryTally(models.Model):
    """How many products each category shows to customers of these price lists, counted beforehand.

    `counts` are numbers by the category's primary key; a category without products is absent. They hold as long as
    `stamp` names the versions that the catalogue has now.
    """

    price_lists = models.CharField(_("price lists"), max_length=200, unique=True)
    stamp = models.CharField(_("versions"), max_length=100)
    counts = models.JSONField(_("products by category"), default=dict)

    class Meta:
        verbose_name = _("products counted by category")
        verbose_name_plural = _("products counted by category")
        ordering = ("price_lists",)

    def __str__(self) -> str:
        return self.price_lists
