from __future__ import annotations

from django.db import models
from django.db.models import Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _

from catalog.choices import ImageTrouble
from catalog.models.picture_field import PictureField
from catalog.models.products import Product
from tsh_erp.common.models import TimeStampedModel


class ProductImage(TimeStampedModel):
    """A picture of a product: uploaded here, or the one that Zoho has (then it names Zoho's document).

    `width` and `height` are pixels of the full size.
    """

    product = models.ForeignKey(Product, models.CASCADE, related_name="images", verbose_name=_("product"))
    image = PictureField(_("image"))
    width = models.PositiveIntegerField(_("width"), null=True, blank=True, editable=False)
    height = models.PositiveIntegerField(_("height"), null=True, blank=True, editable=False)
    zoho_document_id = models.CharField(
        _("Zoho id of the image"), max_length=50, blank=True, default="", editable=False
    )
    alt_text = models.CharField(_("description for screen readers"), max_length=300, blank=True, default="")
    position = models.PositiveIntegerField(_("position"), default=0)
    is_primary = models.BooleanField(_("main image"), default=False)

    class Meta:
        verbose_name = _("product image")
        verbose_name_plural = _("product images")
        ordering = ("product", "position", "id")
        constraints = (
            UniqueConstraint(fields=["product"], condition=Q(is_primary=True), name="one_main_image_per_product"),
            UniqueConstraint(fields=["product"], condition=~Q(zoho_document_id=""), name="one_zoho_image_per_product"),
        )

    def __str__(self) -> str:
        return self.alt_text or str(self.product)

    @property
    def is_from_zoho(self) -> bool:
        return self.zoho_document_id != ""


class FailedImage(TimeStampedModel):
    """An image that Zoho has of a product and that could not be brought here; gone as soon as it can.

    Tried again at `next_attempt_at`; None rests until Zoho names another document or a person asks.
    """

    product = models.OneToOneField(Product, models.CASCADE, related_name="failed_image", verbose_name=_("product"))
    zoho_document_id = models.CharField(_("Zoho id of the image"), max_length=50)
    trouble = models.CharField(_("trouble"), max_length=20, choices=ImageTrouble)
    error = models.TextField(_("error"), blank=True, default="")
    attempts = models.PositiveIntegerField(_("attempts"), default=1)
    next_attempt_at = models.DateTimeField(_("next attempt"), null=True, blank=True)

    class Meta:
        verbose_name = _("missing image")
        verbose_name_plural = _("missing images")
        ordering = ("next_attempt_at", "id")

    def __str__(self) -> str:
        return str(self.product)
