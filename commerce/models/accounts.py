"""Who signs in on the phones: the accounts of customers, and the devices that hold a token."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from knox.models import AbstractAuthToken
from phonenumber_field.modelfields import PhoneNumberField

from commerce.lengths import LINE, SHORT, WORD
from tsh_erp.common.models import TimeStampedModel


class CustomerAccount(TimeStampedModel):
    """A person's login as a customer.

    It begins with a customer of its own, unknown to Zoho: phones and e-mails are shared by many, so only
    staff say that it belongs to somebody Zoho knows, and confirm it by that. Several people of one
    business may each have an account for the same customer.
    """

    class State(models.TextChoices):
        UNCONFIRMED = "unconfirmed", _("not confirmed")
        CONFIRMED = "confirmed", _("confirmed")

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="customer_account",
        verbose_name=_("login"),
    )
    customer = models.ForeignKey(
        "commerce.Customer", on_delete=models.PROTECT, related_name="accounts", verbose_name=_("customer")
    )
    phone = PhoneNumberField(_("phone"), unique=True, null=True, blank=True)
    email = models.EmailField(_("e-mail"), max_length=LINE, blank=True)
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES, default="ar")
    state = models.CharField(_("confirmation"), max_length=WORD, choices=State.choices, default=State.UNCONFIRMED)
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("confirmed by"),
    )

    class Meta:
        verbose_name = _("customer account")
        verbose_name_plural = _("customer accounts")
        ordering = ("-created_at", "-id")
        constraints = (
            models.UniqueConstraint(Lower("email"), condition=~Q(email=""), name="one_account_per_email"),
            models.CheckConstraint(condition=Q(phone__isnull=False) | ~Q(email=""), name="account_has_phone_or_email"),
            models.CheckConstraint(
                condition=Q(state="confirmed", confirmed_at__isnull=False)
                | Q(state="unconfirmed", confirmed_at__isnull=True),
                name="account_confirmed_at_a_time",
            ),
        )

    def __str__(self) -> str:
        return str(self.phone or self.email)


class DeviceTokenQuerySet(models.QuerySet["DeviceToken"]):
    def live(self, at: datetime) -> Self:
        """Tokens that still open the door."""
        return self.filter(expiry__gt=at)

    def current(self) -> Self:
        """Tokens that no refresh has replaced."""
        return self.filter(replaced_at__isnull=True)

    def of_device(self, device: uuid.UUID) -> Self:
        return self.filter(device=device)


class DeviceToken(AbstractAuthToken):  # type: ignore[misc]
    """One device of one login, by the digest of its token; the token itself is nowhere.

    A refresh makes a new row with the same `device`; the row it replaces lives on for a moment.
    `password_stamp` is of the password at sign-in: another password ends every token.
    """

    device = models.UUIDField(_("device"), default=uuid.uuid4, db_index=True, editable=False)
    device_id = models.CharField(_("device id of the app"), max_length=SHORT, blank=True)
    name = models.CharField(_("name of the device"), max_length=SHORT, blank=True)
    app = models.CharField(_("app"), max_length=WORD, blank=True)
    app_version = models.CharField(_("version of the app"), max_length=WORD, blank=True)
    platform = models.CharField(_("platform"), max_length=WORD, blank=True)
    address = models.GenericIPAddressField(_("last address"), null=True, blank=True)
    signed_in_at = models.DateTimeField(_("signed in at"))
    last_used_at = models.DateTimeField(_("last used at"))
    replaced_at = models.DateTimeField(_("replaced at"), null=True, blank=True)
    password_stamp = models.CharField(_("stamp of the password"), max_length=SHORT, editable=False)

    objects = DeviceTokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("device")
        verbose_name_plural = _("devices")
        ordering = ("-last_used_at",)
        indexes = (
            models.Index(fields=["user", "-last_used_at"], name="devices_of_a_login"),
            models.Index(fields=["expiry"], name="devices_by_expiry"),
        )

    def __str__(self) -> str:
        return self.name or self.platform or str(self.device)
