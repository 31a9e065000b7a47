"""Compare words that may be misspelt. Pure.

Two words are as far apart as letters must be changed, added, left out or swapped with their neighbour to make one
of the other (optimal string alignment). To find all within reach of a word without comparing it with every word,
`pieces` says what at least one of its parts must look like: of a word cut in one more part than there are mistakes,
one part is untouched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

ONE_FROM, TWO_FROM = 5, 9  # letters; design/mobile.md §2.9


@dataclass(frozen=True, slots=True)
class Piece:
    """An untouched part: a word begins with it, ends with it, or has it somewhere."""

    text: str
    at: str

    def fits(self, word: str) -> bool:
        if self.at == "begins":
            return word.startswith(self.text)
        return word.endswith(self.text) if self.at == "ends" else self.text in word


def forgiven(word: str) -> int:
    """How many mistakes are overlooked in `word`: none in codes, models and numbers, and the more the longer it is."""
    if not word.isalpha() or len(word) < ONE_FROM:
        return 0
    return 1 if len(word) < TWO_FROM else 2


def distance(one: str, other: str, *, most: int) -> int | None:
    """How far apart two words are; None when that is more than `most`."""
    if abs(len(one) - len(other)) > most:
        return None
    before: list[int] = []
    row = list(range(len(other) + 1))
    for place, letter in enumerate(one, start=1):
        before, last, row = row, before, [place]
        for column, facing in enumerate(other, start=1):
            step = min(before[column] + 1, row[-1] + 1, before[column - 1] + (letter != facing))
            if place > 1 and column > 1 and letter == other[column - 2] and one[place - 2] == facing:
                step = min(step, last[column - 2] + 1)
            row.append(step)
        if min(row) > most:
            return None
    return row[-1] if row[-1] <= most else None


def pieces(word: str, mistakes: int) -> list[Piece]:
    """The parts one of which every word has that is at most `mistakes` away; each once."""
    cuts = [round(len(word) * part / (mistakes + 1)) for part in range(1, mistakes + 1)]
    found = dict.fromkeys(piece for variant in _with_swaps(word, cuts) for piece in _cut(variant, cuts) if piece.text)
    return list(found)


def nearest(word: str, others: Iterable[str], *, mistakes: int, most: int) -> list[str]:
    """At most `most` of `others` that are at most `mistakes` away from `word`, the nearest first; not itself."""
    parts = pieces(word, mistakes)
    near = [
        (apart, other)
        for other in {*others} - {word}
        if any(part.fits(other) for part in parts) and (apart := distance(word, other, most=mistakes)) is not None
    ]
    return [other for _apart, other in sorted(near)[:most]]


def _with_swaps(word: str, cuts: list[int]) -> Iterator[str]:
    """The word, and as it is with the letters swapped that a cut would separate: that touches two parts at once."""
    yield word
    for cut in cuts:
        if 0 < cut < len(word):
            yield word[: cut - 1] + word[cut] + word[cut - 1] + word[cut + 1 :]


def _cut(word: str, cuts: list[int]) -> Iterator[Piece]:
    edges = [0, *cuts, len(word)]
    for number in range(len(edges) - 1):
        at = "begins" if number == 0 else "ends" if number == len(edges) - 2 else "has"
        yield Piece(word[edges[number] : edges[number + 1]], at)
