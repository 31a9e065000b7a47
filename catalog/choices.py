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
    """How a calculated price is rounded: half up to a step, perhaps less a little (0.99)."""

    NONE = "none", _("not rounded")
    DECIMALS = "decimals", _("to the list's decimal places")
    CENT = "cent", _("to 0.01")
    TWO_CENTS = "two_cents", _("to 0.02")
    FIVE_CENTS = "five_cents", _("to 0.05")
    TEN_CENTS = "ten_cents", _("to 0.10")
    TEN_CENTS_MINUS_CENT = "ten_cents_minus_cent", _("to 0.10 less 0.01")
    QUARTER = "quarter", _("to a quarter of a unit")
    HALF = "half", _("to half a unit")
    HALF_MINUS_CENT = "half_minus_cent", _("to half a unit less 0.01")
    HALF_MINUS_FIVE_CENTS = "half_minus_five_cents", _("to half a unit less 0.05")
    WHOLE = "whole", _("to a whole unit")
    WHOLE_MINUS_CENT = "whole_minus_cent", _("to a whole unit less 0.01")
    WHOLE_MINUS_TWO_CENTS = "whole_minus_two_cents", _("to a whole unit less 0.02")
    WHOLE_MINUS_FIVE_CENTS = "whole_minus_five_cents", _("to a whole unit less 0.05")
    WHOLE_MINUS_ELEVEN_CENTS = "whole_minus_eleven_cents", _("to a whole unit less 0.11")
    UNKNOWN = "unknown", _("in a way that is not known here")


class Subject(TextChoices):
    """What freshness is kept of."""

    PRODUCTS = "products", _("products")
    CATEGORIES = "categories", _("categories")
    ITEM_GROUPS = "item_groups", _("item groups")
    WAREHOUSES = "warehouses", _("warehouses")
    STOCK = "stock", _("stock")
    PRICE_LISTS = "price_lists", _("price lists")
    PRICES = "prices", _("prices")
    SEARCH = "search", _("search words")
    RATINGS = "ratings", _("ratings")
    BEST_SELLERS = "best_sellers", _("best sellers")
    PROMOTIONS = "promotions", _("promotions")
    APPS = "apps", _("settings and banners of the apps")
    MIRROR = "mirror", _("what Zoho last confirmed")


class ImageTrouble(TextChoices):
    """Why a file is not taken as an image, or an image is not here."""

    EMPTY = "empty", _("The file is empty.")
    TOO_LARGE = "too_large", _("The file is larger than 10 MB.")
    NOT_AN_IMAGE = "not_an_image", _("The file is no PNG, JPEG, WebP, GIF or BMP image.")
    TOO_MANY_PIXELS = "too_many_pixels", _("The image has more than 40 million pixels.")
    DAMAGED = "damaged", _("The image is damaged and cannot be read.")
    MISSING = "missing", _("Zoho says that there is no image.")
    UNREACHABLE = "unreachable", _("Zoho did not hand it out.")
