"""Zoho's custom fields, the same in every module."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from zoho_sync.errors import MappingError
from zoho_sync.mappers.record import Record

DEPTH = 4


def read_custom_fields(record: Record) -> list[dict[str, Any]]:
    """The filled custom fields as {api_name, label, data_type, value}; numbers as text, which JSON keeps exact."""
    return [
        {
            "api_name": row.text("api_name", ""),
            "label": row.text("label", ""),
            "data_type": row.text("data_type", ""),
            "value": _plain(row.raw("value"), f"custom_fields[{number}].value", DEPTH),
        }
        for number, row in enumerate(record.records("custom_fields"))
        if row.has("value")
    ]


def _plain(value: Any, path: str, depth: int) -> Any:
    """`value` with numbers as text: yes/no, text, and lists and objects of these."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Decimal):
        if not value.is_finite() or abs(value.adjusted()) > 100:
            raise MappingError(path, value, "is not a number that can be kept")
        return format(value, "f")
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        if "\x00" in value:
            raise MappingError(path, value, "contains a NUL character")
        return value
    if depth and isinstance(value, list):
        return [_plain(row, path, depth - 1) for row in value]
    if depth and isinstance(value, dict):
        return {_plain(key, path, 0): _plain(row, path, depth - 1) for key, row in value.items()}
    raise MappingError(path, value, "is not a custom field's value")
