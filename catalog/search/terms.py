"""What was typed, and the ways in which a product may answer it. Pure."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import islice

from catalog.folding import compact, tokens
from catalog.models.search import LONGEST_WORD, MOST_WORDS, SHORTEST_WORD, Phrase, SearchSynonym

SHORTEST_INSIDE = 3  # letters; fewer are found everywhere
SHORTEST_BEGUN = 2
MOST_TERMS = 12
MOST_NEAR = 8
# What Arabic writes together with the next word: "for the", "with the", "and the", "as the"; "for", "and".
_PREFIXES = ("لل", "بال", "وال", "كال", "فال", "ل", "و")
_SHORTEST_STEM = 3
_NUMBER_AND_UNIT = re.compile(r"(\d+(?:\.\d+)?)([^\W\d_]+)")


class Fit(Enum):
    """Where in a product's words a way's words must stand."""

    WHOLE = "whole"  # a word of its own
    BEGINS = "begins"  # a word begins like that
    INSIDE = "inside"  # anywhere, also in words written together


@dataclass(frozen=True, slots=True)
class Way:
    """One way to answer a typed word: all of `words` stand in the product, side by side in its name."""

    words: Phrase
    fit: Fit
    is_typo: bool = False

    def exists(self, words: Container[str]) -> bool:
        """Whether products have it, if `words` are all they have; only words of letters are known."""
        return self.fit is not Fit.WHOLE or all(word in words for word in self.words if is_known_kind(word))


def is_known_kind(word: str) -> bool:
    """Whether stored words of this kind are listed, as `services.search_words` does."""
    return word.isalpha() and SHORTEST_WORD <= len(word) <= LONGEST_WORD


def plural(word: str) -> str | None:
    """With the ending "s", of Latin words that have none."""
    return f"{word}s" if word.isascii() and word.isalpha() and not word.endswith("s") else None


@dataclass(frozen=True, slots=True)
class Term:
    """A typed word, or several that are one thing ("يو بي اس")."""

    typed: Phrase
    ways: tuple[Way, ...]

    @property
    def exact_ways(self) -> tuple[Way, ...]:
        return tuple(way for way in self.ways if not way.is_typo)


@dataclass(frozen=True)
class Typed:
    """What was typed, folded: words, and all of it without gaps."""

    words: Phrase
    joined: str

    @classmethod
    def read(cls, text: str) -> Typed:
        return cls(tuple(tokens(text))[:MOST_TERMS], compact(text))

    @property
    def folded(self) -> str:
        return " ".join(self.words)


@dataclass(frozen=True)
class Thesaurus:
    """Which phrases are meant by which; units apart."""

    words: Mapping[Phrase, tuple[Phrase, ...]] = field(default_factory=dict)
    units: Mapping[Phrase, tuple[Phrase, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, groups: Iterable[SearchSynonym]) -> Thesaurus:
        words: dict[Phrase, dict[Phrase, None]] = {}
        units: dict[Phrase, dict[Phrase, None]] = {}
        for group in groups:
            known = units if group.is_unit else words
            for phrase in group.folded:
                known.setdefault(phrase, {}).update(dict.fromkeys(group.folded))
        return cls(*({phrase: (*others,) for phrase, others in known.items()} for known in (words, units)))

    def meant_by(self, words: Iterable[str]) -> Iterator[Phrase]:
        """All phrases that stand for these words, or for phrases that begin with one of them."""
        firsts = {*words}
        for phrase, others in self.words.items():
            if phrase[0] in firsts:
                yield from others

    def single_words(self) -> Iterator[str]:
        for phrase in self.words:
            if len(phrase) == 1:
                yield phrase[0]


def read_terms(
    typed: Typed,
    thesaurus: Thesaurus,
    near: Mapping[str, Sequence[str]],
    *,
    existing: Container[str],
    is_typing: bool = False,
) -> tuple[Term, ...]:
    """The terms of what was typed. `near` has the words that a misspelt one may have meant, `existing` the listed words
    that products have: ways by others lead nowhere and are left out.

    While somebody `is_typing`, the last word may be the beginning of one that has synonyms.
    """
    terms, place = [], 0
    while place < len(typed.words):
        length = _longest_phrase(typed.words, place, thesaurus)
        phrase = typed.words[place : place + length]
        before = typed.words[place - 1] if place else ""
        ways = _ways_of_phrase(phrase, thesaurus) if length > 1 else _ways_of_word(phrase[0], before, thesaurus, near)
        terms.append(Term(phrase, tuple(dict.fromkeys(ways))))
        place += length
    if is_typing and terms and len(terms[-1].typed) == 1:
        last = terms[-1]
        terms[-1] = replace(last, ways=tuple(dict.fromkeys([*last.ways, *_begun(last.typed[0], thesaurus)])))
    return tuple(replace(term, ways=tuple(way for way in term.ways if way.exists(existing))) for term in terms)


def _longest_phrase(words: Phrase, place: int, thesaurus: Thesaurus) -> int:
    for length in range(min(MOST_WORDS, len(words) - place), 1, -1):
        if words[place : place + length] in thesaurus.words:
            return length
    return 1


def _ways_of_phrase(phrase: Phrase, thesaurus: Thesaurus) -> Iterator[Way]:
    yield Way(phrase, Fit.BEGINS)
    yield Way(("".join(phrase),), Fit.INSIDE)
    yield from _synonyms(phrase, thesaurus)


def _ways_of_word(word: str, before: str, thesaurus: Thesaurus, near: Mapping[str, Sequence[str]]) -> Iterator[Way]:
    yield from _as_typed(word)
    yield from _synonyms((word,), thesaurus)
    if before and (len(word) < SHORTEST_INSIDE or before[-1].isdigit() != word[0].isdigit()):
        yield Way((before + word,), Fit.BEGINS)
    if before and before[-1].isdigit():
        for unit in thesaurus.units.get((word,), ()):
            yield Way((before + unit[0],), Fit.WHOLE)
            yield Way(unit, Fit.WHOLE)
    yield from _number_and_unit(word, thesaurus)
    for stem in stems(word):
        yield Way((stem,), Fit.INSIDE)
        yield from _synonyms((stem,), thesaurus)
    for meant in near.get(word, ()):
        yield Way((meant,), Fit.WHOLE, is_typo=True)
        yield from _synonyms((meant,), thesaurus, is_typo=True)


def _as_typed(word: str) -> Iterator[Way]:
    """A number stands at the beginning of a word, or at its first digit ("841hp" of "wr841hp"): 5 m are not 15 m."""
    inside = len(word) >= SHORTEST_INSIDE and not word[0].isdigit()
    yield Way((word,), Fit.INSIDE if inside else Fit.BEGINS)


def _synonyms(phrase: Phrase, thesaurus: Thesaurus, *, is_typo: bool = False) -> Iterator[Way]:
    for other in thesaurus.words.get(phrase, ()):
        if other != phrase or is_typo:
            yield Way(other, Fit.WHOLE, is_typo)
            if several := plural(other[-1]):
                yield Way((*other[:-1], several), Fit.WHOLE, is_typo)


def _begun(word: str, thesaurus: Thesaurus) -> Iterator[Way]:
    """Synonyms of the words that begin like this."""
    if len(word) >= SHORTEST_BEGUN:
        begun = (other for other in thesaurus.single_words() if other.startswith(word) and other != word)
        for other in islice(begun, MOST_NEAR):
            yield from _synonyms((other,), thesaurus)


def _number_and_unit(word: str, thesaurus: Thesaurus) -> Iterator[Way]:
    """ "512gb" is also "512 gb", "20م" also "20m"."""
    if not (match := _NUMBER_AND_UNIT.fullmatch(word)):
        return
    number, unit = match.groups()
    yield Way((number, unit), Fit.WHOLE)
    for other in thesaurus.units.get((unit,), ()):
        if other != (unit,):
            yield Way((number + other[0],), Fit.WHOLE)
            yield Way((number, *other), Fit.WHOLE)


def stems(word: str) -> Iterator[str]:
    """ "للابتوب" is "لابتوب" behind a preposition."""
    for prefix in _PREFIXES:
        if word.startswith(prefix) and len(word) - len(prefix) >= _SHORTEST_STEM:
            yield word.removeprefix(prefix)
