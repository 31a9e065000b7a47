from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, NoReturn, Self

from django.db import models
from django.db.models import CheckConstraint, Index, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _

from catalog.choices import LedgerReason, Measure
from catalog.errors import LedgerIsAppendOnly
from catalog.models.figures import FIGURES, StockFiguresModel
from catalog.models.products import Product
from catalog.models.warehouses import Warehouse
from tsh_erp.common.fields import QuantityField
from tsh_erp.common.models import TimeStampedModel


class StockLevelQuerySet(models.QuerySet["StockLevel"]):
    def of_live_products(self) -> Self:
        return self.filter(product__retired_at__isnull=True)

    def figures_of(self, zoho_ids: Collection[str]) -> dict[str, list[dict[str, Any]]]:
        """The figures of these products in each of their warehouses, by the product's Zoho id. One query."""
        found: dict[str, list[dict[str, Any]]] = {}
        for row in self.filter(product__zoho_id__in=zoho_ids).order_by().values("product__zoho_id", *FIGURES):
            found.setdefault(row.pop("product__zoho_id"), []).append(row)
        return found


class StockLevel(StockFiguresModel, TimeStampedModel):
    """The figures of one product in one warehouse, as last stated."""

    product = models.ForeignKey(
        Product, models.PROTECT, related_name="stock_levels", db_index=False, verbose_name=_("product")
    )
    warehouse = models.ForeignKey(Warehouse, models.PROTECT, related_name="stock_levels", verbose_name=_("warehouse"))

    objects = StockLevelQuerySet.as_manager()

    class Meta:
        verbose_name = _("stock level")
        verbose_name_plural = _("stock levels")
        ordering = ("product", "warehouse")
        constraints = (UniqueConstraint(fields=["product", "warehouse"], name="one_level_per_product_and_warehouse"),)

    def __str__(self) -> str:
        return f"{self.product} — {self.warehouse}"


class StockLedgerQuerySet(models.QuerySet["StockLedgerEntry"]):
    """Entries can be read and added, nothing else."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise LedgerIsAppendOnly

    def delete(self) -> NoReturn:
        raise LedgerIsAppendOnly

    def bulk_update(self, objs: Iterable[Any], fields: Iterable[str], batch_size: int | None = None) -> NoReturn:
        raise LedgerIsAppendOnly


class StockLedgerEntry(models.Model):
    """One movement of an on-hand figure. Append only.

    For every level and measure the sum of all deltas equals the level's on-hand figure, an unknown
    figure counting as 0; `balance_after` is NULL where the figure became unknown.
    """

    product = models.ForeignKey(
        Product, models.PROTECT, related_name="stock_ledger", db_index=False, verbose_name=_("product")
    )
    warehouse = models.ForeignKey(Warehouse, models.PROTECT, related_name="stock_ledger", verbose_name=_("warehouse"))
    measure = models.CharField(_("measure"), max_length=12, choices=Measure)
    delta = QuantityField(_("change"))
    balance_after = QuantityField(_("on hand afterwards"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=20, choices=LedgerReason)
    source = models.CharField(_("source"), max_length=100, blank=True, default="")
    occurred_at = models.DateTimeField(_("occurred at"))

    objects = StockLedgerQuerySet.as_manager()

    class Meta:
        verbose_name = _("stock ledger entry")
        verbose_name_plural = _("stock ledger")
        ordering = ("-id",)
        constraints = (CheckConstraint(condition=~Q(delta=0), name="ledger_entry_moves_something"),)
        indexes = (
            Index(fields=["product", "warehouse", "measure", "-id"], name="ledger_of_level"),
            Index(fields=["occurred_at"], name="ledger_occurred"),
        )

    def __str__(self) -> str:
        return f"{self.delta:+f}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise LedgerIsAppendOnly
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise LedgerIsAppendOnly
