"""A shop as phones see it: named like the company's real goods, and it can grow while it is measured."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import TypeVar

from django.db.models import Model
from django.utils import timezone

from benchmarks.inbox import analyze, rest
from catalog.choices import Subject
from catalog.models import (
    Category,
    EffectivePrice,
    Freshness,
    PriceList,
    Product,
    ProductImage,
    StockLevel,
    Warehouse,
)
from catalog.services.freshness import confirm, touch
from catalog.services.search_texts import Surroundings
from catalog.services.search_words import refresh_search_words
from commerce.models import (
    AppSettings,
    Banner,
    BestSeller,
    Customer,
    DeliveryMethod,
    Invoice,
    InvoiceLine,
    PaymentMethod,
    Promotion,
)
from tsh_erp.common.sql import insert_rows
from zoho_sandbox.world import words

M = TypeVar("M", bound=Model)

LISTS = ("Consumers", "Wholesale", "Dealers")
PLACES = 3
BATCH = 5_000
RANKED = 0.2  # of the products were sold lately
LINES = 4  # of an invoice
INVOICES = 0.4  # for each product
FEATURED = 40


def open_shop() -> Customer:
    """Everything that does not grow with the products; the wholesale customer whose phone asks."""
    now = timezone.now()
    lists = [PriceList.objects.create(zoho_id=f"l{n}", name=name, currency="IQD") for n, name in enumerate(LISTS)]
    for n in range(PLACES):
        Warehouse.objects.create(zoho_id=f"w{n}", name=f"Warehouse {n}")
    for department, children in words.CATEGORIES:
        top = Category.objects.create(zoho_id=department, name=department)
        for name in children:
            Category.objects.create(zoho_id=f"{department}/{name}", name=name, parent=top)
    AppSettings.objects.update_or_create(pk=1, defaults={"consumer_price_list": lists[0]})
    DeliveryMethod.objects.create(name_ar="توصيل", name_en="Delivery", price=Decimal(5000))
    PaymentMethod.objects.create(name_ar="نقدا", name_en="Cash", code="cod", kind="cash")
    for n in range(3):
        Banner.objects.create(title_ar=f"إعلان {n}", title_en=f"Banner {n}", image=_picture(n))
    Promotion.objects.create(name_ar="خصم", name_en="Ten per cent", kind="percentage", value=Decimal(10))
    confirm(at=now)
    customer: Customer = Customer.objects.create(
        zoho_id="c1", name="Al Noor Trading", price_list=lists[1], currency="IQD"
    )
    return customer


def grow_shop(first: int, count: int) -> None:
    """Products number `first` to `first` + `count`, with prices, stock, pictures, and invoices that name them."""
    random, now = Random(first), timezone.now()
    categories = {row.name: row for row in Category.objects.filter(parent__isnull=False)}
    around = Surroundings({row.pk: (row.name, row.name_ar) for row in categories.values()}, {})
    products = []
    for number in range(first, first + count):
        kind, category, variants = random.choice(words.KINDS)
        product = Product(
            zoho_id=f"48150000{number:09}",
            name=f"{kind} {random.choice(words.BRANDS)} {random.choice(variants)} {number}",
            sku=f"tsh{number:05}" if number % 4 == 0 else None,
            brand=random.choice(words.BRANDS),
            kind="inventory",
            track_inventory=True,
            base_price=Decimal(5),
            base_cost=Decimal(4),
            currency="USD",
            category=categories[category] if number % 5 else None,
            is_featured=number < FEATURED,
            accounting_on_hand=Decimal(number % 40),
            accounting_for_sale=Decimal(number % 40),
        )
        product.search_text, product.search_names, product.search_codes = around.describe(product)
        products.append(product)
    _insert(Product, products)
    lists, places = [*PriceList.objects.order_by("pk")], [*Warehouse.objects.order_by("pk")]
    _insert(
        EffectivePrice,
        [
            EffectivePrice(product=row, price_list=one, price=Decimal(1500 + 250 * (row.pk % 200)), currency="IQD")
            for row in products
            for one in lists
        ],
    )
    _insert(
        StockLevel,
        [
            StockLevel(product=row, warehouse=one, accounting_on_hand=Decimal(5), accounting_for_sale=Decimal(5))
            for row in products
            for one in places
        ],
    )
    _insert(
        ProductImage,
        [
            ProductImage(product=row, image=_picture(row.pk), width=1200, height=900, is_primary=True)
            for row in products
            if row.pk % 3
        ],
    )
    _sell(products, random)
    refresh_search_words()
    touch(*Subject, at=now)
    analyze(Product, EffectivePrice, StockLevel, ProductImage, BestSeller, Invoice, InvoiceLine, Freshness, Category)
    rest()


def _sell(products: Sequence[Product], random: Random) -> None:
    """Invoices, of which every twentieth is the customer's own, and the ranks that follow from them."""
    now, buyer = timezone.now(), Customer.objects.get(zoho_id="c1")
    other, _new = Customer.objects.get_or_create(zoho_id="c2", defaults={"name": "Karrada", "currency": "IQD"})
    begin = Invoice.objects.count()
    papers = [
        Invoice(
            zoho_id=f"i{begin + number}",
            number=f"INV-{begin + number}",
            date=(now - timedelta(days=number % 300)).date(),
            status="paid",
            currency="IQD",
            customer=other if number % 20 else buyer,
        )
        for number in range(int(len(products) * INVOICES))
    ]
    _insert(Invoice, papers)
    popular = products[: max(len(products) // 10, 1)]
    _insert(
        InvoiceLine,
        [
            InvoiceLine(document=paper, position=n, product=random.choice(popular if n < 2 else products))
            for paper in papers
            for n in range(LINES)
        ],
    )
    ranked = random.sample(products, int(len(products) * RANKED))
    begin = BestSeller.objects.count()
    BestSeller.objects.bulk_create(  # its key is the product's, which COPY does not know
        [
            BestSeller(product=row, rank=begin + place, quantity=Decimal(5), orders=3, computed_at=now)
            for place, row in enumerate(ranked, 1)
        ],
        batch_size=BATCH,
    )


def _insert(model: type[M], rows: Sequence[M]) -> None:
    for start in range(0, len(rows), BATCH):
        insert_rows(model, rows[start : start + BATCH])


def _picture(number: int) -> str:
    return f"pictures/{number % 256:02x}/{number:064x}-full.webp"
