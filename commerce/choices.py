"""The closed lists of words that the columns of what is ours may hold."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Governorate(TextChoices):
    """The governorates of Iraq, by their codes of ISO 3166-2; Halabja has none yet and keeps its usual letters."""

    ANBAR = "IQ-AN", _("Al Anbar")
    ARBIL = "IQ-AR", _("Erbil")
    BASRA = "IQ-BA", _("Basra")
    BABIL = "IQ-BB", _("Babil")
    BAGHDAD = "IQ-BG", _("Baghdad")
    DUHOK = "IQ-DA", _("Duhok")
    DIYALA = "IQ-DI", _("Diyala")
    DHI_QAR = "IQ-DQ", _("Dhi Qar")
    HALABJA = "IQ-HA", _("Halabja")
    KARBALA = "IQ-KA", _("Karbala")
    KIRKUK = "IQ-KI", _("Kirkuk")
    MAYSAN = "IQ-MA", _("Maysan")
    MUTHANNA = "IQ-MU", _("Al Muthanna")
    NAJAF = "IQ-NA", _("Najaf")
    NINEVEH = "IQ-NI", _("Nineveh")
    QADISIYAH = "IQ-QA", _("Al Qadisiyah")
    SALADIN = "IQ-SD", _("Saladin")
    SULAYMANIYAH = "IQ-SU", _("Sulaymaniyah")
    WASIT = "IQ-WA", _("Wasit")


class PromotionKind(TextChoices):
    """What a promotion gives; the words of `commerce.totals.Kind`."""

    PERCENTAGE = "percentage", _("percentage off")
    FIXED = "fixed", _("amount off")
    BUY_X_GET_Y = "buy_x_get_y", _("buy some, get some free")
    FREE_SHIPPING = "free_shipping", _("free delivery")


class CashRoundingWay(TextChoices):
    """Which multiple of the smallest note is paid in cash; the words of `commerce.totals.CashRounding`."""

    NEAREST = "nearest", _("to the nearest note")
    UP = "up", _("up to the next note")
    DOWN = "down", _("down to the next note")


class PaymentKind(TextChoices):
    """How money changes hands. Only cash is rounded to notes; only on account needs credit."""

    CASH = "cash", _("cash")
    ON_ACCOUNT = "on_account", _("on account")
    ELECTRONIC = "electronic", _("electronic")


class CartState(TextChoices):
    ACTIVE = "active", _("active")
    ORDERED = "ordered", _("ordered")
    MERGED = "merged", _("merged into another")


class ReviewStatus(TextChoices):
    PENDING = "pending", _("waiting")
    APPROVED = "approved", _("approved")
    REJECTED = "rejected", _("rejected")


class OrderStatus(TextChoices):
    """Where an order of the phones stands. From `accepted` on, Zoho has it as a sales order of its own."""

    SUBMITTED = "submitted", _("submitted")
    QUEUED = "queued", _("being sent")
    ACCEPTED = "accepted", _("accepted")
    FAILED = "failed", _("not accepted")
    CANCELLED = "cancelled", _("cancelled")


class PriceSource(TextChoices):
    """Which list the price of a line came from."""

    PRICE_LIST = "price_list", _("the customer's price list")
    CONSUMER_LIST = "consumer_list", _("the consumers' price list")


class BannerAction(TextChoices):
    """What opens when a banner is tapped."""

    NONE = "none", _("nothing")
    CATEGORY = "category", _("a category")
    PRODUCT = "product", _("a product")
    PROMOTION = "promotion", _("a promotion")
    SEARCH = "search", _("a search")
    LINK = "link", _("a web page")


class Audience(TextChoices):
    EVERYBODY = "everybody", _("everybody")
    CONSUMERS = "consumers", _("guests and consumers")
    WHOLESALE = "wholesale", _("wholesale customers")
