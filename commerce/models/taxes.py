from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from commerce.lengths import LINE, WORD
from tsh_erp.common.fields import RateField
from tsh_erp.common.models import MirroredModel


class Tax(MirroredModel):
    """A tax or a tax group: Zoho lists both together, `type` tells them apart."""

    GROUP = "tax_group"

    name = models.CharField(_("name"), max_length=LINE, blank=True)
    percentage = RateField(_("percentage"), null=True, blank=True)
    type = models.CharField(_("type"), max_length=WORD, blank=True)
    specific_type = models.CharField(_("specific type"), max_length=WORD, blank=True)
    factor = models.CharField(_("factor"), max_length=WORD, blank=True)
    authority_name = models.CharField(_("tax authority"), max_length=LINE, blank=True)
    is_value_added = models.BooleanField(_("value added tax"), null=True, blank=True)
    is_default = models.BooleanField(_("default tax"), default=False)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("tax")
        verbose_name_plural = _("taxes")
        ordering = ("name", "id")

    def __str__(self) -> str:
        return self.name or str(self.zoho_id)

    @property
    def is_group(self) -> bool:
        """Whether this stands for several taxes together."""
        return self.type == self.GROUP
