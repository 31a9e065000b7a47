"""Sixty judged queries over the real items (`judged_queries.json`): what customers type finds what they mean."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

import pytest

from catalog.choices import Measure
from catalog.models import Product, SearchSynonym
from catalog.search.finding import Asked, Shelf
from catalog.search.searching import search, understand
from catalog.services.products import save_products
from catalog.tests.builders import NOON, product_values
from tsh_erp.events.delivering import dispatch

pytestmark = pytest.mark.django_db

JUDGED = json.loads((Path(__file__).parent / "judged_queries.json").read_text())["queries"]
ITEMS = Path(__file__).parents[2] / "zoho_sync/tests/fixtures/real_items.json"
PAGE = 10


def real_products() -> None:
    """Every real item, in stock and on sale, with what the search reads of it."""
    items = json.loads(ITEMS.read_text())["items"]
    save_products(
        [
            product_values(
                item["item_id"],
                name=item["name"],
                sku=item["sku"] or None,
                brand=item["brand"],
                manufacturer=item["manufacturer"],
                category_name=item["category_name"],
            )
            for item in items
        ],
        at=NOON,
    )
    dispatch()


def starting_synonyms() -> None:
    """Those that the migration brings; a test that empties the tables may have taken them away."""
    SearchSynonym.objects.all().delete()
    groups = import_module("catalog.migrations.0005_search").groups()
    SearchSynonym.objects.bulk_create([SearchSynonym(phrases=text, is_unit=is_unit) for text, is_unit in groups])


def first_page(typed: str) -> list[str]:
    shelf = Shelf(products=Product.objects.shown(), price_list_ids=(), clock=Measure.ACCOUNTING)
    found = search(understand(typed), shelf, Asked(size=PAGE)).found
    zoho_ids = dict(Product.objects.values_list("pk", "zoho_id"))
    return [zoho_ids[hit.product_id] for hit in found.hits]


def test_what_customers_type_finds_what_they_mean():
    real_products()
    starting_synonyms()

    recalls, firsts, told = [], [], []
    for query in JUDGED:
        hits = first_page(query["q"])
        relevant = query["relevant"]
        recall = len([hit for hit in hits if hit in relevant]) / min(PAGE, len(relevant))
        is_first_right = bool(hits) and hits[0] in query.get("first", relevant)
        recalls.append(recall)
        firsts.append(is_first_right)
        if recall < 1 or not is_first_right:
            told.append(f"{query['q']}: recall {recall:.2f}, first {'right' if is_first_right else 'wrong'}")

    report = "\n".join(told)
    assert len(JUDGED) == 60
    assert sum(recalls) / len(recalls) >= 0.95, report
    assert sum(firsts) / len(firsts) >= 0.8, report
