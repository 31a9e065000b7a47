"""How long the admin's pages take with 50,000 products and a million rows in each of the sync's big tables."""

from __future__ import annotations

from argparse import Namespace
from statistics import median
from urllib.parse import quote

from django.contrib import admin
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from benchmarks.asking import Asked, ask, sign_in
from benchmarks.business import fill_business
from benchmarks.month import BODY, fill
from benchmarks.processes import gunicorn
from benchmarks.report import Figure, Report, percentile
from tsh_erp.admin_site.paging import MOST

MOST_MS = 300
MOST_KB = 150
WARM_UP = 4

# What people do with the lists that tempts a database to read all of a table; `…_end` is the last page that is counted.
VISITS = {
    "overview": "/admin/",
    "overview_of_the_sync": "/admin/zoho_sync/dashboard/",
    "search_by_name": "/admin/search/?q=hikvision+camera",
    "search_by_arabic_name": "/admin/search/?q=كاميرا+داخليه",
    "search_by_phone": "/admin/search/?q=0770+000+4711",
    "search_by_number": "/admin/search/?q=INV-004711",
    "search_for_nothing": "/admin/search/?q=zzqqxx",
    "products_found": "/admin/catalog/product/?q=router",
    "products_last_page": "/admin/catalog/product/?p={products_end}",
    "customers_found": "/admin/commerce/customer/?q=بغداد",
    "invoices_found": "/admin/commerce/invoice/?q=INV-004711",
    "invoices_of_a_customer": "/admin/commerce/invoice/?q=Karrada",
    "invoices_overdue": "/admin/commerce/invoice/?payment=overdue",
    "inbox_dead": "/admin/zoho_sync/inboxevent/?state__exact=dead",
    "inbox_last_page": "/admin/zoho_sync/inboxevent/?p={rows_end}",
    "inbox_of_a_record": "/admin/zoho_sync/inboxevent/?q=4711",
    "queue_retry": "/admin/zoho_sync/syncqueueitem/?status__exact=retry",
    "queue_last_page": "/admin/zoho_sync/syncqueueitem/?p={rows_end}",
    "log_failed": "/admin/zoho_sync/synclog/?outcome__in=retry,dead",
    "log_last_page": "/admin/zoho_sync/synclog/?p={rows_end}",
}
# A table of one row: its list leads straight to it.
NO_LISTS = ("commerce.appsettings",)


def run(options: Namespace) -> Report:
    """Asked one after the other through gunicorn by a superuser, who sees the most; in Arabic, as most of them do."""
    fill(options.rows)
    fill_business(options.products, partners=options.partners)
    _take_sample()
    ends = {"products_end": _last_page(options.products, 100), "rows_end": _last_page(options.rows, 50)}
    visits = {name: path.format(**ends) for name, path in VISITS.items()} | _lists()
    headers = {"Cookie": sign_in(), "Accept-Language": "ar"}
    found: dict[str, list[float]] = {name: [] for name in visits}
    sizes: dict[str, float] = {}
    with gunicorn() as port:
        for _ in range(options.repeat):
            for name, path in visits.items():
                asked: Asked = ask(port, _quoted(path), headers, times=WARM_UP + options.requests)
                found[name].append(percentile(asked.milliseconds[WARM_UP:], 0.95))
                sizes[name] = asked.size / 1024
    return _report(options, {name: median(each) for name, each in found.items()}, sizes)


def _report(options: Namespace, pages: dict[str, float], sizes: dict[str, float]) -> Report:
    slowest, largest = max(pages, key=pages.__getitem__), max(sizes, key=sizes.__getitem__)
    listed = sorted(pages, key=pages.__getitem__, reverse=True)
    return Report(
        name="admin",
        database=connection.vendor,
        repeat=options.repeat,
        setting=f"{options.rows:,} rows in each of inbox ({BODY} bytes a body), queue and log, {options.products:,} "
        f"products and documents of each kind, {options.partners:,} customers; {options.requests} requests a page",
        figures=(
            Figure(
                key="p95_ms", label=f"p95 of the slowest page ({slowest})", value=pages[slowest], unit="ms",
                at_most=MOST_MS,
            ),
            Figure(
                key="html_kb", label=f"HTML of the largest page ({largest})", value=sizes[largest], unit="KB",
                at_most=MOST_KB,
            ),
            *(Figure(key=f"p95_ms_{name}", label=name, value=pages[name], unit="ms") for name in listed),
        ),
        groups={"pages": pages, "html_kb_of_pages": sizes},
    )  # fmt: skip


def _lists() -> dict[str, str]:
    """The list of every table, by the name of its model."""
    return {
        model._meta.label_lower: reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        for model in admin.site._registry
        if model._meta.label_lower not in NO_LISTS
    }


def _last_page(rows: int, size: int) -> int:
    """Of a list with so many rows on a page, the last page that leads to counted ones."""
    return max(min(rows, MOST) // size, 1)


def _quoted(path: str) -> str:
    return quote(path, safe="/?&=+")


def _take_sample() -> None:
    from zoho_sync import monitoring

    monitoring.sample(at=timezone.now())
