"""What stands in the address: read strictly, refused by name with 400."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from mobile_bff.errors import Refused, bad_value

LARGEST_ID = 2**63 - 1
LONGEST_TEXT = 500
WORDS = {"1": True, "true": True, "0": False, "false": False}


class Id:
    """Ids on the wire are digits."""

    @staticmethod
    def read(text: str) -> int | None:
        """The primary key; None for what cannot be one."""
        if not (text.isascii() and text.isdigit() and len(text) <= len(str(LARGEST_ID))):
            return None
        return key if 0 < (key := int(text)) <= LARGEST_ID else None


def text_of(request: Request, name: str, *, longest: int = LONGEST_TEXT) -> str:
    """A parameter without spaces around; "" when it is not there. 400 when too long or with control characters."""
    return _checked(request.query_params.get(name, ""), name, longest)


def texts_of(request: Request, name: str, *, longest: int = LONGEST_TEXT) -> list[str]:
    """All values of a parameter that may be there several times, each as `text_of` reads it."""
    return [_checked(text, name, longest) for text in request.query_params.getlist(name)]


def _checked(value: str, name: str, longest: int) -> str:
    text = value.strip()
    if len(text) > longest:
        raise bad_value(name, _("This is too long."), code="too_long")
    if any(ord(sign) < 32 or ord(sign) == 127 for sign in text):
        raise bad_value(name, _("This contains characters that are not allowed."))
    return text


def number_of(request: Request, name: str, *, default: int, most: int, least: int = 1) -> int:
    """A whole number; more than `most` is `most`. 400 for what is no number or less than `least`."""
    text = text_of(request, name)
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 9) or int(text) < least:
        raise bad_value(name, _("This must be a whole number."))
    return min(int(text), most)


def choice_of(request: Request, name: str, choices: Collection[str], *, default: str) -> str:
    """One of `choices`. 400 for anything else."""
    text = text_of(request, name) or default
    if text not in choices:
        raise bad_value(name, _("Choose one of: %(choices)s.") % {"choices": ", ".join(choices)}, code="invalid_choice")
    return text


def flag_of(request: Request, name: str, *, default: bool = False) -> bool:
    """1, 0, true or false."""
    text = text_of(request, name).lower()
    if not text:
        return default
    if text not in WORDS:
        raise bad_value(name, _("Write true or false."))
    return WORDS[text]


def amount_of(request: Request, name: str) -> Decimal | None:
    """An amount of money, nothing or more, in plain digits; None when it is not there."""
    text = text_of(request, name, longest=24)
    if not text:
        return None
    try:
        amount = Decimal(text) if text.isascii() else None
    except InvalidOperation:
        amount = None
    if amount is None or not amount.is_finite() or amount < 0 or "e" in text.lower() or "_" in text:
        raise bad_value(name, _("This must be an amount such as 1500 or 12.50."))
    if amount >= Decimal(10) ** 18 or amount != round(amount, 6):
        raise bad_value(name, _("This amount is too large or too fine."))
    return amount


def words_of(request: Request, name: str, allowed: Collection[str]) -> frozenset[str] | None:
    """A list separated by commas, each word one of `allowed`; None when it is not there. 400 `unknown_field` else."""
    text = text_of(request, name, longest=1_000)
    if not text:
        return None
    words = frozenset(word for part in text.split(",") if (word := part.strip()))
    if unknown := sorted(words.difference(allowed)):
        detail = _("Known here are: %(names)s.") % {"names": ", ".join(sorted(allowed))}
        shown = [f"{name}.{word}"[:LONGEST_TEXT] for word in unknown]
        raise Refused(
            "unknown_field", errors=[{"field": word, "code": "unknown_field", "detail": detail} for word in shown]
        )
    return words
