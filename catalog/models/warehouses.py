from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tsh_erp.common.models import MirroredModel, MirroredQuerySet


class WarehouseQuerySet(MirroredQuerySet["Warehouse"]):
    pass


class Warehouse(MirroredModel):
    """A place where stock lies; it may first be heard of through a product's stock."""

    name = models.CharField(_("name"), max_length=300, blank=True, default="")
    kind = models.CharField(_("kind"), max_length=100, blank=True, default="")
    parent_zoho_id = models.CharField(_("Zoho id of the parent"), max_length=50, blank=True, default="")
    is_active = models.BooleanField(_("active"), default=True)
    is_primary = models.BooleanField(_("main warehouse"), null=True, blank=True)
    attention = models.CharField(_("attention"), max_length=300, blank=True, default="")
    street = models.CharField(_("street"), max_length=500, blank=True, default="")
    street2 = models.CharField(_("street, second line"), max_length=500, blank=True, default="")
    city = models.CharField(_("city"), max_length=200, blank=True, default="")
    state = models.CharField(_("governorate"), max_length=200, blank=True, default="")
    postal_code = models.CharField(_("postal code"), max_length=50, blank=True, default="")
    country = models.CharField(_("country"), max_length=200, blank=True, default="")
    phone = models.CharField(_("phone"), max_length=100, blank=True, default="")
    email = models.CharField(_("e-mail"), max_length=300, blank=True, default="")

    objects = WarehouseQuerySet.as_manager()

    class Meta:
        verbose_name = _("warehouse")
        verbose_name_plural = _("warehouses")
        ordering = ("name", "id")

    def __str__(self) -> str:
        return self.name or self.zoho_id or f"#{self.pk}"
