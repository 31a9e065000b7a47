"""A Zoho record, read by typed readers that are tolerant of Zoho's habits and refuse nonsense by name.

Zoho writes "" or " " for null in every kind of field, leaves keys out, sends ids as numbers or
text, numbers as text with thousands separators, booleans as text (api.md §6). What is empty or
absent is unknown: readers answer `default` (None), never 0. What cannot be read raises
`MappingError` with the full path of the field and its value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar, overload

from tsh_erp.common.fields import MONEY_DECIMALS, MONEY_DIGITS, RATE_DECIMALS, RATE_DIGITS
from zoho_sync.errors import MappingError

T = TypeVar("T")
D = TypeVar("D")

UNKNOWN_WORDS = frozenset({"", "none", "null", "n/a", "-"})
IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,50}\Z")
NUMBER = re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d+)?(\.\d*)?([eE][+-]?\d{1,3})?\Z")
TRUE_WORDS, FALSE_WORDS = frozenset({"true", "yes", "1"}), frozenset({"false", "no", "0"})
OFFSET = re.compile(r"([+-]\d\d):?(\d\d)\Z")
DATE_FORMATS = ("%d/%m/%Y", "%d-%m-%Y", "%d %b %Y", "%Y/%m/%d")
ZERO = Decimal(0)
SANE_YEARS = range(1900, 2200)  # at the ends of the calendar, time zones overflow
MOMENT_FORMATS = tuple(day + clock for day in DATE_FORMATS for clock in (" %H:%M:%S", " %H:%M", ""))


class _Required:
    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED = _Required()


class Record:
    """One Zoho object (a dict as parsed from JSON, floats as Decimal) with its path for messages."""

    __slots__ = ("_data", "_path")

    def __init__(self, data: Mapping[str, Any], path: str = "") -> None:
        self._data, self._path = data, path

    def __contains__(self, key: str) -> bool:
        return key in self._data

    def has(self, key: str) -> bool:
        """Whether the key is there and not empty."""
        return not self._is_empty(self._data.get(key))

    def raw(self, key: str, default: Any = None) -> Any:
        """The value as Zoho sent it."""
        return self._data.get(key, default)

    # --- identifiers and text -----------------------------------------------------------------

    @overload
    def identifier(self, key: str) -> str: ...
    @overload
    def identifier(self, key: str, default: D) -> str | D: ...
    def identifier(self, key: str, default: Any = REQUIRED) -> Any:
        """A Zoho id as text; ids come as text or as numbers of up to 19 digits."""
        value = self._data.get(key)
        if isinstance(value, str) and IDENTIFIER.match(value):
            return value
        if self._is_empty(value):
            return self._default(key, value, default, "is missing")
        if isinstance(value, Decimal):
            if not value.is_finite():
                raise self._error(key, value, "is not a Zoho id")
            if value.adjusted() < 50 and value == value.to_integral_value():
                value = int(value)
        text = str(value).strip()
        if isinstance(value, bool) or not IDENTIFIER.match(text):
            raise self._error(key, value, "is not a Zoho id")
        return text

    @overload
    def text(self, key: str, *, limit: int | None = None) -> str: ...
    @overload
    def text(self, key: str, default: D, *, limit: int | None = None) -> str | D: ...
    def text(self, key: str, default: Any = REQUIRED, *, limit: int | None = None) -> Any:
        """Text exactly as sent, numbers as text; blank, {} and [] are absent. Longer than `limit` is refused."""
        value = self._data.get(key)
        if self._is_empty(value):
            return self._default(key, value, default, "is missing")
        text = value if isinstance(value, str) else self._written_out(key, value)
        if "\x00" in text:
            raise self._error(key, value, "contains a NUL character")
        if limit is not None and len(text) > limit:
            raise self._error(key, value, f"is longer than {limit} characters")
        return text

    # --- numbers --------------------------------------------------------------------------------

    @overload
    def money(self, key: str) -> Decimal | None: ...
    @overload
    def money(self, key: str, default: D) -> Decimal | D: ...
    def money(self, key: str, default: Any = None) -> Any:
        """An exact amount of up to 18 digits before and 6 after the point; unknown is None, never 0."""
        return self._decimal(key, default, MONEY_DIGITS, MONEY_DECIMALS)

    quantity = money

    def rate(self, key: str, default: Any = None) -> Any:
        """An exchange rate or percentage: up to 14 digits before and 10 after the point; "5%" is 5."""
        return self._decimal(key, default, RATE_DIGITS, RATE_DECIMALS)

    def integer(self, key: str, default: Any = None) -> Any:
        number = self._decimal(key, None, 18, 6)
        if number is None:
            return self._default(key, self._data.get(key), default, "is missing")
        if number != number.to_integral_value():
            raise self._error(key, self._data.get(key), "is not a whole number")
        return int(number)

    # --- the rest -------------------------------------------------------------------------------

    def boolean(self, key: str, default: Any = None) -> Any:
        """True or false, also as "true", "1" or 1; empty is `default`."""
        value = self._data.get(key)
        if isinstance(value, bool):
            return value
        if self._is_empty(value):
            return self._default(key, value, default, "is missing")
        word = str(value).strip().lower()
        if word in TRUE_WORDS or word in FALSE_WORDS:
            return word in TRUE_WORDS
        raise self._error(key, value, "is neither true nor false")

    def choice(self, key: str, choices: Mapping[str, T], default: Any = REQUIRED) -> T:
        """The value that `choices` gives for the folded text; another text is refused."""
        value = self._data.get(key)
        if self._is_empty(value):
            return self._default(key, value, default, "is missing")  # type: ignore[no-any-return]
        word = str(value).strip().casefold()
        if word not in choices:
            raise self._error(key, value, f"is not one of {', '.join(choices)}")
        return choices[word]

    def date(self, key: str, default: Any = None) -> Any:
        """A date of the organisation's calendar; also the day of a timestamp."""
        value = self._data.get(key)
        if self._is_empty(value):
            return self._default(key, value, default, "is missing")
        text = str(value).strip()
        try:
            if len(text) > 10 and text[10] in "T ":
                return date.fromisoformat(text[:10])
            return date.fromisoformat(text)
        except ValueError:
            pass
        for pattern in DATE_FORMATS:
            try:
                return datetime.strptime(text, pattern).date()  # noqa: DTZ007 - a date has no zone
            except ValueError:
                continue
        raise self._error(key, value, "is not a date")

    def moment(self, key: str, default: Any = None) -> Any:
        """A timestamp with zone; Zoho writes the offset without colon. Without an offset: UTC."""
        value = self._data.get(key)
        if self._is_empty(value):
            return self._default(key, value, default, "is missing")
        try:
            moment = parse_moment(str(value))
        except ValueError as error:
            raise self._error(key, value, "is not a timestamp") from error
        if not date.min.year < moment.year < date.max.year:
            # Moved into another time zone, such a moment would leave the calendar.
            raise self._error(key, value, "is not of this age")
        return moment

    def record(self, key: str) -> Record | None:
        """A nested object, or None when empty; the first one where Zoho sends a list of one."""
        found = self.records(key)
        return found[0] if found else None

    def records(self, key: str) -> list[Record]:
        """Nested objects; a single object counts as a list of one, empty in any form as none."""
        value = self._data.get(key)
        if self._is_empty(value):
            return []
        if isinstance(value, Mapping):
            return [Record(value, self._at(key))]
        if not isinstance(value, list) or not all(isinstance(row, Mapping) for row in value):
            raise self._error(key, value, "is not a list of objects")
        return [Record(row, f"{self._at(key)}[{number}]") for number, row in enumerate(value)]

    # --- inside ---------------------------------------------------------------------------------

    def _decimal(self, key: str, default: Any, digits: int, decimals: int) -> Any:
        value = self._data.get(key)
        if isinstance(value, Decimal):
            number = value
        else:
            if self._is_empty(value) or (isinstance(value, str) and value.strip().lower() in UNKNOWN_WORDS):
                return self._default(key, value, default, "is missing")
            if isinstance(value, bool) or not isinstance(value, str | int):
                raise self._error(key, value, "is not a number")
            try:
                number = Decimal(self._plain_number(value))
            except (InvalidOperation, ValueError) as error:
                raise self._error(key, value, "is not a number") from error
        if not number.is_finite():
            raise self._error(key, value, "is not a finite number")
        if not number:
            return ZERO
        if number.adjusted() >= digits - decimals:
            raise self._error(key, value, f"has more than {digits - decimals} digits before the point")
        if _decimals(number) > decimals and _decimals(number.normalize()) > decimals:
            raise self._error(key, value, f"has more than {decimals} decimals")
        return number

    def _written_out(self, key: str, value: Any) -> str:
        """A number as text."""
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise self._error(key, value, "is not text")
        if isinstance(value, Decimal) and abs(value.adjusted()) > 100:
            raise self._error(key, value, "is not a number that can be written out")
        return format(value, "f") if isinstance(value, Decimal) else str(value)

    @staticmethod
    def _plain_number(value: str | int) -> str | int:
        if not isinstance(value, str):
            return value
        text = value.strip().removesuffix("%").rstrip()
        if not NUMBER.match(text):
            raise InvalidOperation
        return text.replace(",", "")

    @staticmethod
    def _is_empty(value: Any) -> bool:
        if isinstance(value, str):
            return not value or value.isspace()
        return value is None or (isinstance(value, dict | list) and not value)

    def _at(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key

    def _error(self, key: str, value: Any, problem: str) -> MappingError:
        return MappingError(self._at(key), value, problem)

    def _default(self, key: str, value: Any, default: Any, problem: str) -> Any:
        if default is REQUIRED:
            raise self._error(key, value, problem)
        return default

    def __iter__(self) -> Iterator[str]:
        return iter(self._data)


def _decimals(number: Decimal) -> int:
    """Digits behind the point of a finite number, zeros at its end among them."""
    exponent = number.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def parse_moment(text: str) -> datetime:
    """Zoho's timestamps: `2024-11-28T14:52:55+0530`, with or without colon, or a date (midnight UTC).

    Also as people's templates print them: `28/11/2024 14:52`, `Thu, 28 Nov 2024 14:52:55 +0300`.
    ValueError for anything else.
    """
    text = text.strip()
    moment = _iso_moment(text) or _printed_moment(text)
    if moment.year not in SANE_YEARS:
        raise ValueError(f"year {moment.year}")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _iso_moment(text: str) -> datetime | None:
    with suppress(ValueError):
        return datetime.fromisoformat(text)
    try:
        return datetime.fromisoformat(OFFSET.sub(r"\1:\2", text)) if len(text) > 10 else None
    except ValueError:
        return None


def _printed_moment(text: str) -> datetime:
    for pattern in MOMENT_FORMATS:
        try:
            return datetime.strptime(text, pattern)  # noqa: DTZ007 - the caller gives it a zone
        except ValueError:
            continue
    try:
        return parsedate_to_datetime(text)
    except OverflowError as error:
        raise ValueError(text) from error
