"""People and addresses of a partner, as Zoho has them; each row belongs to one customer or one vendor."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from commerce.lengths import LINE, SHORT, WORD

ONE_OWNER = Q(customer__isnull=False, vendor__isnull=True) | Q(customer__isnull=True, vendor__isnull=False)


class BelongsToParty(models.Model):
    customer = models.ForeignKey(
        "commerce.Customer",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="%(class)ss",
        verbose_name=_("customer"),
    )
    vendor = models.ForeignKey(
        "commerce.Vendor",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="%(class)ss",
        verbose_name=_("vendor"),
    )
    zoho_id = models.CharField(_("Zoho id"), max_length=WORD, blank=True)
    position = models.PositiveIntegerField(_("position"))

    class Meta:
        abstract = True


class ContactPerson(BelongsToParty):
    salutation = models.CharField(_("salutation"), max_length=WORD, blank=True)
    first_name = models.CharField(_("first name"), max_length=SHORT, blank=True)
    last_name = models.CharField(_("last name"), max_length=SHORT, blank=True)
    email = models.CharField(_("e-mail"), max_length=LINE, blank=True)
    phone = models.CharField(_("phone"), max_length=SHORT, blank=True)
    mobile = models.CharField(_("mobile"), max_length=SHORT, blank=True)
    designation = models.CharField(_("job title"), max_length=LINE, blank=True)
    department = models.CharField(_("department"), max_length=LINE, blank=True)
    is_primary = models.BooleanField(_("primary contact"), default=False)

    class Meta:
        verbose_name = _("contact person")
        verbose_name_plural = _("contact persons")
        ordering = ("position",)
        constraints = (models.CheckConstraint(condition=ONE_OWNER, name="contact_person_has_one_owner"),)

    def __str__(self) -> str:
        return " ".join(part for part in (self.first_name, self.last_name) if part) or self.email or self.phone


class ZohoAddress(BelongsToParty):
    """An address in Zoho; the addresses that customers keep for deliveries are another matter."""

    class Kind(models.TextChoices):
        BILLING = "billing", _("billing")
        SHIPPING = "shipping", _("shipping")
        OTHER = "other", _("other")

    kind = models.CharField(_("kind"), max_length=WORD, choices=Kind.choices)
    attention = models.CharField(_("attention"), max_length=LINE, blank=True)
    address = models.TextField(_("address"), blank=True)
    street2 = models.TextField(_("second line"), blank=True)
    city = models.CharField(_("city"), max_length=SHORT, blank=True)
    state = models.CharField(pgettext_lazy("address", "state"), max_length=SHORT, blank=True)
    state_code = models.CharField(_("state code"), max_length=SHORT, blank=True)
    zip = models.CharField(_("postal code"), max_length=SHORT, blank=True)
    country = models.CharField(_("country"), max_length=SHORT, blank=True)
    country_code = models.CharField(_("country code"), max_length=SHORT, blank=True)
    phone = models.CharField(_("phone"), max_length=SHORT, blank=True)
    fax = models.CharField(_("fax"), max_length=SHORT, blank=True)

    class Meta:
        verbose_name = _("Zoho address")
        verbose_name_plural = _("Zoho addresses")
        ordering = ("position",)
        constraints = (models.CheckConstraint(condition=ONE_OWNER, name="zoho_address_has_one_owner"),)

    def __str__(self) -> str:
        return ", ".join(part for part in (self.address, self.city, self.country) if part) or self.get_kind_display()
