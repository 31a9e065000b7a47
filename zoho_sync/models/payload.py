"""JSON as Zoho sends it, with numbers kept exact: Decimal in, the same digits out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

import simplejson
from django.db import models

MOST_DIGITS = 100  # are written out
MOST_NUMBERS = 4096  # are remembered: most fractions of a list are zeros and round prices


class EncodedPayload(dict[str, Any]):
    """A payload that knows its canonical JSON text, so that its hash and its column cost one encoding.

    It must not be changed afterwards; one that is made of another is not encoded again. `hash` is the
    SHA-256 of the text, as hex. Keys are sorted and numbers keep the digits they came with, so that 12
    and 12.00 are different: who is told the one for the other looks once more than necessary.
    """

    __slots__ = ("hash", "text")

    text: str
    hash: str

    def __init__(self, payload: Mapping[str, Any]) -> None:
        super().__init__(payload)
        if isinstance(payload, EncodedPayload):
            self.text, self.hash = payload.text, payload.hash
            return
        self.text = encode_payload(payload, sort_keys=True)
        self.hash = hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()


class PayloadEncoder(json.JSONEncoder):
    """Writes Decimal as a JSON number, digit for digit."""

    def encode(self, o: Any) -> str:
        return o.text if isinstance(o, EncodedPayload) else encode_payload(o)


class PayloadDecoder(json.JSONDecoder):
    """Reads JSON fractions as Decimal."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options | {"parse_float": Decimal})


@lru_cache(MOST_NUMBERS)
def exact_number(text: str) -> Decimal:
    """A JSON fraction as a payload's column gives it back: PostgreSQL writes neither -0.00 nor 1E+1.

    A payload read with anything else would have another hash than the one that comes out of the column.
    """
    number = Decimal(text)
    if (number and "E" not in text and "e" not in text) or abs(number.adjusted()) > MOST_DIGITS:
        return number
    return Decimal(f"{number or abs(number):f}")


def encode_payload(value: Any, *, sort_keys: bool = False) -> str:
    """JSON text of `value`; Decimal becomes a number, digit for digit."""
    return str((_SORTED if sort_keys else _AS_IT_IS).encode(value))


_AS_IT_IS, _SORTED = (
    simplejson.JSONEncoder(use_decimal=True, ensure_ascii=False, sort_keys=is_sorted, separators=(",", ":"))
    for is_sorted in (False, True)
)


class PayloadField(models.JSONField):
    """A JSON column for Zoho's payloads: fractions are Decimal in Python."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.update(encoder=PayloadEncoder, decoder=PayloadDecoder)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        del kwargs["encoder"], kwargs["decoder"]
        return name, path, args, kwargs
