"""Addresses: every one leads to its own view, and those that Zoho was once given lead there for ever."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, resolve
from django.urls.resolvers import RegexPattern, RoutePattern

from tests.live.records import item
from tests.live.web import Web
from tests.live.workers import Workers
from zoho_sync.entities import WEBHOOK_PATHS
from zoho_sync.models import InboxEvent

SAMPLES = {"int": "7", "slug": "seven", "str": "seven", "path": "7", "uuid": "7d4f2ac3-8a90-4a31-9d6c-4c42b0c5a9f1"}
PARAMETER = re.compile(r"<(?:(\w+):)?\w+>")
# Django's own last resort for unknown admin addresses, which shadows nothing because it comes last.
CATCH_ALL = "(?P<url>.*)$"
KEYS = dict.fromkeys((r"[1-9]\d{0,17}", "[0-9]+", r"\d+"), "7")


def declared(patterns: list[URLPattern | URLResolver], before: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every declared pattern with addresses that it is meant for."""
    for pattern in patterns:
        for sample in samples(pattern.pattern):
            if isinstance(pattern, URLResolver):
                yield from declared(pattern.url_patterns, before + sample)
            elif str(pattern.pattern) != CATCH_ALL:
                yield before + sample, pattern


def samples(pattern: RoutePattern | RegexPattern) -> Iterator[str]:
    if isinstance(pattern, RoutePattern):
        yield PARAMETER.sub(lambda found: SAMPLES[found[1] or "str"], str(pattern))
        return
    # Regular expressions here consist of text, groups of alternatives, and keys of rows.
    parts = re.split(r"\((?:\?P<\w+>|\?:)([^)]*)\)", str(pattern).strip("^$").replace("/?", "/"))
    yield from (
        "".join(choice) for choice in product(*([KEYS.get(one, one) for one in part.split("|")] for part in parts))
    )


@pytest.mark.lesson("L18")
def test_every_declared_path_resolves_to_its_own_view() -> None:
    found = list(declared(get_resolver().url_patterns))

    shadowed = [(path, pattern) for path, pattern in found if resolve(f"/{path}").func is not pattern.callback]
    assert shadowed == []
    assert {f"api/{prefix}/webhooks/{path}/" for prefix in ("zoho", "tds") for path in WEBHOOK_PATHS} <= {
        path for path, _ in found
    }
    assert len(found) > 100


@pytest.mark.lesson("L30")
@pytest.mark.parametrize("prefix", ["zoho", "tds"])
@pytest.mark.parametrize("slash", ["", "/"], ids=["bare", "with a slash"])
def test_both_prefixes_take_every_path(web: Web, workers: Workers, prefix: str, slash: str) -> None:
    for number, path in enumerate(WEBHOOK_PATHS):
        web.deliver(path + slash, item(str(number)), prefix=prefix)
    workers.settle()

    events = InboxEvent.objects.order_by("id").values_list("path", "module", "state")
    assert list(events) == [(path, "item", "applied") for path in WEBHOOK_PATHS]


@pytest.mark.lesson("L30")
def test_old_and_new_addresses_are_one_inbox(web: Web, workers: Workers) -> None:
    first = web.deliver("products", item("1"), prefix="tds")
    again = web.deliver("products", item("1"), prefix="zoho")

    assert (again["event_id"], again["duplicate"]) == (first["event_id"], True)


def test_the_eleven_paths_are_the_promised_ones() -> None:
    promised = "products customers invoices bills credit-notes stock prices orders payments vendors users"
    assert set(WEBHOOK_PATHS) == set(promised.split())
