"""Say to the database which products answer what was typed, and how well."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from operator import and_, or_

from django.db.models import Case, IntegerChoices, IntegerField, Q, Value, When
from django.db.models.expressions import Combinable
from django.utils.translation import gettext_lazy as _

from catalog.search.terms import SHORTEST_INSIDE, Fit, Term, Typed, Way

NOTHING = Q(pk__in=())


class Tier(IntegerChoices):
    """How well a product answers; the lower the better."""

    CODE = 0, _("its SKU or barcode")
    NAME = 1, _("its name begins like this")
    NAME_WORDS = 2, _("all words in its name")
    WORDS = 3, _("all words in what is known of it")
    TYPO = 4, _("all words, some misspelt")
    SOME = 5, _("most of the words")


def answers(typed: Typed, terms: Sequence[Term]) -> Q:
    """Products that answer every term in some way, or all that was typed in one word."""
    if not terms:
        return NOTHING
    return _all_terms(terms, lambda term: _any_way(term.ways, _in_text)) | _written_together(typed)


def tier(typed: Typed, terms: Sequence[Term]) -> Combinable:
    """How well a product that `answers` does so."""
    ranked = [
        When(Q(search_codes__contains=f" {typed.joined} "), then=Tier.CODE.value),
        When(_begins_name(typed, terms), then=Tier.NAME.value),
        When(_all_terms(terms, lambda term: _any_way(term.exact_ways, _in_name)), then=Tier.NAME_WORDS.value),
    ]
    if any(way.is_typo for term in terms for way in term.ways):
        exact = _all_terms(terms, lambda term: _any_way(term.exact_ways, _in_text)) | _written_together(typed)
        ranked.append(When(exact, then=Tier.WORDS.value))
        return Case(*ranked, default=Value(Tier.TYPO.value), output_field=IntegerField())
    return Case(*ranked, default=Value(Tier.WORDS.value), output_field=IntegerField())


def answered(terms: Sequence[Term]) -> Combinable:
    """How many of the terms a product answers."""
    count: Combinable = Value(0, output_field=IntegerField())
    for term in terms:
        count = count + Case(When(_any_way(term.ways, _in_text), then=1), default=0, output_field=IntegerField())
    return count


def answers_any(terms: Sequence[Term]) -> Q:
    return reduce(or_, (_any_way(term.ways, _in_text) for term in terms), NOTHING)


def _all_terms(terms: Iterable[Term], condition: Callable[[Term], Q]) -> Q:
    return reduce(and_, map(condition, terms))


def _any_way(ways: Iterable[Way], condition: Callable[[Way], Q]) -> Q:
    return reduce(or_, map(condition, ways))


def _in_text(way: Way) -> Q:
    return reduce(and_, (Q(search_text__contains=_pattern(word, way.fit)) for word in way.words))


def _in_name(way: Way) -> Q:
    """As words of their own, side by side; inside a word does not count, and a number must be that number."""
    return Q(search_names__contains=f" {_in_row(way)}")


def _in_row(way: Way) -> str:
    phrase = " ".join(way.words)
    return f"{phrase} " if way.fit is Fit.WHOLE or way.words[-1].isdigit() else phrase


def _begins_name(typed: Typed, terms: Sequence[Term]) -> Q:
    begins = Q(search_names__contains=f"\n {typed.folded}")
    if len(terms) == 1:
        for way in terms[0].exact_ways:
            begins |= Q(search_names__contains=f"\n {_in_row(way)}")
    return begins


def _written_together(typed: Typed) -> Q:
    """ "tplink" is "TP Link", and a code is typed with or without its dashes."""
    if len(typed.joined) < SHORTEST_INSIDE:
        return NOTHING
    return Q(search_text__contains=_pattern(typed.joined, Fit.BEGINS if typed.joined[0].isdigit() else Fit.INSIDE))


def _pattern(word: str, fit: Fit) -> str:
    if fit is Fit.WHOLE:
        return f" {word} "
    return f" {word}" if fit is Fit.BEGINS else word
