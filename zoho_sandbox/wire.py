"""JSON as Zoho writes it: money keeps its trailing zeros, Arabic stays readable."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import simplejson

Record = dict[str, Any]


def encode(value: Any) -> bytes:
    """UTF-8 JSON; Decimal("12.50") is written as 12.50."""
    return simplejson.dumps(value, use_decimal=True, ensure_ascii=False, separators=(",", ":")).encode()


def decode(body: bytes) -> Any:
    """Parsed JSON, fractions as Decimal. ValueError when it is not JSON."""
    return simplejson.loads(body.decode(), use_decimal=True)


def whole_numbers(value: Any) -> Any:
    """The same value as webhooks write it: an amount without cents is an integer ("total":1005, api.md §5)."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else value
    if isinstance(value, dict):
        return {key: whole_numbers(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [whole_numbers(entry) for entry in value]
    return value
