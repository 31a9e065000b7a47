"""A trading company's tables as its staff sees them: products, partners, documents. As many as asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Model
from django.utils import timezone

from benchmarks.inbox import analyze, rest
from catalog.choices import LedgerReason, Measure
from catalog.models import (
    BackInStock,
    Category,
    EffectivePrice,
    LowStock,
    PriceChange,
    PriceList,
    PriceListItem,
    Product,
    StockLedgerEntry,
    StockLevel,
    Warehouse,
)
from catalog.services.search_texts import Surroundings
from commerce.models import (
    Bill,
    BillLine,
    ContactPerson,
    CreditNote,
    Customer,
    CustomerBalance,
    CustomerPayment,
    Invoice,
    InvoiceLine,
    PurchaseOrder,
    SalesOrder,
    SalesOrderLine,
    Vendor,
    VendorBalance,
    VendorPayment,
    ZohoAddress,
)
from tsh_erp.common.sql import insert_rows

KINDS = ("Outdoor camera", "Wi-Fi router", "UTP cable", "كاميرا داخلية", "شاحن جداري", "بطاقة ذاكرة")
BRANDS = ("Hikvision", "TP-Link", "Dahua", "Ugreen", "SanDisk")
STATUSES = ("paid", "sent", "overdue", "partially_paid", "draft", "void")
NAMES = ("شركة الرافدين", "أسواق بغداد", "Al Noor Trading", "مكتب دجلة", "Karrada Systems", "محل الأمين")
WAREHOUSES, CATEGORIES, LISTS = 3, 120, 3
YEAR = 365
CHUNK = 10_000


def fill_business(count: int, *, partners: int) -> None:
    """`count` products and documents of each kind that is written daily with two lines, and so many customers."""
    now = timezone.now()
    shelves = _make(Warehouse, (Warehouse(zoho_id=f"w{n}", name=f"Warehouse {n}") for n in range(WAREHOUSES)))
    kinds = _make(
        Category, (Category(zoho_id=f"c{n}", name=f"Category {n}", name_ar=f"قسم {n}") for n in range(CATEGORIES))
    )
    lists = _make(PriceList, (PriceList(zoho_id=f"l{n}", name=f"List {n}", currency="IQD") for n in range(LISTS)))
    products = _make(Product, _products(count, kinds))
    _fill_stock(products, shelves, now)
    _fill_prices(products, lists, now)
    customers = _make(Customer, (_party(Customer, n, price_list=lists[n % LISTS]) for n in range(partners)))
    vendors = _make(Vendor, (_party(Vendor, n) for n in range(max(partners // 10, 1))))
    _fill_contacts(customers, vendors)
    _fill_papers(count, customers, vendors, products, now)
    rest()


def _make(model: type[Any], rows: Iterator[Any]) -> list[Any]:
    """Insert, and tidy the table; PostgreSQL is given so many at a time that neither side grows."""
    made = list(rows)
    for first in range(0, len(made), CHUNK):
        insert_rows(model, made[first : first + CHUNK])
    analyze(model)
    return made


def _products(count: int, kinds: Sequence[Category]) -> Iterator[Product]:
    around = Surroundings({one.pk: (one.name, one.name_ar) for one in kinds}, {})
    for n in range(count):
        product = Product(
            zoho_id=f"48150000{n:09}",
            name=f"{KINDS[n % len(KINDS)]} {BRANDS[n % len(BRANDS)]} DS-{n:05}",
            name_ar=f"منتج {n}" if n % 3 else "",
            sku=f"SKU-{n:06}" if n % 4 else None,
            ean=f"69{n:011}" if n % 2 else "",
            brand=BRANDS[n % len(BRANDS)],
            unit="pcs",
            kind="inventory",
            base_price=Decimal(1000 + n),
            base_cost=Decimal(700 + n),
            currency="IQD",
            is_active=n % 20 != 0,
            track_inventory=True,
            reorder_level=Decimal(5),
            category=kinds[n % len(kinds)],
            category_name=kinds[n % len(kinds)].name,
            accounting_on_hand=Decimal(n % 90),
            accounting_for_sale=Decimal(n % 90),
        )
        product.search_text, product.search_names, product.search_codes = around.describe(product)
        yield product


def _fill_stock(products: Sequence[Product], shelves: Sequence[Warehouse], now: datetime) -> None:
    _make(
        StockLevel,
        (
            StockLevel(product=product, warehouse=shelf, accounting_on_hand=Decimal(product.pk % 30))
            for product in products
            for shelf in shelves
        ),
    )
    _make(
        StockLedgerEntry,
        (
            StockLedgerEntry(
                product=product,
                warehouse=shelves[n % WAREHOUSES],
                measure=Measure.ACCOUNTING,
                delta=Decimal(n + 1),
                balance_after=Decimal(n + 1),
                reason=LedgerReason.values[0],
                occurred_at=now - timedelta(minutes=n),
            )
            for n in range(2)
            for product in products
        ),
    )
    _make(LowStock, (LowStock(product=product, since=now) for product in products[::25]))
    _make(BackInStock, (BackInStock(product=product, quantity=Decimal(9), at=now) for product in products[::5]))


def _fill_prices(products: Sequence[Product], lists: Sequence[PriceList], now: datetime) -> None:
    priced = [(product, one) for product in products for one in lists]
    _make(
        PriceListItem,
        (
            PriceListItem(price_list=one, product=product, product_zoho_id=product.zoho_id, rate=product.base_price)
            for product, one in priced
        ),
    )
    _make(
        EffectivePrice,
        (
            EffectivePrice(price_list=one, product=product, price=product.base_price, currency="IQD")
            for product, one in priced
        ),
    )
    _make(
        PriceChange,
        (
            PriceChange(
                product=product,
                price_list=lists[0],
                old_price=Decimal(900),
                old_currency="IQD",
                new_price=product.base_price,
                new_currency="IQD",
                at=now,
            )
            for product in products
        ),
    )


def _party(model: type[Any], n: int, **more: Any) -> Any:
    return model(
        zoho_id=f"{model.__name__[0]}{n:09}",
        name=f"{NAMES[n % len(NAMES)]} {n}",
        company_name=f"{NAMES[(n + 1) % len(NAMES)]} {n}",
        first_name="Ali",
        email=f"buyer{n}@example.com",
        phone=f"+964 770 {n // 10_000:03} {n % 10_000:04}",
        mobile=f"0780{n:07}",
        currency="USD" if n % 4 == 0 else "IQD",
        is_active=n % 30 != 0,
        **more,
    )


def _fill_contacts(customers: Sequence[Customer], vendors: Sequence[Vendor]) -> None:
    _make(
        CustomerBalance, (CustomerBalance(customer=one, currency="IQD", receivable=Decimal(5000)) for one in customers)
    )
    _make(VendorBalance, (VendorBalance(vendor=one, currency="USD", payable=Decimal(700)) for one in vendors))
    _make(
        ContactPerson,
        (
            ContactPerson(customer=one, position=0, first_name="Zaid", phone=f"0771{one.pk:07}", is_primary=True)
            for one in customers
        ),
    )
    _make(
        ZohoAddress,
        (ZohoAddress(customer=one, position=0, kind=ZohoAddress.Kind.values[0], city="Baghdad") for one in customers),
    )


def _fill_papers(
    count: int, customers: Sequence[Customer], vendors: Sequence[Vendor], products: Sequence[Product], now: datetime
) -> None:
    today = timezone.localdate(now)

    def paper(model: type[Any], prefix: str, n: int, **more: Any) -> Any:
        day = today - timedelta(days=YEAR - n * YEAR // count)
        return model(
            zoho_id=f"{prefix}{n:09}",
            number=f"{prefix}-{n:06}",
            date=day,
            status=STATUSES[n % len(STATUSES)],
            currency="USD" if n % 4 == 0 else "IQD",
            **more,
        )

    def sale(model: type[Any], prefix: str, n: int, **more: Any) -> Any:
        customer = customers[n * 7 % len(customers)]
        return paper(model, prefix, n, customer=customer, customer_name=customer.name, **more)

    def purchase(model: type[Any], prefix: str, n: int, **more: Any) -> Any:
        vendor = vendors[n * 7 % len(vendors)]
        return paper(model, prefix, n, vendor=vendor, vendor_name=vendor.name, **more)

    def money(n: int) -> dict[str, Decimal]:
        return {"total": Decimal(1000 + n), "balance": Decimal(n % 3 * 250), "sub_total": Decimal(1000 + n)}

    def due(n: int) -> dict[str, Any]:
        return {"due_date": today - timedelta(days=YEAR - 30 - n * YEAR // count)}

    numbers = range(count)
    orders = _make(SalesOrder, (sale(SalesOrder, "SO", n, **money(n)) for n in numbers))
    invoices = _make(Invoice, (sale(Invoice, "INV", n, **money(n), **due(n)) for n in numbers))
    bills = _make(Bill, (purchase(Bill, "BILL", n, **money(n), **due(n)) for n in numbers))
    _make(PurchaseOrder, (purchase(PurchaseOrder, "PO", n, **money(n)) for n in numbers))
    _make(CreditNote, (sale(CreditNote, "CN", n, **money(n)) for n in numbers))
    _make(CustomerPayment, (sale(CustomerPayment, "PAY", n, amount=Decimal(n)) for n in numbers))
    _make(VendorPayment, (purchase(VendorPayment, "VP", n, amount=Decimal(n)) for n in numbers))
    for model, papers in ((SalesOrderLine, orders), (InvoiceLine, invoices), (BillLine, bills)):
        _make(model, _lines(model, papers, products))


def _lines(model: type[Any], papers: Sequence[Model], products: Sequence[Product]) -> Iterator[Any]:
    for n, document in enumerate(papers):
        for position in range(2):
            product = products[(n + position) % len(products)]
            yield model(
                document=document,
                position=position,
                product=product,
                product_zoho_id=product.zoho_id,
                product_name=product.name,
                sku=product.sku or "",
                quantity=Decimal(2),
                rate=product.base_price,
                item_total=product.base_price,
            )
