from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.choices import ProductType
from tsh_erp.common.fields import RateField
from tsh_erp.common.models import MirroredModel, MirroredQuerySet


class ItemGroupQuerySet(MirroredQuerySet["ItemGroup"]):
    pass


class ItemGroup(MirroredModel):
    """Products that are variants of each other, such as one bag in three sizes."""

    name = models.CharField(_("name"), max_length=500)
    description = models.TextField(_("description"), blank=True, default="")
    product_type = models.CharField(_("type"), max_length=20, choices=ProductType, blank=True, default="")
    brand = models.CharField(_("brand"), max_length=200, blank=True, default="")
    manufacturer = models.CharField(_("manufacturer"), max_length=200, blank=True, default="")
    unit = models.CharField(_("unit"), max_length=100, blank=True, default="")
    tax_zoho_id = models.CharField(_("Zoho id of the tax"), max_length=50, blank=True, default="")
    tax_name = models.CharField(_("tax"), max_length=200, blank=True, default="")
    tax_percentage = RateField(_("tax percentage"), null=True, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    custom_fields = models.JSONField(_("custom fields"), default=list, blank=True)
    image_name = models.CharField(_("image name"), max_length=300, blank=True, default="")
    image_document_id = models.CharField(_("Zoho id of the image"), max_length=50, blank=True, default="")

    objects = ItemGroupQuerySet.as_manager()

    class Meta:
        verbose_name = _("item group")
        verbose_name_plural = _("item groups")
        ordering = ("name", "id")

    def __str__(self) -> str:
        return self.name


class ItemGroupAttribute(models.Model):
    """What the variants of a group differ in: size, colour."""

    group = models.ForeignKey(ItemGroup, models.CASCADE, related_name="attributes", verbose_name=_("item group"))
    zoho_id = models.CharField(_("Zoho id"), max_length=50, blank=True, default="")
    name = models.CharField(_("name"), max_length=200)
    position = models.PositiveIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("attribute")
        verbose_name_plural = _("attributes")
        ordering = ("group", "position", "id")

    def __str__(self) -> str:
        return self.name


class ItemGroupOption(models.Model):
    """One choice of an attribute: small, black."""

    # Options go before their attributes, set by set: a cascade would read and delete them in chunks.
    attribute = models.ForeignKey(
        ItemGroupAttribute, models.DO_NOTHING, related_name="options", verbose_name=_("attribute")
    )
    zoho_id = models.CharField(_("Zoho id"), max_length=50, blank=True, default="")
    name = models.CharField(_("name"), max_length=200)
    position = models.PositiveIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("option")
        verbose_name_plural = _("options")
        ordering = ("attribute", "position", "id")

    def __str__(self) -> str:
        return self.name
