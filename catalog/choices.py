"""The closed lists of words that catalogue columns may hold."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class ProductKind(TextChoices):
    """What a product is kept for."""

    INVENTORY = "inventory", _("stocked")
    NON_INVENTORY = "non_inventory", _("not stocked")
    SALES = "sales", _("sold only")
    PURCHASES = "purchases", _("bought only")
    SALES_AND_PURCHASES = "sales_and_purchases", _("sold and bought")
    SERVICE = "service", _("service")


class ProductType(TextChoices):
    GOODS = "goods", _("goods")
    SERVICE = "service", _("service")
    DIGITAL_SERVICE = "digital_service", _("digital service")


class Measure(TextChoices):
    """The two clocks of stock: accounting moves with invoices and bills, physical with shipments and receipts."""

    ACCOUNTING = "accounting", _("accounting")
    PHYSICAL = "physical", _("physical")


class LedgerReason(TextChoices):
    """Why an on-hand figure moved."""

    OPENING = "opening", _("first known figure")
    SNAPSHOT_DELTA = "snapshot_delta", _("difference between two figures")
    WITHDRAWN = "withdrawn", _("figure no longer stated")


class PriceListKind(TextChoices):
    PERCENTAGE = "percentage", _("percentage on the base price")
    PER_ITEM = "per_item", _("price per product")


class Trade(TextChoices):
    """Which of a product's base amounts a price list starts from."""

    SALES = "sales", _("sales")
    PURCHASES = "purchases", _("purchases")


class PricingScheme(TextChoices):
    UNIT = "unit", _("one price")
    VOLUME = "volume", _("price by quantity")


class Rounding(TextChoices):
    """How a calculated price is rounded."""

    NONE = "none", _("not rounded")
    WHOLE = "whole", _("to a whole unit")
    WHOLE_MINUS_CENT = "whole_minus_cent", _("to a whole unit less 0.01")
    HALF = "half", _("to half a unit")
    HALF_MINUS_CENT = "half_minus_cent", _("to half a unit less 0.01")


class Subject(TextChoices):
    """What freshness is kept of."""

    PRODUCTS = "products", _("products")
    CATEGORIES = "categories", _("categories")
    ITEM_GROUPS = "item_groups", _("item groups")
    WAREHOUSES = "warehouses", _("warehouses")
    STOCK = "stock", _("stock")
    PRICE_LISTS = "price_lists", _("price lists")
    PRICES = "prices", _("prices")
