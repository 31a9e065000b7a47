"""Search, and what is offered while somebody is still typing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db.models import F
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.request import Request

from catalog.choices import Subject
from catalog.folding import tokens
from catalog.models import Product
from catalog.search.finding import Asked, Facets, Shelf, Sort
from catalog.search.searching import Answer, search, understand
from catalog.search.suggesting import completions, similar_words
from mobile_bff.callers import Caller
from mobile_bff.cards import KNOWN_FIELDS, cards
from mobile_bff.catalogue_shapes import CUSTOMER, FIELDS, NARROWING, TAGS, SearchShape, SuggestShape
from mobile_bff.category_tree import CategoryTree, read_tree
from mobile_bff.errors import Refused, bad_value
from mobile_bff.narrowing import PARAMETERS, facets_answer, read_narrowing
from mobile_bff.pages import numbered_info, size_of
from mobile_bff.parameters import Id, choice_of, flag_of, number_of, text_of, texts_of, words_of
from mobile_bff.screens.caching import CARD_SUBJECTS, WithCards
from mobile_bff.screens.view import Screen
from mobile_bff.throttles import Searches

LONGEST_QUERY = 80
DEEPEST = 1_000  # hits; nobody reads further
MOST_CATEGORIES = 20
MOST_SUGGESTIONS = 5
SUGGESTED_PRODUCTS, SUGGESTED_CATEGORIES, READ_FOR_SUGGESTIONS = 6, 3, 12
SUBJECTS = (*CARD_SUBJECTS, Subject.CATEGORIES, Subject.SEARCH)
UNREADABLE = "\ufffd"  # what stands for bytes that are no UTF-8


TYPED = OpenApiParameter("q", str, required=True, description="What was typed: 1 to 80 characters.")


@extend_schema_view(
    get=extend_schema(
        operation_id="mobile_search",
        tags=TAGS,
        parameters=[
            TYPED,
            OpenApiParameter("category", str, description="Ids between commas, or the parameter several times."),
            *NARROWING,
            OpenApiParameter("sort", str, enum=[one.value for one in Sort], default=Sort.RELEVANCE.value),
            OpenApiParameter("page", int, description="Pages end after 1,000 hits."),
            OpenApiParameter("page_size", int, description="20, at most 50."),
            OpenApiParameter("facets", bool, description="0 leaves them out."),
            FIELDS,
            CUSTOMER,
        ],
        responses=SearchShape,
    )
)
class Search(WithCards, Screen):
    """`GET search`: products that answer `q`, the best first. Facets come with the first page only."""

    subjects = SUBJECTS
    parameters = ("q", "sort", "page", "page_size", "facets", "fields", "customer_id")
    scopes = (Searches,)

    def scope(self) -> tuple[Any, ...]:
        """The choices too: some may be there several times."""
        asked = self.request.query_params
        return (*super().scope(), *((name, *asked.getlist(name)) for name in ("category", *PARAMETERS)))

    def content(self, **kwargs: Any) -> dict[str, Any]:
        request, caller = self.request, self.caller
        typed, fields = query_of(request), words_of(request, "fields", KNOWN_FIELDS)
        page, size = _page_of(request)
        sort = Sort(choice_of(request, "sort", [*Sort], default=Sort.RELEVANCE))
        with_facets = flag_of(request, "facets", default=True) and page == 1
        chosen = _categories_of(request)
        narrowing = read_narrowing(request)
        tree = read_tree(caller, self.standing) if chosen or with_facets else CategoryTree({})
        if chosen:
            narrowing = replace(narrowing, categories=frozenset(key for one in chosen for key in tree.below(one)))
        asked = Asked(narrowing=narrowing, sort=sort, first=(page - 1) * size, size=size + 1, with_facets=with_facets)
        shelf = shelf_of(caller)
        answer = search(understand(typed), shelf, asked)
        hits = [hit.product_id for hit in answer.found.hits]
        has_more = len(hits) > size and page * size < DEEPEST
        return {
            "query": _query(typed, answer),
            "items": cards(hits[:size], caller, fields=fields),
            "page_info": numbered_info(page=page, size=size, has_more=has_more, total=answer.found.total),
            "facets": _facets(answer.found.facets, tree, caller),
            "sort": {"active": sort.value, "options": [one.value for one in Sort]},
            "suggestions": [] if answer.found.answering else self._suggestions(answer, shelf),
        }

    def _suggestions(self, answer: Answer, shelf: Shelf) -> list[str]:
        """What to search instead: words that look alike, or else the categories at the top."""
        if words := similar_words(answer.understood, shelf):
            return words
        tree = read_tree(self.caller, self.standing)
        tops = [key for key in tree.children.get(None, ()) if tree.totals.get(key)]
        return [tree.nodes[key].title(self.caller.language) for key in tops[:MOST_SUGGESTIONS]]


@extend_schema_view(
    get=extend_schema(operation_id="mobile_suggest", tags=TAGS, parameters=[TYPED, CUSTOMER], responses=SuggestShape)
)
class Suggest(Screen):
    """`GET search/suggest`: how `q` may go on, and the first products and categories that answer it. A few hundred
    bytes, for every letter that is typed."""

    subjects = SUBJECTS
    parameters = ("q", "customer_id")

    def content(self, **kwargs: Any) -> dict[str, Any]:
        caller, typed = self.caller, query_of(self.request)
        answer = search(understand(typed, is_typing=True), shelf_of(caller), Asked(size=READ_FOR_SUGGESTIONS))
        found = cards((hit.product_id for hit in answer.found.hits), caller, fields=("name", "sku", "image", "price"))
        return {
            "query": _query(typed, answer),
            "queries": completions(typed, (card["name"] for card in found)),
            "categories": _named_like(typed, read_tree(caller, self.standing), caller.language),
            "products": [_small(card) for card in found[:SUGGESTED_PRODUCTS]],
        }


def query_of(request: Request) -> str:
    """What was typed: 1 to 80 characters. 400 `query_too_short` for nothing, `invalid_request` for what is no text."""
    typed = text_of(request, "q", longest=LONGEST_QUERY)
    if not typed:
        raise Refused("query_too_short", errors=[{"field": "q", "code": "query_too_short", "detail": ""}])
    if UNREADABLE in typed:
        raise bad_value("q", _("This contains characters that are not allowed."))
    return typed


def shelf_of(caller: Caller) -> Shelf:
    """What the caller can find: what is shown and has a price for them."""
    return Shelf(
        products=Product.objects.shown(),
        sold_by=caller.price_list_ids,
        price_list_ids=caller.comparable_list_ids,
        clock=caller.clock,
        sales_rank=F("sales_rank__rank"),
    )


def _page_of(request: Request) -> tuple[int, int]:
    """Page and size. 400 for a page that begins behind the deepest hit."""
    size = size_of(request)
    page = number_of(request, "page", default=1, most=DEEPEST)
    if page * size > DEEPEST:
        raise bad_value("page", _("Pages end after %(most)d products. Narrow the search.") % {"most": DEEPEST})
    return page, size


def _categories_of(request: Request) -> list[int]:
    """The chosen categories, separated by commas or given several times. 400 for what is no id."""
    words = [part.strip() for text in texts_of(request, "category") for part in text.split(",")]
    keys = [Id.read(word) for word in words if word]
    if None in keys or len(keys) > MOST_CATEGORIES:
        raise bad_value(
            "category", _("This must be the ids of at most %(most)d categories.") % {"most": MOST_CATEGORIES}
        )
    return [key for key in keys if key is not None]


def _query(typed: str, answer: Answer) -> dict[str, Any]:
    """`matching` is "some" when nothing answers every word, and products that answer most of them are shown."""
    return {
        "q": typed,
        "normalized": answer.understood.typed.folded,
        "corrected": answer.corrected,
        "matching": "some" if answer.found.answers_some else "all",
    }


def _facets(facets: Facets | None, tree: CategoryTree, caller: Caller) -> dict[str, Any] | None:
    """A category counts what it finds when it is chosen: everything below it."""
    if facets is None:
        return None
    counts: Counter[int | None] = Counter()
    for key, count in facets.categories.items():
        if key is not None and key in tree.nodes and tree.is_open(key):
            counts.update({node.id: count for node in tree.path(key)})
    return facets_answer(replace(facets, categories=counts), tree, caller)


def _named_like(typed: str, tree: CategoryTree, language: str) -> list[dict[str, str]]:
    """Categories with products, each typed word the beginning of a word of their name."""
    begun = tokens(typed)
    found = [
        {"id": str(node.id), "name": node.title(language)}
        for key in tree.totals
        if tree.totals[key] and _begins((node := tree.nodes[key]).name, node.name_ar, begun)
    ]
    return found[:SUGGESTED_CATEGORIES] if begun else []


def _begins(name: str, name_ar: str, begun: list[str]) -> bool:
    words = [*tokens(name), *tokens(name_ar)]
    return all(any(word.startswith(one) for word in words) for one in begun)


def _small(card: Mapping[str, Any]) -> dict[str, Any]:
    image = card["image"]
    return {**{name: card[name] for name in ("id", "sku", "name", "price")}, "thumb": image["thumb"] if image else None}
