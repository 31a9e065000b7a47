from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import CheckConstraint, Index, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _

from commerce.lengths import LINE, SHORT


class IdempotencyKeyQuerySet(models.QuerySet["IdempotencyKey"]):
    def expired(self, at: datetime) -> Self:
        return self.filter(expires_at__lte=at)


class IdempotencyKey(models.Model):
    """A request that must have one effect however often it comes, and the answer it was given.

    Without a status somebody is at work on it, until `lease_ends_at` at the latest; `token` says who.
    The answer is written in the transaction of the work itself: either both are there or neither.
    """

    principal = models.CharField(_("caller"), max_length=SHORT)
    route = models.CharField(_("route"), max_length=SHORT)
    key = models.CharField(_("key"), max_length=LINE)
    fingerprint = models.CharField(_("fingerprint of the request"), max_length=64)
    token = models.UUIDField(_("token of the worker"))
    lease_ends_at = models.DateTimeField(_("lease ends at"))
    status = models.PositiveSmallIntegerField(_("status"), null=True, blank=True)
    body = models.TextField(_("answer"), blank=True, default="")
    created_at = models.DateTimeField(_("created at"))
    expires_at = models.DateTimeField(_("expires at"))

    objects = IdempotencyKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        ordering = ("-id",)
        constraints = (
            UniqueConstraint(fields=["principal", "route", "key"], name="one_answer_per_idempotency_key"),
            CheckConstraint(
                condition=Q(status__isnull=True) | Q(status__gte=200, status__lt=500) & ~Q(status=429),
                name="idempotent_answer_may_be_kept",
            ),
        )
        indexes = (Index(fields=["expires_at"], name="idempotency_key_expires"),)

    def __str__(self) -> str:
        return f"{self.route} {self.key}"
