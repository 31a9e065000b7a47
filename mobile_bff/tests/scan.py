"""Look through an answer for what must never leave: costs, floats, ids of Zoho, other people's data.

`scan(answer.json())` names every finding by its path; `secrets_of_shop()` are the values that tests put where no
answer may show them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from decimal import Decimal
from typing import Any

# Parts of names. They are looked for in keys, not in what people write.
FORBIDDEN_KEYS = (
    "zoho",
    "cost",
    "purchase",
    "vendor",
    "margin",
    "reorder",
    "base_price",
    "retired",
    "search_text",
    "search_compact",
    "custom_fields",
    "local_notes",
    "password",
    "digest",
    "is_hidden",
    "item_group",
)
ZOHO_ID = re.compile(r"\d{15,}")  # Zoho's ids are that long, ours are not
MONEY_KEYS = {"amount", "currency"}
DIGITS = {"IQD": re.compile(r"-?\d+"), "USD": re.compile(r"-?\d+\.\d{2}")}


def scan(body: Any, *, secrets: Collection[str] = ()) -> list[str]:
    """What must not be there, each as "path: why". An empty list is a clean answer."""
    return [f"{path}: {why}" for path, why in _findings(body, "", tuple(secrets))]


def _findings(value: Any, path: str, secrets: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        if value.keys() >= MONEY_KEYS and len(value) <= 3:
            yield from _money(value, path)
        for key, inner in value.items():
            here = f"{path}.{key}" if path else str(key)
            for word in FORBIDDEN_KEYS:
                if word in str(key).lower():
                    yield here, f"the key says {word}"
            if (key == "id" or key.endswith("_id")) and not (inner is None or isinstance(inner, str)):
                yield here, "an id must be text"
            yield from _findings(inner, here, secrets)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _findings(inner, f"{path}[{place}]", secrets)
    elif isinstance(value, float):
        yield path, "a float"
    elif isinstance(value, str):
        yield from _text(value, path, secrets)


def _money(value: dict[str, Any], path: str) -> Iterator[tuple[str, str]]:
    amount, currency = value["amount"], value["currency"]
    if not isinstance(amount, str) or not isinstance(currency, str) or not currency:
        yield path, "money must be text with a currency"
    elif not DIGITS.get(currency, re.compile(r"-?\d+\.\d{2}")).fullmatch(amount) or not Decimal(amount).is_finite():
        yield path, f"{amount} is not written as {currency} is"


def _text(value: str, path: str, secrets: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    is_address = value.startswith(("/media/", "http://", "https://"))
    if ZOHO_ID.search(value) and not is_address and not path.endswith(("cursor", "token", "hash", "key")):
        yield path, "looks like an id of Zoho"
    for secret in secrets:
        if secret in value:
            yield path, f"shows {secret}"
