"""How products answer what was typed, and that news is found at once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from catalog.choices import Measure
from catalog.models import Product, SearchSynonym, SearchWord
from catalog.search.finding import Asked, Shelf
from catalog.search.matching import Tier
from catalog.search.searching import search, understand
from catalog.services.local_fields import save_local_product_fields
from catalog.services.products import save_products
from catalog.services.search_words import refresh_search_words
from catalog.tests.builders import LATER, NOON, product_values
from catalog.values import LocalProductFields
from tsh_erp.events.delivering import dispatch

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_synonyms():
    SearchSynonym.objects.all().delete()


def sell(*names: str, **values: str) -> None:
    save_products([product_values(name, name=name, **values) for name in names], at=NOON)
    dispatch()


def tiers(typed: str) -> dict[str, Tier]:
    """What is found, in its order, and how well it answers."""
    shelf = Shelf(products=Product.objects.shown(), price_list_ids=(), clock=Measure.ACCOUNTING)
    hits = search(understand(typed), shelf, Asked()).found.hits
    names = dict(Product.objects.values_list("pk", "name"))
    return {names[hit.product_id]: hit.tier for hit in hits}


def test_the_better_an_answer_the_higher_it_stands():
    sell("Wireless mous", "Optical sensor", "Gaming mouse", "Mouse pad", "Mousetrap")
    save_products([product_values("c", name="Pad", sku="mouse"), product_values("k", name="Trackball")], at=NOON)
    save_products([product_values("k", name="Trackball", category_name="Mouse and keyboard")], at=LATER)
    dispatch()

    assert list(tiers("mouse").items()) == [
        ("Pad", Tier.CODE),
        ("Mouse pad", Tier.NAME),
        ("Mousetrap", Tier.NAME),
        ("Gaming mouse", Tier.NAME_WORDS),
        ("Trackball", Tier.WORDS),
        ("Wireless mous", Tier.TYPO),
    ]


@pytest.mark.parametrize("typed", ["USB-C", "usb c", "usbc", "USB C", "ＵＳＢ‑Ｃ"])
def test_with_or_without_gaps(typed):
    sell("USB-C Hub", "USBC Hub", "USB Hub")

    assert set(tiers(typed)) == {"USB-C Hub", "USBC Hub"}


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("5m", ["Cable 5m", "Cable 5 m"]),
        ("15m", ["Cable 15m"]),
        ("5 m", ["Cable 5m", "Cable 5 m"]),
        ("2tb", ["Disk 2TB"]),
        ("841", ["Router TL-WR841HP"]),
        ("wr841hp", ["Router TL-WR841HP"]),
        ("tlwr841hp", ["Router TL-WR841HP"]),
        ("wr842hp", []),
        ("12TB", []),
    ],
)
def test_a_number_is_that_number(typed, found):
    sell("Cable 5m", "Cable 15m", "Cable 5 m", "Disk 2TB", "Disk 512TB", "Router TL-WR841HP")

    assert set(tiers(typed)) == set(found)


def test_units_are_words_behind_numbers_only():
    SearchSynonym.objects.create(phrases="m\nمتر\nم", is_unit=True)
    sell("Cable 20m", "Cable 20 m", "Cable 20 متر", "Cable 200m", "Cable mm")

    for typed in ("cable 20م", "cable ٢٠ متر", "cable 20m"):
        assert {"Cable 20m", "Cable 20 m", "Cable 20 متر"} == set(tiers(typed)), typed
    assert tiers("متر") == {"Cable 20 متر": Tier.NAME_WORDS}


def test_synonyms_are_whole_words_and_phrases():
    SearchSynonym.objects.create(phrases="power supply\nباور سبلاي\npsu")
    SearchSynonym.objects.create(phrases="ink\nحبر")
    sell("Power supply 500W", "PSU 300W", "Supply of power", "Ink black", "Drinking cup", "Inkjet")

    for typed in ("باور سبلاي", "psu"):
        assert list(tiers(typed)) in (
            ["Power supply 500W", "PSU 300W", "Supply of power"],
            ["PSU 300W", "Power supply 500W", "Supply of power"],
        ), typed
    assert tiers("باور سبلاي")["Supply of power"] == Tier.WORDS
    assert set(tiers("للحبر")) == {"Ink black"}

    SearchSynonym.objects.update(is_active=False)
    assert tiers("حبر") == {}


def test_a_misspelt_synonym_is_understood_too():
    SearchSynonym.objects.create(phrases="keyboard\nكيبورد")
    sell("Keyboard HP", "Monitor")

    assert tiers("كيبوورد") == {"Keyboard HP": Tier.TYPO}


def test_news_is_found_with_its_misspellings():
    sell("Mouse")
    assert tiers("trackbal") == {}

    row = product_values("Mouse", name="Trackball")
    save_products([row], at=LATER)
    dispatch()
    assert tiers("trackbll") == {"Trackball": Tier.TYPO}

    local = LocalProductFields(name_ar="كرة تتبع", name_en="", description_ar="", is_hidden=False, is_featured=False)
    save_local_product_fields(Product.objects.get().pk, local, at=LATER)
    assert tiers("كرة") == {"Trackball": Tier.NAME}

    save_products([replace(row, is_active=False)], at=LATER)
    assert tiers("trackball") == {}


def test_words_that_nothing_has_any_more_are_forgotten_by_a_refresh():
    sell("Mouse", "Keyboard")
    Product.objects.filter(name="Mouse").delete()

    assert refresh_search_words() == 1
    assert list(SearchWord.objects.values_list("word", flat=True)) == ["keyboard"]
    assert refresh_search_words() == 0


@pytest.mark.parametrize(
    "typed", ["", "…", "%", "_", "\\", "'", "a" * 80, "ا" * 80, "a b c d e f g h i j k l m n o p", "٪"]
)
def test_anything_can_be_typed(typed):
    sell("Mouse")

    assert tiers(typed) == {}
