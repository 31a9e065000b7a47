"""Help who found nothing, and who is still typing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import reduce
from operator import or_

from django.db.models import Count, Q

from catalog.folding import fold, tokens
from catalog.models import SearchWord
from catalog.search.finding import Shelf
from catalog.search.searching import LOOKUPS, Understood
from catalog.search.spelling import forgiven, nearest, pieces

MOST = 5
SHORTEST = 4  # letters; what is shorter is near to everything
CANDIDATES = 4  # of each word, before it is known what leads to a product


def similar_words(understood: Understood, shelf: Shelf) -> list[str]:
    """Words on the shelf that look like those that were typed, one mistake more forgiven; the nearest first.

    Two queries, none when nothing that was typed can be misspelt.
    """
    doubtful = {word: forgiven(word) + 1 for word in understood.typed.words if word.isalpha() and len(word) >= SHORTEST}
    if not doubtful:
        return []
    conditions = (
        Q(**{f"word__{LOOKUPS[piece.at]}": piece.text})
        for word, mistakes in doubtful.items()
        for piece in pieces(word, mistakes)
    )
    stored = {*SearchWord.objects.filter(reduce(or_, conditions)).order_by().values_list("word", flat=True)}
    near = dict.fromkeys(
        other
        for word, mistakes in doubtful.items()
        for other in nearest(word, stored, mistakes=mistakes, most=CANDIDATES)
    )
    return _on_shelf(list(near), shelf)[:MOST]


def completions(typed: str, names: Iterable[str]) -> list[str]:
    """What was typed with its last word completed by a word of these names, the most frequent first. Pure.

    The word is spelt as in the name: "router ten" becomes "router Tenda".
    """
    *before, last = typed.split() or [""]
    begun = fold(last)
    if not begun:
        return []
    found: Counter[str] = Counter()
    spelt: dict[str, str] = {}
    for name in names:
        for word in {
            tokens(part)[0]: part.strip("()[]،,.;:/-") for part in name.split() if len(tokens(part)) == 1
        }.items():
            folded, written = word
            if folded.startswith(begun) and folded != begun:
                found[folded] += 1
                spelt.setdefault(folded, written)
    ranked = sorted(found, key=lambda folded: (-found[folded], folded))
    return [" ".join([*before, spelt[folded]]) for folded in ranked[:MOST]]


def _on_shelf(words: Sequence[str], shelf: Shelf) -> list[str]:
    """Those of these words that products of the shelf have. One query."""
    if not words:
        return []
    conditions = {f"word_{place}": Q(search_text__contains=f" {word} ") for place, word in enumerate(words)}
    counts = shelf.sold.filter(reduce(or_, conditions.values())).aggregate(
        **{name: Count("pk", filter=condition) for name, condition in conditions.items()}
    )
    return [word for place, word in enumerate(words) if counts[f"word_{place}"]]
