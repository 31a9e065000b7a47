"""Search the shelf for what was typed: the whole way from letters to products, in at most four queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import chain
from operator import or_

from django.db.models import F, IntegerField, Q, Value
from django.db.models.functions import Cast

from catalog.models import Product, SearchSynonym, SearchWord
from catalog.search import matching
from catalog.search.finding import Asked, Facets, Found, Shelf, find
from catalog.search.matching import Tier
from catalog.search.spelling import forgiven, nearest, pieces
from catalog.search.terms import MOST_NEAR, Term, Thesaurus, Typed, is_known_kind, plural, read_terms, stems

LOOKUPS = {"begins": "startswith", "ends": "endswith", "has": "contains"}
MANY_TERMS, MOST_MISSING = 5, 2  # of so many typed words so many may go unanswered when nothing answers all; else one


@dataclass(frozen=True)
class Understood:
    """What was typed, in which ways each term may be answered, and the words nearest to those that nothing has."""

    typed: Typed
    terms: tuple[Term, ...]
    thesaurus: Thesaurus
    near: Mapping[str, Sequence[str]]
    known: frozenset[str] = frozenset()

    def corrected(self, text: str) -> str | None:
        """What was likely meant by a query that found a product with this `search_text`; None: just what was typed.

        Words that nothing has are replaced by the nearest that the product has, or that means what it has.
        """
        words = tuple(self._meant(word, text) for word in self.typed.words)
        return " ".join(words) if words != self.typed.words else None

    def _meant(self, word: str, text: str) -> str:
        if word in self.known:
            return word
        return next((near for near in self.near.get(word, ()) if self._is_in(near, text)), word)

    def _is_in(self, word: str, text: str) -> bool:
        phrases = (word,), *self.thesaurus.words.get((word,), ())
        return any(f" {part} " in text for phrase in phrases for part in [" ".join(phrase)])


@dataclass(frozen=True)
class Answer:
    """What was understood and found; `corrected` is what was likely meant by a misspelt query."""

    understood: Understood
    found: Found
    corrected: str | None = None


def understand(text: str, *, is_typing: bool = False) -> Understood:
    """Read what was typed, the synonyms and the words it may be a misspelling of. Two queries at most.

    While somebody `is_typing`, the last word need not be complete.
    """
    typed = Typed.read(text)
    thesaurus = Thesaurus.of(SearchSynonym.objects.used())
    doubtful = {word: mistakes for word in typed.words if (mistakes := forgiven(word))}
    meant = {word: _nearest(word, thesaurus.single_words()) for word in doubtful}
    stored = _stored_words(doubtful, _alternatives(typed, thesaurus, meant, is_typing=is_typing))
    near = {word: _nearest(word, stored | {*meant[word]}) for word in doubtful}
    known = {word for word in doubtful if (word,) in thesaurus.words or any(one.startswith(word) for one in stored)}
    terms = read_terms(typed, thesaurus, near, existing=stored, is_typing=is_typing)
    return Understood(typed, terms, thesaurus, near, frozenset(known))


def search(understood: Understood, shelf: Shelf, asked: Asked) -> Answer:
    """The products that answer all that was typed, or else most of it. One query; three at most when none does.

    Signs alone ask for nothing and find nothing.
    """
    typed, terms = understood.typed, understood.terms
    if not terms:
        return Answer(understood, Found(facets=Facets() if asked.with_facets else None))
    answering = shelf.products.filter(matching.answers(typed, terms))
    found = find(shelf, answering, matching.tier(typed, terms), asked)
    if found.answering == 0 and len(terms) > 1:
        found = _find_most(shelf, terms, asked)
    return Answer(understood, found, _corrected(understood, found))


def _corrected(understood: Understood, found: Found) -> str | None:
    if found.is_exact or not found.hits or not understood.near:
        return None
    text = Product.objects.filter(pk=found.hits[0].product_id).values_list("search_text", flat=True).first()
    return understood.corrected(text or "")


def _find_most(shelf: Shelf, terms: Sequence[Term], asked: Asked) -> Found:
    """Products that answer nearly all terms, those that answer more first."""
    least = max(len(terms) - (MOST_MISSING if len(terms) >= MANY_TERMS else 1), 1)
    some = shelf.products.filter(matching.answers_any(terms)).annotate(answered=matching.answered(terms))
    missing = Cast(Value(len(terms)) - F("answered") + Value(Tier.SOME.value), IntegerField())
    return find(shelf, some.filter(answered__gte=least), missing, asked)


def _nearest(word: str, others: Iterable[str]) -> list[str]:
    return nearest(word, others, mistakes=forgiven(word), most=MOST_NEAR)


def _alternatives(
    typed: Typed, thesaurus: Thesaurus, meant: Mapping[str, Sequence[str]], *, is_typing: bool
) -> set[str]:
    """The words of all synonyms that may be looked for instead of what was typed."""
    words = {
        *typed.words,
        *(stem for word in typed.words for stem in stems(word)),
        *chain.from_iterable(meant.values()),
    }
    if is_typing and typed.words:
        words |= {word for word in thesaurus.single_words() if word.startswith(typed.words[-1])}
    found = {word for phrase in thesaurus.meant_by(words) for word in phrase}
    found |= {word for units in thesaurus.units.values() for phrase in units for word in phrase}
    found |= {several for word in found if (several := plural(word))}
    return {word for word in found if is_known_kind(word)}


def _stored_words(doubtful: Mapping[str, int], alternatives: set[str]) -> set[str]:
    """The words that products have, of the alternatives, of those that may be near to doubtful words, and of those
    that begin with one. One query; none when there is nothing to ask for."""
    conditions = [
        Q(**{f"word__{LOOKUPS[piece.at]}": piece.text})
        for word, mistakes in doubtful.items()
        for piece in pieces(word, mistakes)
    ]
    conditions += [Q(word__startswith=word) for word in doubtful]
    if alternatives:
        conditions.append(Q(word__in=sorted(alternatives)))
    if not conditions:
        return set()
    return {*SearchWord.objects.filter(reduce(or_, conditions)).order_by().values_list("word", flat=True)}
