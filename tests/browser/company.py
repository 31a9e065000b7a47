"""A company with something on every page: goods, partners, documents, and a sync that has had a month of work."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from catalog.models import LowStock, Product
from catalog.services.products import save_products
from catalog.services.search_texts import refresh_search_texts
from catalog.values import ProductValues
from commerce.services.documents import save_invoices
from commerce.services.parties import save_parties
from commerce.tests.builders import customer, invoice, vendor
from tsh_erp.events.deploys import record_deploy
from tsh_erp.jobs.models import Heartbeat
from zoho_sync.models import Alert, ErrorGroup, InboxEvent, MetricSample, SyncLog, SyncQueueItem, SyncRun, ZohoRecord
from zoho_sync.tests.seeding import alert, attempt, event, job, letter

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PRODUCTS = (
    ("كيبل HDMI عالي السرعة 2 متر", "HDMI-2M", "6251234567890"),
    ("شاحن آيفون 20 واط أصلي", "CHG-20W", "6251234567891"),
    ("شاشة حماية Samsung Galaxy S24 Ultra", "SCR-S24U", "6251234567892"),
    ("سماعة بلوتوث JBL Tune 510", "JBL-510", "6251234567893"),
    ("راوتر TP-Link Archer AX55", "AX55", "6251234567894"),
)


@transaction.atomic
def furnish(*, at: datetime | None = None) -> None:
    """Fill empty tables."""
    now = at or timezone.now()
    _trade(now)
    _month_of_samples(now)
    _troubles(now)
    record_deploy("0.9.0", at=now - 9 * DAY)
    record_deploy("0.10.0", at=now - 5 * HOUR)
    Heartbeat.objects.create(cluster="tsh_erp", host="baghdad-1", pid=4711, beat_at=now)


def _trade(now: datetime) -> None:
    save_products(
        [
            ProductValues(zoho_id=f"46000000002600{number}", name=name, sku=sku, ean=ean, currency="USD")
            for number, (name, sku, ean) in enumerate(PRODUCTS)
        ],
        at=now,
    )
    refresh_search_texts(at=now)
    for product in Product.objects.order_by("id")[:2]:
        LowStock.objects.create(product=product, since=now - DAY)
    save_parties(
        [
            customer("c1", name="شركة النور للتجارة العامة", mobile="+964 770 123 4567"),
            customer("c2", name="Ahmed أحمد الكرخي <b>Mobile</b>", phone="0780 765 4321"),
            vendor("v1", name="Shenzhen Goods Co."),
        ],
        at=now,
    )
    today = timezone.localdate(now)
    save_invoices(
        [
            invoice("i1", number="INV-000101", date=today, status="sent", total=Decimal("1250000"), balance=Decimal(0)),
            invoice("i2", number="INV-000102", date=today, status="sent", currency="USD", total=Decimal("845.50")),
            invoice(
                "i3",
                number="INV-000077",
                date=today - 40 * DAY,
                due_date=today - 10 * DAY,
                status="overdue",
                total=Decimal("310000"),
                balance=Decimal("310000"),
            ),
        ],
        at=now,
    )


def _month_of_samples(now: datetime) -> None:
    """Hours as a shop has them: busy at noon, quiet at night, a bad evening, and three hours that nobody measured."""
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    samples = []
    for back in range(1, 30 * 24):
        if 6 <= back <= 8:
            continue
        at = this_hour - back * HOUR
        busy = 1 + math.sin((timezone.localtime(at).hour - 6) / 24 * 2 * math.pi)
        failed = 35 if back in (14, 15) else int(busy * 2)
        values = {
            "webhooks.deliveries": int(busy * 120) + back % 7,
            "webhooks.duplicates": back % 5,
            "attempts.good": int(busy * 115),
            "attempts.failed": failed,
            "queue.pending": int(busy * 9) + (60 if back in (14, 15) else 0),
            "queue.retry": failed,
            "queue.oldest_due_seconds": busy * 40 + (1500 if back == 14 else 0),
            "api.calls": int(busy * 210),
        }
        samples.append(MetricSample(resolution="hour", at=at, values=values, taken_at=at + HOUR))
    MetricSample.objects.bulk_create(samples)


def _troubles(now: datetime) -> None:
    for number in range(40):
        when = now - number * timedelta(minutes=30)
        event(
            InboxEvent.State.APPLIED,
            str(number),
            received_at=when,
            modified_at=when,
            settled_at=when + timedelta(seconds=4),
        )
        attempt(SyncLog.Outcome.APPLIED if number % 9 else SyncLog.Outcome.RETRY, at=when, duration_ms=8 + number)
        ZohoRecord.objects.create(module="item", zoho_id=f"{number}", observed_at=when, modified_at=when)
    job(SyncQueueItem.Status.PENDING)
    job(SyncQueueItem.Status.RETRY)
    letter("1")
    letter("2")
    other = ErrorGroup.objects.create(
        fingerprint="g",
        module="invoice",
        error_class="MissingParent",
        sample="customer 460000000026049 is not here",
        first_seen_at=now - DAY,
        last_seen_at=now,
    )
    letter("3", group=other, module="invoice")
    alert("job_age", severity=Alert.Severity.CRITICAL, title="The oldest waiting job has been due for 25 minutes")
    alert("disk", title="The disk is nearly full")
    run = {"mode": SyncRun.Mode.FULL, "trigger": SyncRun.Trigger.SCHEDULE}
    SyncRun.objects.create(
        module="item", status=SyncRun.Status.COMPLETED, started_at=now - HOUR, finished_at=now - HOUR, seen=2221, **run
    )
    SyncRun.objects.create(
        module="invoice", status=SyncRun.Status.FAILED, started_at=now - 3 * HOUR, error="Zoho answered 500", **run
    )
