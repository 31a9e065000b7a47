from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Self

from django.db import models
from django.db.models import Exists, F, Index, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from catalog.choices import Measure, ProductKind, ProductType
from catalog.folding import compact, tokens
from catalog.models.categories import Category
from catalog.models.figures import FIGURES, StockFiguresModel
from catalog.models.item_groups import ItemGroup
from tsh_erp.common.fields import CurrencyField, MoneyField, QuantityField, RateField
from tsh_erp.common.history import LocalHistory
from tsh_erp.common.models import MirroredModel, MirroredQuerySet


def is_found_by(typed: str) -> Q:
    """The condition of `ProductQuerySet.found_by`, to be put beside others."""
    words, joined = tokens(typed), compact(typed)
    if not joined:
        return Q(pk__in=())
    return Q(*(Q(search_text__contains=word) for word in words)) | Q(search_text__contains=joined)


# What can be sold, as near as Zoho states it by each clock: the first of these figures that it does state.
FOR_SALE: Mapping[str, tuple[str, ...]] = {
    Measure.ACCOUNTING: ("accounting_for_sale", "accounting_available", "accounting_on_hand"),
    Measure.PHYSICAL: ("physical_for_sale", "physical_on_hand"),
}
# Zoho keeps stock of it: it says so, or says nothing and the product is not of another kind.
KEEPS_STOCK = Q(track_inventory=True) | Q(track_inventory__isnull=True, kind__in=["", ProductKind.INVENTORY])

# What `ProductQuerySet.shown` says of it.
IS_SHOWN = Q(retired_at__isnull=True, is_active=True, is_hidden=False) & ~Q(can_be_sold=False)
IS_SHOWN &= ~Q(kind=ProductKind.PURCHASES)


def is_in_stock(clock: str) -> Q:
    """The condition of `ProductQuerySet.in_stock`, to be put beside others."""
    condition, unstated = ~KEEPS_STOCK, Q()
    for name in FOR_SALE[clock]:
        condition |= unstated & Q(**{f"{name}__gt": 0})
        unstated &= Q(**{f"{name}__isnull": True})
    return condition


class ProductQuerySet(MirroredQuerySet["Product"]):
    def shown(self) -> Self:
        """What customers may see, if a price list of theirs sells it: live, active, sold at all and not hidden."""
        return self.filter(IS_SHOWN)

    def priced_in(self, price_list_ids: Collection[int]) -> Self:
        """Products that one of these lists sells."""
        from catalog.models.price_lists import EffectivePrice

        prices = EffectivePrice.objects.selling(price_list_ids).filter(product=OuterRef("pk"))
        return self.filter(Exists(prices))

    def with_unit_price(self, price_list_ids: Sequence[int]) -> Self:
        """Annotated with `unit_price`: what the first of these lists asks that sells it. NULL: none does."""
        from catalog.models.price_lists import EffectivePrice

        prices = [
            Subquery(EffectivePrice.objects.selling([pk]).filter(product=OuterRef("pk")).values("price"))
            for pk in price_list_ids
        ]
        if len(prices) > 1:
            return self.annotate(unit_price=Coalesce(*prices))
        nothing = Value(None, output_field=MoneyField())
        return self.annotate(unit_price=prices[0] if prices else nothing)

    def in_stock(self, clock: str) -> Self:
        """Products that can be sold now by this clock (a `Measure`), or of which no stock is kept."""
        return self.filter(is_in_stock(clock))

    def tracked(self) -> Self:
        """Live products whose stock Zoho keeps: it says so, or says nothing and they are not of another kind."""
        return self.live().filter(KEEPS_STOCK)

    def holding_stock(self) -> Self:
        """Products of which something lies somewhere, or is missing there (a negative figure)."""
        lying = Q()
        for figure in ("accounting_on_hand", "physical_on_hand"):
            for name in (figure, f"stock_levels__{figure}"):
                lying |= Q(**{f"{name}__gt": 0}) | Q(**{f"{name}__lt": 0})
        return self.filter(pk__in=Product.objects.filter(lying).values("pk"))

    def low(self, threshold: Decimal) -> Self:
        """Active tracked products with `threshold` or less on hand (accounting), nothing and less included."""
        return self.tracked().filter(is_active=True, accounting_on_hand__lte=threshold)

    def below_reorder_level(self) -> Self:
        """Active tracked products at or below their own reorder level; who has none is never below it."""
        return self.tracked().filter(is_active=True, accounting_on_hand__lte=F("reorder_level"))

    def found_by(self, typed: str) -> Self:
        """Products whose words contain each typed word, or that are written alike but for spaces and signs.

        However people spell it (`catalog.folding`), Arabic or Latin. Nothing is found by nothing.
        """
        return self.filter(is_found_by(typed))


class Product(StockFiguresModel, MirroredModel):
    """What is sold or bought.

    Who owns which column is listed in `ZOHO_OWNED_FIELDS` (written by the sync, read-only for people)
    and `LOCAL_FIELDS` (written by people, never touched by the sync). The SKU is no key: most
    products have none and some share one.
    """

    ZOHO_OWNED_FIELDS = (
        "name",
        "description",
        "purchase_description",
        "sku",
        "upc",
        "ean",
        "isbn",
        "part_number",
        "brand",
        "manufacturer",
        "unit",
        "kind",
        "product_type",
        "base_price",
        "base_cost",
        "currency",
        "tax_zoho_id",
        "tax_name",
        "tax_percentage",
        "is_active",
        "can_be_sold",
        "can_be_purchased",
        "track_inventory",
        "is_combo",
        "reorder_level",
        "category",
        "category_zoho_id",
        "category_name",
        "item_group",
        "item_group_zoho_id",
        "item_group_name",
        "vendor_zoho_id",
        "vendor_name",
        "options",
        "custom_fields",
        "image_name",
        "image_document_id",
        *FIGURES,
    )
    LOCAL_FIELDS = ("name_ar", "name_en", "description_ar", "is_hidden", "is_featured")
    # What people search by (`search_columns`); Zoho's columns and ours.
    NAME_FIELDS = ("name", "name_ar", "name_en")
    CODE_FIELDS = ("sku", "upc", "ean", "isbn", "part_number")
    SEARCHED_FIELDS = (*NAME_FIELDS, *CODE_FIELDS, "brand", "manufacturer")
    # Made of the searched columns and of the names of category and item group (`services.search_texts`).
    DERIVED_FIELDS = ("search_text", "search_names", "search_codes")

    name = models.CharField(_("name"), max_length=500)
    description = models.TextField(_("description"), blank=True, default="")
    purchase_description = models.TextField(_("description for purchases"), blank=True, default="")
    sku = models.CharField(_("SKU"), max_length=200, null=True, blank=True)
    upc = models.CharField(_("UPC"), max_length=100, blank=True, default="")
    ean = models.CharField(_("EAN"), max_length=100, blank=True, default="")
    isbn = models.CharField(_("ISBN"), max_length=100, blank=True, default="")
    part_number = models.CharField(_("part number"), max_length=200, blank=True, default="")
    brand = models.CharField(_("brand"), max_length=200, blank=True, default="")
    manufacturer = models.CharField(_("manufacturer"), max_length=200, blank=True, default="")
    unit = models.CharField(_("unit"), max_length=100, blank=True, default="")
    kind = models.CharField(_("kind"), max_length=20, choices=ProductKind, blank=True, default="")
    product_type = models.CharField(_("type"), max_length=20, choices=ProductType, blank=True, default="")
    base_price = MoneyField(_("base price"), null=True, blank=True)
    base_cost = MoneyField(_("base cost"), null=True, blank=True)
    currency = CurrencyField(_("currency"))
    tax_zoho_id = models.CharField(_("Zoho id of the tax"), max_length=50, blank=True, default="")
    tax_name = models.CharField(_("tax"), max_length=200, blank=True, default="")
    tax_percentage = RateField(_("tax percentage"), null=True, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    can_be_sold = models.BooleanField(_("can be sold"), null=True, blank=True)
    can_be_purchased = models.BooleanField(_("can be purchased"), null=True, blank=True)
    track_inventory = models.BooleanField(_("stock is tracked"), null=True, blank=True)
    is_combo = models.BooleanField(_("made of other products"), null=True, blank=True)
    reorder_level = QuantityField(_("reorder level"), null=True, blank=True)
    category = models.ForeignKey(
        Category, models.SET_NULL, null=True, blank=True, related_name="products", verbose_name=_("category")
    )
    category_zoho_id = models.CharField(_("Zoho id of the category"), max_length=50, blank=True, default="")
    category_name = models.CharField(_("category name in Zoho"), max_length=500, blank=True, default="")
    item_group = models.ForeignKey(
        ItemGroup, models.SET_NULL, null=True, blank=True, related_name="products", verbose_name=_("item group")
    )
    item_group_zoho_id = models.CharField(_("Zoho id of the item group"), max_length=50, blank=True, default="")
    item_group_name = models.CharField(_("item group name in Zoho"), max_length=500, blank=True, default="")
    vendor_zoho_id = models.CharField(_("Zoho id of the vendor"), max_length=50, blank=True, default="")
    vendor_name = models.CharField(_("preferred vendor"), max_length=500, blank=True, default="")
    options = models.JSONField(_("options in its group"), default=list, blank=True)
    custom_fields = models.JSONField(_("custom fields"), default=list, blank=True)
    image_name = models.CharField(_("image name"), max_length=300, blank=True, default="")
    image_document_id = models.CharField(_("Zoho id of the image"), max_length=50, blank=True, default="")

    name_ar = models.CharField(_("Arabic name"), max_length=500, blank=True, default="")
    name_en = models.CharField(_("English name"), max_length=500, blank=True, default="")
    description_ar = models.TextField(_("Arabic description"), blank=True, default="")
    is_hidden = models.BooleanField(_("hidden in the apps"), default=False)
    is_featured = models.BooleanField(_("featured"), default=False)

    search_text = models.TextField(_("words to find it by"), blank=True, default="", editable=False)
    search_names = models.TextField(_("names as they are searched"), blank=True, default="", editable=False)
    search_codes = models.TextField(_("codes as they are searched"), blank=True, default="", editable=False)

    objects = ProductQuerySet.as_manager()

    history = LocalHistory(*LOCAL_FIELDS, by_service=True)

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        permissions = (("view_cost", _("Can see what products cost to buy")),)
        ordering = ("name", "id")
        indexes = (
            Index(fields=["name", "id"], name="product_name"),
            Index(fields=["sku"], name="product_sku"),
            Index(fields=["brand"], condition=~Q(brand=""), name="product_brand"),
            Index(fields=["id"], condition=Q(is_featured=True), name="product_featured"),
            Index(
                fields=["category_zoho_id"],
                condition=Q(category__isnull=True) & ~Q(category_zoho_id=""),
                name="product_without_category",
            ),
            Index(
                fields=["item_group_zoho_id"],
                condition=Q(item_group__isnull=True) & ~Q(item_group_zoho_id=""),
                name="product_without_group",
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def is_low(self) -> bool:
        """What `below_reorder_level` says of it."""
        unsaid = self.track_inventory is None and self.kind in ("", ProductKind.INVENTORY)
        if self.retired_at or not self.is_active or not (self.track_inventory or unsaid):
            return False
        on_hand, level = self.accounting_on_hand, self.reorder_level
        return on_hand is not None and level is not None and on_hand <= level

    @property
    def quantity_for_sale(self) -> Decimal | None:
        """What can be sold of it, as near as Zoho states it: for sale, else available, else on hand; None: unknown."""
        stated = (self.accounting_for_sale, self.accounting_available, self.accounting_on_hand)
        return next((quantity for quantity in stated if quantity is not None), None)
