"""Whose prices count for whom."""

from __future__ import annotations

from catalog.choices import Trade
from catalog.models import PriceList
from commerce.models import AppSettings, Customer


def price_lists_of(customer: Customer | None, app_settings: AppSettings) -> list[PriceList]:
    """The lists that are asked for a price, in this order: the customer's own, then the consumers'.

    No query where the customer was read with its price list.
    """
    asked = (customer.price_list if customer is not None else None, app_settings.consumer_price_list)
    found = {one.pk: one for one in asked if one is not None and _sells(one)}
    return list(found.values())


def currency_of(price_lists: list[PriceList], app_settings: AppSettings) -> str:
    """The currency that a cart is in: that of the list which is asked first."""
    return next((one.currency for one in price_lists if one.currency), "") or app_settings.currency


def _sells(price_list: PriceList) -> bool:
    return price_list.is_active and price_list.retired_at is None and price_list.trade != Trade.PURCHASES
