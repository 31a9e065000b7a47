"""What all documents and their lines have in common. Every figure is Zoho's, stored as sent, never recomputed."""

from __future__ import annotations

from datetime import date
from typing import Self, TypeVar

from django.db import models
from django.db.models import Index, Q
from django.utils.translation import gettext_lazy as _

from commerce.lengths import LINE, PRODUCT, SHORT, WORD
from tsh_erp.common.fields import CurrencyField, MoneyField, QuantityField, RateField
from tsh_erp.common.models import MirroredModel, MirroredQuerySet

VOID = "void"
# Zoho's words for documents and payments that count for nothing yet, or no more.
NOT_POSTED = ("draft", "pending_approval", "rejected", VOID, "cancelled", "failure", "failed")

D = TypeVar("D", bound=models.Model)


class AtWarehouse(models.Model):
    """Where it happened; the warehouse may come later than the row that names it."""

    warehouse = models.ForeignKey(
        "catalog.Warehouse",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("warehouse"),
    )
    warehouse_zoho_id = models.CharField(_("Zoho id of the warehouse"), max_length=WORD, blank=True)
    warehouse_name = models.CharField(_("name of the warehouse"), max_length=LINE, blank=True)

    class Meta:
        abstract = True


class PostedQuerySet(MirroredQuerySet[D]):
    def posted(self) -> Self:
        """What stands in the books: live, and neither a draft nor void."""
        return self.live().exclude(status__in=NOT_POSTED)


class DocumentQuerySet(PostedQuerySet[D]):
    def open(self) -> Self:
        """Posted documents that something is still owed on, or whose balance Zoho did not state."""
        return self.posted().exclude(balance=0)

    def overdue(self, on: date) -> Self:
        """Open documents, of those that have a due date, that were due before this day."""
        return self.open().filter(due_date__lt=on)

    def numbered(self, typed: str) -> Self:
        """Documents with exactly this number, in whatever case it is typed, or this Zoho id. From the index."""
        spelled = {typed, typed.upper(), typed.lower(), typed.capitalize()}
        return self.filter(Q(number__in=spelled) | Q(zoho_id=typed))


class Document(AtWarehouse, MirroredModel):
    """The head of a document: who, when, how much."""

    number = models.CharField(_("number"), max_length=SHORT, blank=True, db_index=True)
    reference = models.CharField(_("reference"), max_length=LINE, blank=True)
    date = models.DateField(_("date"), null=True, blank=True, db_index=True)
    status = models.CharField(_("status"), max_length=WORD, blank=True, db_index=True)
    voided_at = models.DateTimeField(_("voided at"), null=True, blank=True)
    currency = CurrencyField(_("currency"))
    currency_zoho_id = models.CharField(_("Zoho id of the currency"), max_length=WORD, blank=True)
    exchange_rate = RateField(_("exchange rate"), null=True, blank=True)
    sub_total = MoneyField(_("subtotal"), null=True, blank=True)
    discount = models.CharField(
        _("discount"), max_length=WORD, blank=True, help_text=_("As Zoho writes it: an amount, or a percentage.")
    )
    discount_amount = MoneyField(_("discount amount"), null=True, blank=True)
    discount_type = models.CharField(_("discount given on"), max_length=WORD, blank=True)
    is_discount_before_tax = models.BooleanField(_("discount before tax"), null=True, blank=True)
    is_inclusive_tax = models.BooleanField(_("prices include tax"), null=True, blank=True)
    tax_total = MoneyField(_("tax"), null=True, blank=True)
    taxes = models.JSONField(_("taxes"), default=list, blank=True)
    shipping_charge = MoneyField(_("shipping charge"), null=True, blank=True)
    adjustment = MoneyField(_("adjustment"), null=True, blank=True)
    adjustment_description = models.CharField(_("reason of the adjustment"), max_length=LINE, blank=True)
    rounding = MoneyField(_("rounding"), null=True, blank=True)
    total = MoneyField(_("total"), null=True, blank=True)
    balance = MoneyField(_("balance"), null=True, blank=True)
    payment_terms = models.IntegerField(_("payment terms"), null=True, blank=True)
    payment_terms_label = models.CharField(_("payment terms label"), max_length=SHORT, blank=True)
    notes = models.TextField(_("notes"), blank=True)
    terms = models.TextField(_("terms"), blank=True)
    billing_address = models.JSONField(_("billing address"), default=dict, blank=True)
    shipping_address = models.JSONField(_("shipping address"), default=dict, blank=True)
    custom_fields = models.JSONField(_("custom fields"), default=list, blank=True)
    zoho_created_at = models.DateTimeField(_("created in Zoho"), null=True, blank=True)
    zoho_modified_at = models.DateTimeField(_("modified in Zoho"), null=True, blank=True)
    identity_gap = MoneyField(
        _("gap of the total"),
        null=True,
        blank=True,
        help_text=_("Total minus the sum of its parts; empty means not checked, 0 means it holds."),
    )
    balance_gap = MoneyField(
        _("gap of the balance"),
        null=True,
        blank=True,
        help_text=_("Balance minus what should be left; empty means not checked, 0 means it holds."),
    )

    objects: DocumentQuerySet[Self] = DocumentQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.number or str(self.zoho_id or self.pk)


class SalesDocument(Document):
    """A document of a customer."""

    customer = models.ForeignKey(
        "commerce.Customer", on_delete=models.PROTECT, related_name="%(class)ss", verbose_name=_("customer")
    )
    customer_name = models.CharField(_("name of the customer"), max_length=LINE, blank=True)
    salesperson = models.ForeignKey(
        "commerce.ZohoUser",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="%(class)ss",
        verbose_name=_("salesperson"),
    )
    salesperson_zoho_id = models.CharField(_("Zoho id of the salesperson"), max_length=WORD, blank=True)
    salesperson_name = models.CharField(_("name of the salesperson"), max_length=LINE, blank=True)

    class Meta:
        abstract = True


class PurchaseDocument(Document):
    """A document of a vendor."""

    vendor = models.ForeignKey(
        "commerce.Vendor", on_delete=models.PROTECT, related_name="%(class)ss", verbose_name=_("vendor")
    )
    vendor_name = models.CharField(_("name of the vendor"), max_length=LINE, blank=True)

    class Meta:
        abstract = True


class OfProduct(models.Model):
    """A row about a product that may come later than the row that names it."""

    position = models.PositiveIntegerField(_("position"))
    zoho_id = models.CharField(_("Zoho id"), max_length=WORD, blank=True)
    product = models.ForeignKey(
        "catalog.Product",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="%(class)ss",
        verbose_name=_("product"),
    )
    product_zoho_id = models.CharField(_("Zoho id of the product"), max_length=WORD, blank=True)
    product_name = models.CharField(_("name of the product"), max_length=PRODUCT, blank=True)
    description = models.TextField(_("description"), blank=True)
    unit = models.CharField(_("unit"), max_length=SHORT, blank=True)

    class Meta:
        abstract = True
        indexes = (Index(fields=["product_zoho_id"], condition=Q(product__isnull=True), name="%(class)s_unattached"),)

    def __str__(self) -> str:
        return self.product_name or self.description or str(self.position)


class DocumentLine(AtWarehouse, OfProduct):
    """One line; amounts are in the currency of its document."""

    sku = models.CharField(_("SKU"), max_length=LINE, blank=True)
    quantity = QuantityField(_("quantity"), null=True, blank=True)
    rate = MoneyField(_("price"), null=True, blank=True)
    discount = models.CharField(_("discount"), max_length=WORD, blank=True)
    discount_amount = MoneyField(_("discount amount"), null=True, blank=True)
    tax_zoho_id = models.CharField(_("Zoho id of the tax"), max_length=WORD, blank=True)
    tax_name = models.CharField(_("tax"), max_length=LINE, blank=True)
    tax_percentage = RateField(_("tax percentage"), null=True, blank=True)
    item_total = MoneyField(_("line total"), null=True, blank=True)

    class Meta(OfProduct.Meta):
        abstract = True
