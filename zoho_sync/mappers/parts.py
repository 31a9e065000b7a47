"""Pieces that many kinds of Zoho records share: addresses, status words, links."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from commerce.lengths import LINE, SHORT, WORD
from zoho_sync.errors import MappingError
from zoho_sync.mappers.record import Record

ADDRESS_KEYS = (
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


def read_rows(record: Record, key: str) -> list[Record] | None:
    """The objects under `key`; None when Zoho did not say: the key is missing, or "" or null, which mean the same."""
    value = record.raw(key)
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    return record.records(key)


def read_word(record: Record, key: str) -> str:
    """A status or kind, folded: Zoho writes `Partially_Received` and `partially received` alike (api.md §6.16)."""
    word: str = record.text(key, "", limit=WORD)
    return word.strip().casefold().replace(" ", "_")[:WORD]


def read_first_text(record: Record, *keys: str, limit: int) -> str:
    """The first of `keys` that holds a text."""
    return next((text for key in keys if (text := record.text(key, "", limit=limit))), "")


def read_first_money(record: Record, *keys: str) -> Decimal | None:
    """The first of `keys` that holds an amount."""
    return next((amount for key in keys if (amount := record.money(key)) is not None), None)


def read_whole(record: Record, key: str, *, least: int, most: int) -> int | None:
    """A whole number between two bounds, those of the column that takes it."""
    number: int | None = record.integer(key)
    if number is not None and not least <= number <= most:
        raise MappingError(key, number, f"is not between {least} and {most}")
    return number


def read_payment_terms(record: Record) -> int | None:
    """Days until a document is due; Zoho writes special terms as negative numbers."""
    return read_whole(record, "payment_terms", least=-100_000, most=100_000)


def read_place(record: Record) -> dict[str, Any]:
    """Warehouse of a record or line: an organisation has locations or, the older way, warehouses (api.md §4)."""
    prefix = "location" if record.has("location_id") else "warehouse"
    return {
        "warehouse_zoho_id": record.identifier(f"{prefix}_id", ""),
        "warehouse_name": record.text(f"{prefix}_name", "", limit=LINE),
    }


def read_link(record: Record, name: str, *, id_key: str, number_key: str, list_key: str) -> dict[str, Any]:
    """Another document that this one names: under its own keys, or as the first of a list."""
    source = record
    if not record.has(id_key) and isinstance(record.raw(list_key), list):
        source = record.record(list_key) or record
    return {
        f"{name}_zoho_id": source.identifier(id_key, ""),
        f"{name}_name": source.text(number_key, "", limit=SHORT),
    }


def read_address(record: Record, key: str) -> dict[str, str]:
    """The parts of an address that are filled; some modules wrap it in a list of one."""
    address = record.record(key)
    return {} if address is None else _filled(address, ADDRESS_KEYS)


def _filled(record: Record, keys: Iterable[str]) -> dict[str, str]:
    return {key: text for key in keys if (text := record.text(key, ""))}
