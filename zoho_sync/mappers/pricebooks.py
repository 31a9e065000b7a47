"""Zoho price books → price lists."""

from __future__ import annotations

from catalog.choices import PriceListKind, PricingScheme, Rounding, Trade
from catalog.values import Bracket, PriceListItemValues, PriceListValues
from zoho_sync.errors import MappingError
from zoho_sync.mappers.items import DESCRIPTION_LIMIT, STATUSES
from zoho_sync.mappers.record import Record

KINDS: dict[str, str] = {"fixed_percentage": PriceListKind.PERCENTAGE, "per_item": PriceListKind.PER_ITEM}
TRADES: dict[str, str] = {
    "sales": Trade.SALES,
    "purchases": Trade.PURCHASES,
    "purchase": Trade.PURCHASES,
}
SCHEMES: dict[str, str] = {"unit": PricingScheme.UNIT, "volume": PricingScheme.VOLUME}
# The sixteen that Zoho's form offers; the documentation knows five of them.
ROUNDINGS: dict[str, str] = {
    "no_rounding": Rounding.NONE,
    "round_based_on_decimal": Rounding.DECIMALS,
    "round_to_one_cent": Rounding.CENT,
    "round_to_two_cents": Rounding.TWO_CENTS,
    "round_to_nickel": Rounding.FIVE_CENTS,
    "round_to_dime": Rounding.TEN_CENTS,
    "round_to_dime_minus_01": Rounding.TEN_CENTS_MINUS_CENT,
    "round_to_quarter": Rounding.QUARTER,
    "round_to_half_dollar": Rounding.HALF,
    "round_to_half_dollar_minus_01": Rounding.HALF_MINUS_CENT,
    "round_to_half_dollar_minus_05": Rounding.HALF_MINUS_FIVE_CENTS,
    "round_to_dollar": Rounding.WHOLE,
    "round_to_dollar_minus_01": Rounding.WHOLE_MINUS_CENT,
    "round_to_dollar_minus_02": Rounding.WHOLE_MINUS_TWO_CENTS,
    "round_to_dollar_minus_05": Rounding.WHOLE_MINUS_FIVE_CENTS,
    "round_to_dollar_minus_11": Rounding.WHOLE_MINUS_ELEVEN_CENTS,
}
MOST_DECIMALS = 10


def map_pricebook(record: Record) -> PriceListValues:
    """Zoho price book → price list. Pure. `percentage` is a markup (`is_increase`) or markdown on the item's rate.

    List rows come without `pricebook_items`: then the items are unknown (None). An empty list is a list
    without items, which is how Zoho states that of a per-item price book. A way of rounding that is new to us
    is kept in Zoho's word: the prices that the list names hold all the same.
    """
    rounding_word = record.text("rounding_type", "", limit=100)
    return PriceListValues(
        zoho_id=record.identifier("pricebook_id"),
        name=record.text("name" if record.has("name") else "pricebook_name", limit=300),
        description=record.text("description", "", limit=DESCRIPTION_LIMIT),
        kind=record.choice("pricebook_type", KINDS, ""),
        trade=record.choice("sales_or_purchase_type", TRADES, ""),
        percentage=record.rate("percentage"),
        is_increase=record.boolean("is_increase"),
        currency=record.text("currency_code", "", limit=10),
        currency_zoho_id=record.identifier("currency_id", ""),
        rounding=_rounding(rounding_word),
        rounding_word=rounding_word,
        decimal_places=_decimal_places(record),
        pricing_scheme=record.choice("pricing_scheme", SCHEMES, ""),
        is_active=record.choice("status", STATUSES, True),
        is_default=record.boolean("is_default"),
        items=_items(record),
    )


def _items(record: Record) -> tuple[PriceListItemValues, ...] | None:
    if not record.has("pricebook_items") and record.raw("pricebook_items") != []:
        return None
    return tuple(
        PriceListItemValues(
            product_zoho_id=row.identifier("item_id"),
            zoho_id=row.identifier("pricebook_item_id", ""),
            product_name=row.text("name" if row.has("name") else "item_name", "", limit=500),
            rate=row.money("pricebook_rate"),
            discount_percentage=row.rate("pricebook_discount"),
            pricing_scheme=row.choice("pricing_scheme", SCHEMES, ""),
            brackets=tuple(_bracket(bracket) for bracket in row.records("price_brackets")),
        )
        for row in record.records("pricebook_items")
    )


def _bracket(row: Record) -> Bracket:
    return Bracket(
        start=row.quantity("start_quantity"),
        end=row.quantity("end_quantity"),
        rate=row.money("pricebook_rate"),
        discount_percentage=row.rate("pricebook_discount"),
    )


def _rounding(word: str) -> str:
    """Zoho itself writes "dollor" in places."""
    known = word.strip().casefold().replace("dollor", "dollar")
    return ROUNDINGS.get(known, Rounding.UNKNOWN) if known else ""


def _decimal_places(record: Record) -> int | None:
    places: int | None = record.integer("decimal_place")
    if places is not None and not 0 <= places <= MOST_DECIMALS:
        raise MappingError("decimal_place", record.raw("decimal_place"), f"is not between 0 and {MOST_DECIMALS}")
    return places
