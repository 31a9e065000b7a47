"""The search over everything: apps say how their rows are found, and each person finds what they may view."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.admin import AdminSite
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse

MOST_EACH = 6
LONGEST = 100
SHORTEST = 2


@dataclass(frozen=True)
class Words:
    """How one row is shown: its name, and what tells it from others of that name."""

    name: object
    details: Sequence[object] = ()


@dataclass(frozen=True, kw_only=True)
class Finder:
    """One kind of row. `find` answers from an index, in one query that is cut off at a few rows.

    It gets the typed text without outer spaces, at most `LONGEST` characters, and gives None for what can be no row of
    its kind. `in_list` says whether the list of the table finds the same by the same text. `seen` leaves out rows that
    somebody who may view the table may still not see.
    """

    model: type[Model]
    find: Callable[[str], QuerySet[Any] | None]
    tell: Callable[[Any], Words]
    in_list: bool = True
    seen: Callable[[HttpRequest, QuerySet[Any]], QuerySet[Any]] = lambda request, rows: rows


@dataclass(frozen=True)
class Hit:
    words: Words
    address: str


@dataclass(frozen=True)
class Hits:
    """What was found of one kind; `more` leads to all of it when there is more."""

    label: object
    hits: Sequence[Hit]
    more: str


_finders: list[Finder] = []


def register(*finders: Finder) -> None:
    """Kinds of rows, in the order in which they are shown."""
    known = {finder.model for finder in finders}
    _finders[:] = [one for one in _finders if one.model not in known] + list(finders)


def find(site: AdminSite, request: HttpRequest, typed: str) -> list[Hits]:
    """What `typed` finds, by kind; kinds of which nothing is found, or may be viewed, are left out."""
    typed = " ".join(typed.replace("\x00", "").split())[:LONGEST]
    return list(_find(site, request, typed)) if len(typed) >= SHORTEST else []


def _find(site: AdminSite, request: HttpRequest, typed: str) -> Iterator[Hits]:
    for finder in _finders:
        page = site._registry.get(finder.model)
        if page is None or not page.has_view_permission(request):
            continue
        rows = finder.find(typed)
        found = list(finder.seen(request, rows)[: MOST_EACH + 1]) if rows is not None else []
        if not found:
            continue
        name = f"admin:{finder.model._meta.app_label}_{finder.model._meta.model_name}"
        hits = [Hit(finder.tell(row), reverse(f"{name}_change", args=(row.pk,))) for row in found[:MOST_EACH]]
        is_cut = len(found) > MOST_EACH and finder.in_list
        more = reverse(f"{name}_changelist", query={"q": typed}) if is_cut else ""
        yield Hits(finder.model._meta.verbose_name_plural, hits, more)
