"""A small shop: price lists, products in stock, customers, ways of delivery and payment."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from catalog.models import PriceList, Product
from catalog.services.price_lists import save_price_lists
from catalog.services.products import save_products
from catalog.values import PriceListItemValues, PriceListValues, ProductValues, StockFigures
from commerce.checkout import quote
from commerce.choices import PaymentKind
from commerce.models import (
    AppOrder,
    AppSettings,
    Customer,
    CustomerAddress,
    DeliveryMethod,
    PaymentMethod,
    Promotion,
    PromotionTarget,
)
from commerce.quotes import Quote, Wanted
from commerce.services.addresses import AddressValues, add_address
from commerce.services.carts import Owner
from commerce.services.orders import Placing, place
from commerce.services.parties import save_parties
from commerce.services.promotions import save_promotion
from commerce.services.shop import save_app_settings, save_delivery_method, save_payment_method
from commerce.tests.builders import LATER, NOON, customer

__all__ = ["LATER", "NOON"]

DAY = timedelta(days=1)
CONSUMERS, WHOLESALE = "consumers", "wholesale"


@transaction.atomic
def open_shop(
    prices: dict[str, str], *, wholesale: dict[str, str] | None = None, stock: str = "1000", **settings: Any
) -> dict[str, Product]:
    """Products "a", "b", … with these consumer prices in dinars, so many in stock, cash on delivery for 5,000."""
    add_products(*prices, stock=stock)
    set_prices(CONSUMERS, prices)
    if wholesale is not None:
        set_prices(WHOLESALE, wholesale)
    consumer_list = PriceList.objects.get(zoho_id=CONSUMERS)
    save_app_settings(AppSettings(consumer_price_list=consumer_list, **settings), at=NOON)
    save_payment_method(PaymentMethod(code="cod", kind=PaymentKind.CASH, name_en="Cash"), at=NOON)
    save_payment_method(PaymentMethod(code="card", kind=PaymentKind.ELECTRONIC, name_en="Card"), at=NOON)
    save_payment_method(PaymentMethod(code="on_account", kind=PaymentKind.ON_ACCOUNT, name_en="On account"), at=NOON)
    save_delivery_method(DeliveryMethod(name_en="Courier", price=Decimal(5_000)), at=NOON)
    return {row.zoho_id: row for row in Product.objects.all()}


@transaction.atomic
def add_products(*zoho_ids: str, stock: str | None = "1000", **values: Any) -> None:
    totals = StockFigures(accounting_on_hand=None if stock is None else Decimal(stock))
    save_products(
        [
            ProductValues(**{"zoho_id": one, "name": f"Product {one}", "sku": f"SKU-{one}", "totals": totals, **values})
            for one in zoho_ids
        ],
        at=NOON,
    )


@transaction.atomic
def set_prices(price_list: str, prices: dict[str, str], *, currency: str = "IQD", at: Any = NOON) -> PriceList:
    items = tuple(PriceListItemValues(product_zoho_id=one, rate=Decimal(rate)) for one, rate in prices.items())
    values = PriceListValues(zoho_id=price_list, name=price_list, kind="per_item", currency=currency, items=items)
    save_price_lists([values], at=at)
    return PriceList.objects.get(zoho_id=price_list)


@transaction.atomic
def buyer(zoho_id: str = "c1", *, wholesale: bool = False, **values: Any) -> Customer:
    """A customer with an address in Baghdad."""
    more = {"price_list_zoho_id": WHOLESALE} if wholesale else {}
    save_parties([customer(zoho_id, **more, **values)], at=NOON)
    found = Customer.objects.select_related("price_list").get(zoho_id=zoho_id)
    if not CustomerAddress.objects.filter(customer=found).exists():
        add_address(found.pk, address(), at=NOON)
    return found


def address(**values: Any) -> AddressValues:
    return AddressValues(**{"governorate": "IQ-BG", "district": "Karrada", "phone": "+9647701234567", **values})


def owner(customer: Customer | None = None, guest_key: str = "") -> Owner:
    return Owner(customer=customer, guest_key=guest_key, app_settings=AppSettings.objects.current())


def wanted(**quantities: int) -> list[Wanted]:
    keys = dict(Product.objects.filter(zoho_id__in=quantities).values_list("zoho_id", "pk"))
    return [Wanted(product_id=keys[one], quantity=quantity) for one, quantity in quantities.items()]


def choices(**values: Any) -> dict[str, Any]:
    """Courier and a card: payments by card are not rounded to notes."""
    delivery = DeliveryMethod.objects.order_by("pk").first()
    return {"delivery_method_id": delivery and delivery.pk, "payment_method": "card", **values}


def ask(customer: Customer | None, *codes: str, at: Any = LATER, lines: Any = None, **quantities: int) -> Quote:
    """A quote for these products with courier and card."""
    lines = wanted(**quantities) if lines is None else lines
    return quote(customer=customer, lines=lines, coupon_codes=codes, at=at, **choices())


def order(customer: Customer, *codes: str, at: Any = LATER, **quantities: int) -> AppOrder:
    """Agree to the quote of now and place the order."""
    return agree(customer, ask(customer, *codes, at=at, **quantities), *codes, at=at, **quantities)


def agree(customer: Customer, agreed: Quote, *codes: str, at: Any = LATER, **quantities: int) -> AppOrder:
    """Place an order for what was quoted before."""
    placing = Placing(quote_hash=agreed.hash, lines=wanted(**quantities), coupon_codes=codes, **choices())
    return place(customer.pk, placing, placed_by=None, at=at)


def promote(kind: str = "percentage", value: str = "10", *, targets: Any = None, **values: Any) -> Promotion:
    """A promotion that runs; `targets` are keywords of each target."""
    currency = "IQD" if kind == "fixed" or "minimum" in values or "most" in values else ""
    gives = "0" if kind in ("buy_x_get_y", "free_shipping") else value
    row = Promotion(**{"kind": kind, "value": Decimal(gives), "name_en": kind, "currency": currency, **values})
    save_promotion(row, None if targets is None else [PromotionTarget(**one) for one in targets], at=NOON)
    return row
