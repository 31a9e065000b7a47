"""Regular expressions that find names and phones however they were written. Pure; for the `iregex` lookup.

Partners have no column of folded words as products have (`catalog.folding`): what is typed is widened
instead of what is stored being folded. Both databases understand the patterns.
"""

from __future__ import annotations

import re

from catalog.folding import fold

SHORTEST_PHONE = 5  # digits; fewer are more likely part of a name or number
MOST_LETTERS = 60  # of one word; longer ones are cut, so that a pattern stays small
_ALIKE = (
    "اأإآٱ",
    "يىئیېێ",
    "وؤۆ",
    "هةەھ",
    "كکگ",
    "جچ",
    "بپ",
    "فڤ",
    "زژ",
    "لڵ",
    "رڕ",
    *(f"{digit}{chr(0x660 + digit)}{chr(0x6F0 + digit)}" for digit in range(10)),
)
_CLASS = {letter: f"[{letters}]" for letters in _ALIKE for letter in letters}
# What people leave out or put in between: vowel signs, tatweel, a hamza on the line.
_MARKS = "[\u064b-\u065f\u0670\u0640ء]*"
_COUNTRY = re.compile(r"^(?:00|\+)?964|^0+")


def any_spelling(word: str) -> str:
    """A pattern that finds a folded word (`catalog.folding.tokens`) in its Arabic spellings, in any script's digits.

    Of "احمد" it finds "أحمد" and "أَحمد", of "شركه" also "الشركة".
    """
    return _MARKS.join(_CLASS.get(letter, re.escape(letter)) for letter in word[:MOST_LETTERS])


def phone_spelling(typed: str) -> str:
    """A pattern that finds a phone number with or without country code, zeros, spaces and dashes; "" of too few digits.

    "0770 123 4567", "+964 770-123-4567" and "٠٧٧٠١٢٣٤٥٦٧" find each other.
    """
    digits = _COUNTRY.sub("", _digits_of(typed))
    return "[^0-9٠-٩۰-۹]*".join(_CLASS[digit] for digit in digits) if len(digits) >= SHORTEST_PHONE else ""


def _digits_of(typed: str) -> str:
    """The digits in `typed`, as ours."""
    return re.sub(r"[^0-9]", "", fold(typed))
