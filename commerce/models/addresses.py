from __future__ import annotations

from typing import Any, Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _

from commerce.choices import Governorate
from commerce.lengths import LINE, SHORT
from tsh_erp.common.models import TimeStampedModel


class CustomerAddressQuerySet(models.QuerySet["CustomerAddress"]):
    def live(self) -> Self:
        """Those that were not removed, the default one first."""
        return self.filter(removed_at__isnull=True).order_by("-is_default", "id")


class CustomerAddress(TimeStampedModel):
    """Where something is delivered, as people describe it here. Removed ones stay, unseen; orders keep a copy.

    The first address of a customer is the default; there is exactly one as long as there is any.
    """

    customer = models.ForeignKey(
        "commerce.Customer", on_delete=models.CASCADE, related_name="delivery_addresses", verbose_name=_("customer")
    )
    label = models.CharField(_("label"), max_length=SHORT, blank=True, default="", help_text=_("Home, shop, …"))
    recipient = models.CharField(_("recipient"), max_length=LINE, blank=True, default="")
    phone = models.CharField(_("phone"), max_length=SHORT)
    governorate = models.CharField(_("governorate"), max_length=10, choices=Governorate)
    district = models.CharField(_("district"), max_length=LINE)
    landmark = models.CharField(_("nearest landmark"), max_length=LINE, blank=True, default="")
    details = models.CharField(_("street and house"), max_length=LINE, blank=True, default="")
    latitude = models.DecimalField(
        _("latitude"),
        max_digits=9,
        decimal_places=6,
        null=True,
        blank=True,
        validators=[MinValueValidator(-90), MaxValueValidator(90)],
    )
    longitude = models.DecimalField(
        _("longitude"),
        max_digits=9,
        decimal_places=6,
        null=True,
        blank=True,
        validators=[MinValueValidator(-180), MaxValueValidator(180)],
    )
    is_default = models.BooleanField(_("default"), default=False)
    removed_at = models.DateTimeField(_("removed at"), null=True, blank=True, editable=False)

    objects = CustomerAddressQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery address")
        verbose_name_plural = _("delivery addresses")
        ordering = ("customer_id", "-is_default", "id")
        constraints = (
            UniqueConstraint(
                fields=["customer"],
                condition=Q(is_default=True, removed_at__isnull=True),
                name="one_default_address_per_customer",
            ),
            CheckConstraint(
                condition=Q(latitude__isnull=True, longitude__isnull=True)
                | Q(latitude__isnull=False, longitude__isnull=False)
                & Q(latitude__gte=-90, latitude__lte=90, longitude__gte=-180, longitude__lte=180),
                name="address_position_is_on_earth",
            ),
        )

    def __str__(self) -> str:
        return ", ".join(part for part in (self.label, self.get_governorate_display(), self.district) if part)

    def snapshot(self) -> dict[str, Any]:
        """The address as an order keeps it."""
        names = ("label", "recipient", "phone", "governorate", "district", "landmark", "details")
        position = {
            name: None if (at := getattr(self, name)) is None else str(at) for name in ("latitude", "longitude")
        }
        return {"id": self.pk, **{name: getattr(self, name) for name in names}, **position}
