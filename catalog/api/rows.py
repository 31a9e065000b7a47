"""The catalogue as staff's programs read it."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from catalog.models import (
    Category,
    EffectivePrice,
    ItemGroup,
    ItemGroupAttribute,
    PriceChange,
    PriceList,
    PriceListItem,
    Product,
    ProductImage,
    StockLedgerEntry,
    StockLevel,
    Warehouse,
)
from catalog.models.figures import FIGURES
from catalog.models.picture_field import PictureFile
from tsh_erp.rest.resources import Row

MIRRORED = ("id", "zoho_id", "retired_at", "created_at", "updated_at")


@extend_schema_field(OpenApiTypes.URI_REF)
class AddressField(serializers.Field):  # type: ignore[type-arg]
    """Where a size of a picture is served; null without a picture."""

    def __init__(self, size: str, **options: object) -> None:
        super().__init__(read_only=True, **options)  # type: ignore[arg-type]
        self.size = size

    def to_representation(self, value: PictureFile) -> str | None:
        return value.address(self.size) or None


class ErpCategory(Row):
    image = AddressField("full", allow_null=True)

    class Meta:
        model = Category
        fields = (*MIRRORED, "name", "name_ar", "parent", "is_active", "sort_order", "image")


class ErpImage(Row):
    full = AddressField("full", source="image", allow_null=True)
    card = AddressField("card", source="image", allow_null=True)
    thumb = AddressField("thumb", source="image", allow_null=True)

    class Meta:
        model = ProductImage
        fields = ("id", "product", "full", "card", "thumb", "width", "height", "alt_text", "position", "is_primary")


class ErpAttribute(Row):
    options: serializers.Field = serializers.SlugRelatedField(slug_field="name", many=True, read_only=True)  # type: ignore[type-arg]

    class Meta:
        model = ItemGroupAttribute
        fields = ("id", "name", "position", "options")


class ErpItemGroup(Row):
    attributes = ErpAttribute(many=True, read_only=True)

    class Meta:
        model = ItemGroup
        fields = (*MIRRORED, "name", "description", "brand", "manufacturer", "unit", "is_active", "attributes")


class ErpProduct(Row):
    """A product. `base_cost` is there for those only who may see what things cost to buy."""

    costs = ("base_cost", "purchase_description", "vendor_name")

    class Meta:
        model = Product
        fields = (
            *MIRRORED,
            *(
                "name",
                "name_ar",
                "name_en",
                "sku",
                "upc",
                "ean",
                "isbn",
                "part_number",
                "brand",
                "manufacturer",
                "unit",
            ),
            *("kind", "product_type", "base_price", "base_cost", "currency", "tax_name", "tax_percentage"),
            *("category", "category_name", "item_group", "vendor_name", "is_active", "is_hidden", "is_featured"),
            *("can_be_sold", "can_be_purchased", "track_inventory", "is_combo", "reorder_level"),
            *("description", "description_ar", "purchase_description"),
            *FIGURES,
        )


class ErpProductDetail(ErpProduct):
    images = ErpImage(many=True, read_only=True)

    class Meta:
        model = ErpProduct.Meta.model
        fields = (*ErpProduct.Meta.fields, "options", "custom_fields", "images")


class ErpPriceList(Row):
    class Meta:
        model = PriceList
        fields = (
            *MIRRORED,
            *("name", "description", "kind", "trade", "percentage", "is_increase", "currency", "rounding"),
            *("decimal_places", "pricing_scheme", "is_active", "is_default"),
        )


class ErpPriceListItem(Row):
    class Meta:
        model = PriceListItem
        fields = ("id", "price_list", "product", "product_name", "rate", "discount_percentage", "brackets")


class ErpPrice(Row):
    class Meta:
        model = EffectivePrice
        fields = ("id", "product", "price_list", "price", "currency", "updated_at")


class ErpPriceChange(Row):
    class Meta:
        model = PriceChange
        fields = ("id", "product", "price_list", "old_price", "old_currency", "new_price", "new_currency", "at")


class ErpWarehouse(Row):
    class Meta:
        model = Warehouse
        fields = (
            *MIRRORED,
            *("name", "kind", "is_active", "is_primary", "attention", "street", "street2", "city", "state"),
            *("postal_code", "country", "phone", "email"),
        )


class ErpStockLevel(Row):
    class Meta:
        model = StockLevel
        fields = ("id", "product", "warehouse", *FIGURES, "updated_at")


class ErpStockLedgerEntry(Row):
    class Meta:
        model = StockLedgerEntry
        fields = ("id", "product", "warehouse", "measure", "delta", "balance_after", "reason", "source", "occurred_at")
