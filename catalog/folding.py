"""Spell words as everybody searches them: one form for Arabic and Latin, with or without signs. Pure.

`fold` is stored beside what it was made from and applied to what people type, so that both meet.
PostgreSQL's unaccent does nothing for Arabic (design/mobile.md §2.9).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

# Alef in all its seats, the two yehs, teh marbuta, hamza on its carriers, and the Persian and Kurdish letters
# that Arabic keyboards write with their nearest neighbour.
_LETTERS = {
    "أ": "ا",
    "إ": "ا",
    "آ": "ا",
    "ٱ": "ا",
    "ى": "ي",
    "ی": "ي",
    "ې": "ي",
    "ێ": "ي",
    "ئ": "ي",
    "ؤ": "و",
    "ۆ": "و",
    "ة": "ه",
    "ە": "ه",
    "ھ": "ه",
    "ک": "ك",
    "گ": "ك",
    "چ": "ج",
    "پ": "ب",
    "ڤ": "ف",
    "ژ": "ز",
    "ڵ": "ل",
    "ڕ": "ر",
    "ـ": "",  # tatweel
    "ء": "",
}
_INVISIBLE = dict.fromkeys([*range(0x064B, 0x0660), 0x0670, *range(0x06D6, 0x06EE)], None)
_TABLE = str.maketrans(_LETTERS) | _INVISIBLE
_WORD = re.compile(r"\d+(?:\.\d+)+\w*|\w+")
_FROM_DIGIT = re.compile(r"(?<=[^\W\d])\d.*")
_BETWEEN = re.compile(r"[\W_]+")
_THOUSANDS = re.compile(r"(?<=\d)[,٬](?=\d{3}(?!\d))")
_ARTICLE = "ال"
SHORTEST_WITHOUT_ARTICLE = 3


def fold(text: str) -> str:
    """Words in lower case with single spaces: no vowel signs, one alef, Latin digits, no punctuation, no accents.

    "شَاحِن" and "شاحن" are one, so are "الشاشة" and "شاشه", "RTX٤٠٦٠" and "rtx4060".
    """
    return " ".join(tokens(text))


def tokens(text: str) -> list[str]:
    """The folded words of `text`, each without its article where enough is left of it."""
    return _words(_spell(text))


def compact(text: str) -> str:
    """All of it as one word, so that "USB-C", "usb c" and "USBC" meet."""
    return _BETWEEN.sub("", _spell(text))


def search_columns(
    names: Sequence[str], codes: Sequence[str], labels: Sequence[str] = (), context: Sequence[str] = ()
) -> tuple[str, str, str]:
    """What is stored to be searched, folded: `search_text`, `search_names` and `search_codes`.

    The text has every word of everything once, and behind the words their ends from the first digit
    on ("841hp" of "wr841hp") and the compact forms, so that one index serves all. A space stands before
    and behind each word. The names stay whole, each on a line of its own; the codes are compact.
    """
    parts = [*names, *codes, *labels]
    lines = _spell("\n".join(part.replace("\n", " ") for part in parts)).split("\n")
    called = [_words(line) for line in lines[: len(names)]]
    words = dict.fromkeys(
        word
        for line in (*called, _words("\n".join(lines[len(names) :])), _words(_spell("\n".join(context))))
        for word in line
    )
    ends = dict.fromkeys(end for word in words for end in _FROM_DIGIT.findall(word))
    joined = [_BETWEEN.sub("", line) for line in lines]
    return (
        _spaced(words | ends | dict.fromkeys(filter(None, joined))),
        "".join(f"\n {' '.join(line)} " for line in called if line) + "\n" if any(called) else "",
        _spaced(dict.fromkeys(filter(None, joined[len(names) : len(names) + len(codes)]))),
    )


def _spaced(words: Iterable[str]) -> str:
    text = " ".join(words)
    return f" {text} " if text else ""


def _words(spelled: str) -> list[str]:
    words = _WORD.findall(_THOUSANDS.sub("", spelled).replace("_", " "))
    return [_without_article(word) for word in words]


def _spell(text: str) -> str:
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).translate(_TABLE)).casefold()
    return decomposed.translate(_PLAIN)


class _Plain(dict[int, str | None]):
    """What each letter becomes: signs and marks nothing, digits of all scripts ours. Worked out when first met."""

    def __missing__(self, code: int) -> str | None:
        letter = chr(code)
        if unicodedata.combining(letter) or unicodedata.category(letter) == "Cf":
            plain = None
        else:
            plain = str(unicodedata.digit(letter)) if letter.isdigit() and not letter.isascii() else letter
        self[code] = plain
        return plain


_PLAIN = _Plain()


def _without_article(word: str) -> str:
    """Also of words that only look as if they had one: "الإلكترونية" and "إلكترونية" must meet."""
    while word.startswith(_ARTICLE) and len(word) - len(_ARTICLE) >= SHORTEST_WITHOUT_ARTICLE:
        word = word.removeprefix(_ARTICLE)
    return word
