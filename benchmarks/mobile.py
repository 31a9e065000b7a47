"""What a phone's screen costs: bytes, calls and time, beside the same screen from the ERP's own resources.

The shop is measured small and then at its full size, with the caches of production and without any. Requests come
at a steady rate whatever the answers do; how many a second 20 clients get when each waits for its answer is
measured apart.
"""

from __future__ import annotations

import gzip
import http.client
import json
import os
import tempfile
import time
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import quote

from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from benchmarks.asking import sign_in
from benchmarks.processes import gunicorn, listen, running, say
from benchmarks.report import BenchmarkFailed, Figure, Report, percentile
from benchmarks.shop import grow_shop, open_shop
from benchmarks.visits import Tour, Visit
from catalog.models import Category, Product
from commerce.models import CustomerAccount
from commerce.services.devices import DeviceInfo, start_device

SMALL = 2_000
CARDS = 10  # in each section of the home screen
PAGES = ("home", "product", "category", "search", "not_modified")
MOST_MS = {"home": 150, "product": 150, "category": 150, "search": 200, "not_modified": 20}
MOST_MS_UNCACHED = {**MOST_MS, "home": 300, "product": 300, "category": 300}
WORDS = ("router tenda", "كيبل انترنت", "hdmi 4k", "شاحن لابتوب", "camera 5mp", "keybord", "tsh00400", "switch 8 port")
SPREAD = 16  # different products and categories that are asked for
WITHOUT_CACHE = "dummycache://"
Page = tuple[str, str, dict[str, str]]


@dataclass(frozen=True)
class Screen:
    """One screen, as it came over the wire: calls, bytes, and milliseconds for all of it."""

    calls: int
    wire: int
    plain: int
    milliseconds: float


def run(options: Namespace) -> Report:
    customer = open_shop()
    account = User.objects.create(username="phone")
    CustomerAccount.objects.create(user=account, customer=customer, phone="+9647701112233")
    token = start_device(account, DeviceInfo(), at=timezone.now()).token
    phone = {"Authorization": f"Bearer {token}", "Accept-Language": "ar"}
    clerk = {"Cookie": sign_in()}

    small = min(SMALL, options.products)
    grow_shop(0, small)
    with _server(WITHOUT_CACHE) as port:
        before = _home_ms(port, phone, options)
    if options.products > small:
        grow_shop(small, options.products - small)
    with _server(WITHOUT_CACHE) as port:
        after = _home_ms(port, phone, options)
        uncached = _p95(_visit(port, _pages(port, phone), options, rate=options.rate))
    with _server() as port:
        pages = _pages(port, phone)
        _visit(port, pages, options, rate=options.rate, seconds=min(options.seconds, 5))
        warm = _p95(_visit(port, pages, options, rate=options.rate))
        crowd = _visit(port, pages, options, rate=0)
        ours, theirs = _home(port, phone), _home_from_resources(port, clerk, customer.price_list_id)
    saved = 1 - ours.wire / theirs.wire
    return Report(
        name="mobile",
        database=connection.vendor,
        repeat=options.repeat,
        setting=(
            f"{options.products:,} products; {options.rate:g} requests a second for {options.seconds:g} s at gunicorn"
            f" with two workers, of a wholesale customer; without caches beside it"
        ),
        figures=(
            Figure(key="bytes_saved", label="bytes saved on the wire", value=saved, at_least=0.9),
            Figure(key="calls_saved", label="calls saved", value=float(theirs.calls - ours.calls), at_least=2),
            Figure(key="home_bytes", label="home", value=float(ours.plain), unit="B", at_most=40_960),
            Figure(key="home_gzip_bytes", label="home, gzipped", value=float(ours.wire), unit="B", at_most=10_240),
            Figure(key="home_ms", label="home, one call", value=ours.milliseconds, unit="ms"),
            Figure(key="resources_bytes", label="home from resources", value=float(theirs.wire), unit="B"),
            Figure(
                key="resources_ms",
                label=f"home from resources, {theirs.calls} calls",
                value=theirs.milliseconds,
                unit="ms",
            ),
            Figure(
                key="ratio_50k_to_2k",
                label=f"home at {options.products:,} products to {small:,}, without caches",
                value=after / before,
                at_most=1.3,
            ),
            Figure(
                key="requests_per_second",
                label=f"{options.clients} clients",
                value=len(crowd) / options.seconds,
                unit="/s",
            ),
            *(_figure(name, warm, MOST_MS, "") for name in PAGES),
            *(_figure(name, uncached, MOST_MS_UNCACHED, ", no caches") for name in PAGES),
        ),
        groups={"p95_ms": warm, "p95_ms_uncached": uncached},
    )


def _figure(name: str, found: Mapping[str, float], most: Mapping[str, float], how: str) -> Figure:
    key = f"{name}_p95_ms{'_uncached' if how else ''}"
    return Figure(key=key, label=f"{name}, p95{how}", value=found[name], unit="ms", at_most=float(most[name]))


@contextmanager
def _server(cache: str = "") -> Iterator[int]:
    """gunicorn with two workers; with `cache` that one instead of production's."""
    if cache:
        os.environ["CACHE_URL"] = cache
    try:
        with gunicorn(workers=2) as port:
            yield port
    finally:
        os.environ.pop("CACHE_URL", None)


def _pages(port: int, phone: Mapping[str, str]) -> list[Page]:
    """What phones ask for in turn: as often each screen, with different products, categories and words."""
    shown = [*Product.objects.filter(category__isnull=False).order_by("pk").values_list("pk", flat=True)[: SPREAD * 50]]
    products, categories = shown[:: max(len(shown) // SPREAD, 1)], [*Category.objects.values_list("pk", flat=True)]
    etag = _get(port, "/api/mobile/home", phone)[2].get("ETag", "")
    turns: list[Page] = []
    for turn in range(SPREAD):
        words = quote(WORDS[turn % len(WORDS)])
        turns += [
            ("home", "/api/mobile/home", dict(phone)),
            ("product", f"/api/mobile/products/{products[turn % len(products)]}?include=related", dict(phone)),
            ("category", f"/api/mobile/categories/{categories[turn % len(categories)]}/products", dict(phone)),
            ("search", f"/api/mobile/search?q={words}", dict(phone)),
            ("not_modified", "/api/mobile/home", {**phone, "If-None-Match": etag}),
        ]
    return turns


def _visit(
    port: int, pages: Sequence[Page], options: Namespace, *, rate: float, seconds: float | None = None
) -> list[Visit]:
    """Visits of phones for so long; BenchmarkFailed when one was not answered as it should be."""
    with tempfile.TemporaryDirectory() as folder, running("-m", "benchmarks.visits") as process:
        output = Path(folder) / "visits.json"
        tour = Tour(
            port=port,
            pages=pages,
            seconds=seconds or options.seconds,
            rate=rate,
            clients=options.clients,
            output=str(output),
        )
        say(process, json.dumps(asdict(tour)))
        listen(process)
        say(process, "go")
        if process.wait() != 0:
            raise BenchmarkFailed("the phones broke")
        visits = [Visit(*row) for row in json.loads(output.read_text(encoding="utf-8"))]
    wrong = {(one.name, one.status) for one in visits if one.status != (304 if one.name == "not_modified" else 200)}
    if wrong:
        raise BenchmarkFailed(f"answered otherwise than it should be: {sorted(wrong)}")
    return visits


def _p95(visits: Sequence[Visit]) -> dict[str, float]:
    return {name: percentile([1000 * one.seconds for one in visits if one.name == name], 0.95) for name in PAGES}


def _home_ms(port: int, phone: Mapping[str, str], options: Namespace) -> float:
    """Milliseconds of the home screen, asked one after the other."""
    taken = [_get(port, "/api/mobile/home", phone)[3] for _ in range(4 + 10 * options.repeat)]
    return median(taken[4:])


def _home(port: int, phone: Mapping[str, str]) -> Screen:
    status, body, headers, milliseconds = _get(port, "/api/mobile/home", phone)
    answer = json.loads(gzip.decompress(body) if headers.get("Content-Encoding") == "gzip" else body)
    cards = [len(answer[name]) for name in ("featured_products", "best_sellers", "new_arrivals", "recently_ordered")]
    if status != 200 or cards != [CARDS] * 4:
        raise BenchmarkFailed(f"home was answered {status} with {cards} products in its sections")
    plain = len(json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode())
    return Screen(1, len(body), plain, milliseconds)


def _home_from_resources(port: int, clerk: Mapping[str, str], price_list: int | None) -> Screen:
    """The same forty products, their pictures, prices and stock, and the categories, as the tables have them."""
    featured = Product.objects.filter(is_featured=True).order_by("-pk")[:CARDS]
    others = Product.objects.filter(is_featured=False).order_by("-pk")[: 3 * CARDS]
    keys = ",".join(str(row.pk) for row in (*featured, *others))
    paths = (
        f"/api/erp/products?id={keys}",
        "/api/erp/categories",
        f"/api/erp/prices?price_list={price_list}&product={keys}",
        f"/api/erp/stock?page_size=200&product={keys}",
        f"/api/erp/images?product={keys}",
    )
    size, milliseconds = 0, 0.0
    for path in paths:
        status, body, _headers, taken = _get(port, path, clerk)
        if status != 200 or not json.loads(body)["results"]:
            raise BenchmarkFailed(f"{path} was answered {status}")
        size, milliseconds = size + len(body), milliseconds + taken
    return Screen(len(paths), size, size, milliseconds)


def _get(port: int, path: str, headers: Mapping[str, str]) -> tuple[int, bytes, Any, float]:
    server = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    started = time.perf_counter()
    server.request("GET", path, headers={"Accept-Encoding": "gzip", **headers})
    answer = server.getresponse()
    body = answer.read()
    taken = (time.perf_counter() - started) * 1000
    server.close()
    return answer.status, body, answer.headers, taken
