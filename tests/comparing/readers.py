"""What a value in Zoho's JSON means, worked out from api.md §4 and §6 apart from the product's own mappers.

Zoho's null is "", " ", null or an absent key. Each reader answers what our column should hold for it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

NUMBER = re.compile(r"-?\d+(\.\d+)?")
ADDRESS_PARTS = (
    "attention",
    "address",
    "street2",
    "city",
    "state",
    "state_code",
    "zip",
    "country",
    "country_code",
    "phone",
    "fax",
)
ROUNDINGS = {
    "no_rounding": "none",
    "round_to_dollar": "whole",
    "round_to_dollar_minus_01": "whole_minus_cent",
    "round_to_half_dollar": "half",
    "round_to_half_dollar_minus_01": "half_minus_cent",
}


def is_null(value: Any) -> bool:
    return value is None or value in ({}, []) or (isinstance(value, str) and not value.strip())


def text(value: Any) -> str:
    return "" if is_null(value) else str(value)


def text_or_none(value: Any) -> str | None:
    return None if is_null(value) else str(value)


def word(value: Any) -> str:
    """A status: `Partially_Received` and `partially received` are one word."""
    return text(value).strip().casefold().replace(" ", "_")


def number(value: Any) -> Decimal | None:
    """A number, or a percentage without its sign; unknown is None and never 0."""
    return None if is_null(value) else Decimal(str(value).replace(",", "").rstrip("%"))


def positive(value: Any) -> Decimal | None:
    """An exchange rate: Zoho writes one that nobody has entered as 0."""
    return number(value) or None


def flag(value: Any) -> bool | None:
    return None if is_null(value) else str(value).lower() == "true"


def flag_or_no(value: Any) -> bool:
    return bool(flag(value))


def active(value: Any) -> bool:
    return word(value) != "inactive"


def day(value: Any) -> date | None:
    return None if is_null(value) else date.fromisoformat(value)


def moment(value: Any) -> datetime | None:
    return None if is_null(value) else datetime.fromisoformat(value)


def discount(value: Any) -> Decimal | str:
    """An amount or a percentage, as Zoho writes it: "5.00%" or 0."""
    shown = text(value)
    return Decimal(shown) if NUMBER.fullmatch(shown) else shown


def category(value: Any) -> str:
    """A category's id; "-1" is the root, which is no category."""
    return "" if text(value) == "-1" else text(value)


def rounding(value: Any) -> str:
    """Both spellings: "dollar" and "dollor"."""
    return ROUNDINGS.get(word(value).replace("dollor", "dollar"), "")


def address(value: Any) -> dict[str, str]:
    """The parts of an address that are filled; purchase orders wrap it in a list of one."""
    parts = value[0] if isinstance(value, list) and value else value
    if not isinstance(parts, Mapping):
        return {}
    return {name: text(parts[name]) for name in ADDRESS_PARTS if not is_null(parts.get(name))}


def custom_fields(value: Any) -> list[tuple[str, str]]:
    """API name and value of those that are filled."""
    return [(text(row.get("api_name")), text(row["value"])) for row in value or [] if not is_null(row.get("value"))]


def taxes(value: Any) -> list[tuple[str, Decimal | None]]:
    return [(text(row.get("tax_name")), number(row.get("tax_amount"))) for row in value or []]
