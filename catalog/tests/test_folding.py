"""People find what they mean, however they spell it."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.folding import compact, fold, tokens


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("شَاحِنٌ سَرِيع", "شاحن سريع"),
        ("الشاشة", "شاشه"),
        ("الإلكترونية", "الكترونيه"),
        ("١٢٬٠٠٠ دينار", "12000 دينار"),
        ("أجهزة إلكترونية آلية", "اجهزه الكترونيه اليه"),
        ("هـــاتف", "هاتف"),
        ("کیبورد", "كيبورد"),
        ("گاميرا", "كاميرا"),
        ("چارجر", "جارجر"),
        ("پاوربانك", "باوربانك"),
        ("مؤشر", "موشر"),
        ("شاشة ٤٢ بوصة", "شاشه 42 بوصه"),
        ("شاشة ۴۲ بوصة", "شاشه 42 بوصه"),
        ("Café Ünïcode", "cafe unicode"),
        ("USB‑C\u200e Cable\u200b", "usb c cable"),
        ("ＦＵＬＬ　ｗｉｄｔｈ", "full width"),
        ("Straße", "strasse"),
    ],
)
def test_what_is_written_and_what_is_typed_are_one(written, typed):
    assert fold(written) == fold(typed)


@pytest.mark.parametrize("typed", ["USB-C", "usb c", "UsbC", "usb_c", "u.s.b-c"])
def test_the_compact_form_knows_no_separators(typed):
    assert compact(typed) == "usbc"


def test_the_article_is_dropped_only_where_a_word_is_left():
    assert tokens("الشاشة ال الي الات") == ["شاشه", "ال", "الي", "الات"]


def test_decimals_stay_one_word_and_models_keep_their_letters():
    assert tokens("Cable 1.5m, RTX-4060 (12,000)") == ["cable", "1.5m", "rtx", "4060", "12000"]


def test_nothing_to_spell_is_nothing():
    assert (fold(" \u200f—/ "), compact("…"), tokens("")) == ("", "", [])


@given(st.text() | st.text(alphabet="الإأكترونيهـَ 1,.٤"))
def test_folding_twice_changes_nothing_more(text):
    assert fold(fold(text)) == fold(text)
    assert compact(compact(text)) == compact(text)


@given(st.text(), st.sampled_from(["NFC", "NFD", "NFKC"]))
def test_how_unicode_was_composed_does_not_matter(text, form):
    assert fold(unicodedata.normalize(form, text)) == fold(text)
