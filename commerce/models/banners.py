from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import CheckConstraint, F, Index, Q
from django.utils.translation import gettext_lazy as _

from catalog.models.picture_field import PictureField
from commerce.choices import Audience, BannerAction
from commerce.lengths import LINE
from commerce.models.naming import in_language
from tsh_erp.common.history import LocalHistory
from tsh_erp.common.models import TimeStampedModel


class BannerQuerySet(models.QuerySet["Banner"]):
    def shown(self, at: datetime, audience: Audience | str) -> Self:
        """Those that run now and are meant for this audience, in their order."""
        begun = Q(starts_at__isnull=True) | Q(starts_at__lte=at)
        not_over = Q(ends_at__isnull=True) | Q(ends_at__gt=at)
        meant = self.filter(begun & not_over, is_active=True, audience__in=[Audience.EVERYBODY, audience])
        return meant.order_by("position", "id")


class Banner(TimeStampedModel):
    """A picture at the top of the home screen, and what opens when it is tapped. Runs in [start, end)."""

    title_ar = models.CharField(_("Arabic title"), max_length=LINE, blank=True, default="")
    title_en = models.CharField(_("English title"), max_length=LINE, blank=True, default="")
    image = PictureField(_("image"))
    action = models.CharField(_("opens"), max_length=20, choices=BannerAction, default=BannerAction.NONE)
    category = models.ForeignKey(
        "catalog.Category",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("category"),
    )
    product = models.ForeignKey(
        "catalog.Product", on_delete=models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("product")
    )
    promotion = models.ForeignKey(
        "commerce.Promotion",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("promotion"),
    )
    search_words = models.CharField(_("words to search for"), max_length=80, blank=True, default="")
    link = models.URLField(_("web address"), blank=True, default="")
    audience = models.CharField(_("shown to"), max_length=20, choices=Audience, default=Audience.EVERYBODY)
    starts_at = models.DateTimeField(_("starts at"), null=True, blank=True)
    ends_at = models.DateTimeField(_("ends at"), null=True, blank=True, help_text=_("The first moment without it."))
    is_active = models.BooleanField(_("active"), default=True)
    position = models.PositiveIntegerField(_("position"), default=0)

    objects = BannerQuerySet.as_manager()

    history = LocalHistory()

    class Meta:
        verbose_name = _("banner")
        verbose_name_plural = _("banners")
        ordering = ("position", "id")
        constraints = (
            CheckConstraint(
                condition=Q(starts_at__isnull=True) | Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="banner_ends_after_start",
            ),
            CheckConstraint(
                condition=Q(action="none")
                | Q(action="category", category__isnull=False)
                | Q(action="product", product__isnull=False)
                | Q(action="promotion", promotion__isnull=False)
                | Q(action="search") & ~Q(search_words="")
                | Q(action="link") & ~Q(link=""),
                name="banner_opens_what_it_says",
            ),
        )
        indexes = (Index(fields=["position", "id"], condition=Q(is_active=True), name="banner_shown"),)

    def __str__(self) -> str:
        return self.title or str(self.pk)

    @property
    def title(self) -> str:
        return in_language(self.title_ar, self.title_en)

    @property
    def target(self) -> int | str | None:
        """What the action is about: a primary key, words or an address; None for nothing."""
        targets: dict[str, int | str | None] = {
            BannerAction.CATEGORY: self.category_id,
            BannerAction.PRODUCT: self.product_id,
            BannerAction.PROMOTION: self.promotion_id,
            BannerAction.SEARCH: self.search_words,
            BannerAction.LINK: self.link,
        }
        return targets.get(self.action)
