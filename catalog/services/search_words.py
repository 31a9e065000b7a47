"""Which words there are: all that products are found by, as far as they are letters only.

Misspelt words are compared with them, and of the synonyms only those that exist are looked for.

A word stays when the last product that had it is gone: it then leads to nothing. `refresh_search_words` takes it away.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.db import transaction
from django.db.models import Q

from catalog.models import Product, SearchWord
from catalog.models.search import LONGEST_WORD, SHORTEST_WORD

BATCH = 5_000


def learn_words(texts: Iterable[str]) -> int:
    """Keep the words of these folded texts; how many were new. Two queries for each few thousand words."""
    words = sorted({*words_in(texts)})  # in order, so that two writers never wait for each other crosswise
    learned = 0
    for first in range(0, len(words), BATCH):
        batch = words[first : first + BATCH]
        known = {*SearchWord.objects.filter(word__in=batch).values_list("word", flat=True)}
        new = [SearchWord(word=word) for word in batch if word not in known]
        SearchWord.objects.bulk_create(new, ignore_conflicts=True)
        learned += len(new)
    return learned


def learn_words_of(products: Q) -> int:
    """Keep the words that these products are found by now."""
    return learn_words(Product.objects.filter(products).order_by().values_list("search_text", flat=True))


def refresh_search_words() -> int:
    """Make the words anew from all products; how many came or went."""
    with transaction.atomic():
        texts = Product.objects.order_by().values_list("search_text", flat=True)
        wanted = {*words_in(texts.iterator(chunk_size=BATCH))}
        known = dict(SearchWord.objects.values_list("word", "pk"))
        stale = sorted(key for word, key in known.items() if word not in wanted)
        new = sorted(wanted - known.keys())
        for first in range(0, len(stale), BATCH):
            SearchWord.objects.filter(pk__in=stale[first : first + BATCH]).delete()
        SearchWord.objects.bulk_create([SearchWord(word=word) for word in new], ignore_conflicts=True, batch_size=BATCH)
    return len(new) + len(stale)


def words_in(texts: Iterable[str]) -> Iterator[str]:
    """The words to be compared with. Pure."""
    for text in texts:
        for word in text.split():
            if SHORTEST_WORD <= len(word) <= LONGEST_WORD and word.isalpha():
                yield word
