"""Words within reach of a misspelt one are all found, and none beyond."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.search.spelling import distance, forgiven, nearest, pieces

LETTERS = "abcشا"
words = st.text(alphabet=LETTERS, min_size=5, max_size=11)


@pytest.mark.parametrize(
    ("word", "mistakes"),
    [
        ("usb", 0),
        ("hdmi", 0),
        ("mouse", 1),
        ("كيبورد", 1),
        ("keyboard", 1),
        ("bluetooth", 2),
        ("tsh00106", 0),
        ("4060", 0),
    ],
)
def test_the_longer_a_word_the_more_is_forgiven_but_nothing_in_codes(word, mistakes):
    assert forgiven(word) == mistakes


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ("mouse", "mouse", 0),
        ("ruoter", "router", 1),
        ("keybord", "keyboard", 1),
        ("hikvison", "hikvision", 1),
        ("blutoth", "bluetooth", 2),
        ("لابتب", "لابتوب", 1),
        ("mouse", "house", 1),
        ("mouse", "moose1", 2),
        ("mouse", "cable", None),
        ("ab", "abcde", None),
    ],
)
def test_how_far_words_are_apart(one, other, apart):
    assert distance(one, other, most=2) == apart
    assert distance(other, one, most=2) == apart


@st.composite
def misspelt(draw):
    """A word, and it after one or two mistakes, with how many."""
    word = draw(words)
    mistakes = draw(st.integers(1, 2))
    other = word
    for _ in range(mistakes):
        place = draw(st.integers(0, len(other) - 2))
        letter = draw(st.sampled_from(LETTERS))
        other = draw(
            st.sampled_from(
                [
                    other[:place] + other[place + 1 :],
                    other[:place] + letter + other[place:],
                    other[:place] + letter + other[place + 1 :],
                    other[:place] + other[place + 1] + other[place] + other[place + 2 :],
                ]
            )
        )
    return word, other, mistakes


@given(misspelt())
def test_whatever_is_within_reach_has_an_untouched_piece(case):
    word, other, mistakes = case
    apart = distance(word, other, most=mistakes)

    if apart is not None:
        assert any(piece.fits(other) for piece in pieces(word, mistakes)), (word, other, pieces(word, mistakes))


def test_the_nearest_come_first_and_the_word_itself_is_no_mistake():
    stored = ["charger", "charges", "chargers", "change", "chargr"]

    assert nearest("chargr", stored, mistakes=1, most=5) == ["charger"]
    assert nearest("chargr", stored, mistakes=2, most=3) == ["charger", "change", "chargers"]
