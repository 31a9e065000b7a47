from __future__ import annotations

from typing import Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import CheckConstraint, Index, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _

from commerce.choices import ReviewStatus
from commerce.lengths import LINE, SHORT
from tsh_erp.common.history import LocalHistory
from tsh_erp.common.models import TimeStampedModel

STARS = (1, 2, 3, 4, 5)


class ReviewQuerySet(models.QuerySet["Review"]):
    def approved(self) -> Self:
        return self.filter(status=ReviewStatus.APPROVED)

    def waiting(self) -> Self:
        """What a moderator has to look at, the oldest first."""
        return self.filter(status=ReviewStatus.PENDING).order_by("written_at", "id")


class Review(TimeStampedModel):
    """What a customer thinks of a product. Others see it once a moderator has approved it, and again after an edit."""

    customer = models.ForeignKey(
        "commerce.Customer", on_delete=models.CASCADE, related_name="reviews", verbose_name=_("customer")
    )
    product = models.ForeignKey(
        "catalog.Product", on_delete=models.CASCADE, related_name="reviews", db_index=False, verbose_name=_("product")
    )
    rating = models.PositiveSmallIntegerField(
        _("stars"), validators=[MinValueValidator(STARS[0]), MaxValueValidator(STARS[-1])]
    )
    title = models.CharField(_("title"), max_length=SHORT, blank=True, default="")
    body = models.TextField(_("text"), max_length=2_000, blank=True, default="")
    is_verified = models.BooleanField(
        _("bought it"), default=False, editable=False, help_text=_("An invoice of this customer has the product.")
    )
    status = models.CharField(_("status"), max_length=10, choices=ReviewStatus, default=ReviewStatus.PENDING)
    written_at = models.DateTimeField(_("written at"))
    moderated_at = models.DateTimeField(_("looked at"), null=True, blank=True, editable=False)
    moderated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("looked at by"),
    )
    rejection_reason = models.CharField(_("reason of the rejection"), max_length=LINE, blank=True, default="")

    objects = ReviewQuerySet.as_manager()

    history = LocalHistory("status", "rejection_reason", by_service=True)

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        ordering = ("-written_at", "-id")
        permissions = (("moderate_review", _("Can approve and reject reviews")),)
        constraints = (
            UniqueConstraint(fields=["product", "customer"], name="one_review_per_product_and_customer"),
            CheckConstraint(condition=Q(rating__gte=STARS[0], rating__lte=STARS[-1]), name="review_has_stars"),
        )
        indexes = (
            Index(fields=["product", "-written_at", "-id"], condition=Q(status="approved"), name="review_shown"),
            Index(fields=["written_at", "id"], condition=Q(status="pending"), name="review_waiting"),
        )

    def __str__(self) -> str:
        return self.title or f"{self.rating} / {STARS[-1]}"


class ProductRating(models.Model):
    """The approved reviews of a product, counted beforehand. No row: there are none."""

    product = models.OneToOneField(
        "catalog.Product",
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="rating",
        verbose_name=_("product"),
    )
    count = models.PositiveIntegerField(_("reviews"))
    average = models.DecimalField(_("average"), max_digits=3, decimal_places=2)
    stars_1 = models.PositiveIntegerField(_("one star"), default=0)
    stars_2 = models.PositiveIntegerField(_("two stars"), default=0)
    stars_3 = models.PositiveIntegerField(_("three stars"), default=0)
    stars_4 = models.PositiveIntegerField(_("four stars"), default=0)
    stars_5 = models.PositiveIntegerField(_("five stars"), default=0)

    class Meta:
        verbose_name = _("rating of a product")
        verbose_name_plural = _("ratings of products")
        ordering = ("product_id",)

    def __str__(self) -> str:
        return f"{self.average} ({self.count})"

    @property
    def histogram(self) -> dict[int, int]:
        """How many reviews gave so many stars, five first."""
        return {stars: getattr(self, f"stars_{stars}") for stars in reversed(STARS)}
