"""A small shop, said shortly: lists, products with prices and stock, customers, people who act for them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import Permission, User

from catalog.models import Category, PriceList, Product, ProductImage
from catalog.services.categories import save_categories
from catalog.services.price_lists import save_price_lists
from catalog.services.products import save_products
from catalog.values import CategoryValues, PriceListItemValues, PriceListValues, ProductValues, StockFigures
from commerce.models import AppSettings, Customer, CustomerAccount, ZohoUser

NOON = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
CONSUMERS, WHOLESALE = "consumers", "wholesale"


def shop(**values: Any) -> AppSettings:
    """The settings of the apps, with a price list for consumers."""
    if not PriceList.objects.filter(zoho_id=CONSUMERS).exists():
        sell(CONSUMERS)
    lists = {"consumer_price_list": PriceList.objects.get(zoho_id=CONSUMERS)}
    return AppSettings.objects.update_or_create(pk=1, defaults={**lists, **values})[0]


def goods(*zoho_ids: str, stock: int | None = 20, places: Any = None, **values: Any) -> list[Product]:
    """Products of Zoho's, with so many of each for sale; `places` are their figures in warehouses."""
    save_products(
        [
            ProductValues(
                **{
                    "zoho_id": zoho_id,
                    "name": f"Product {zoho_id}",
                    "sku": f"SKU-{zoho_id}",
                    "base_price": Decimal("9.99"),
                    "base_cost": Decimal("4.44"),
                    "currency": "USD",
                    "totals": StockFigures(accounting_for_sale=None if stock is None else Decimal(stock)),
                    "stock": places,
                    **values,
                }
            )
            for zoho_id in zoho_ids
        ],
        at=NOON,
    )
    found = {row.zoho_id: row for row in Product.objects.filter(zoho_id__in=zoho_ids)}
    return [found[zoho_id] for zoho_id in zoho_ids]


def sell(price_list: str = CONSUMERS, currency: str = "IQD", at: datetime = NOON, **prices: str) -> PriceList:
    """Make these the prices of a list, all of them: `sell("wholesale", p1="900")`; keys are Zoho ids of products."""
    items = tuple(PriceListItemValues(product_zoho_id=key, rate=Decimal(rate)) for key, rate in prices.items())
    values = PriceListValues(
        zoho_id=price_list, name=price_list.title(), kind="per_item", trade="sales", currency=currency, items=items
    )
    save_price_lists([values], at=at)
    return PriceList.objects.get(zoho_id=price_list)


def on_sale(*zoho_ids: str, price: str = "1500", stock: int | None = 20, **values: Any) -> list[Product]:
    """Products that consumers can buy, and no other ones."""
    rows = goods(*zoho_ids, stock=stock, **values)
    sell(CONSUMERS, **dict.fromkeys(zoho_ids, price))
    shop()
    return rows


def categories(**parents: str) -> dict[str, Category]:
    """`categories(cables="", usb="cables")`: names are Zoho ids, the value is the parent's."""
    values = [CategoryValues(zoho_id=key, name=key.title(), parent_zoho_id=up) for key, up in parents.items()]
    save_categories(values, at=NOON)
    return {str(row.zoho_id): row for row in Category.objects.filter(zoho_id__in=parents)}


def pictured(*products: Product) -> None:
    """Give each an image; there are no files behind it."""
    ProductImage.objects.bulk_create(
        ProductImage(
            product=row,
            image=f"pictures/ab/{row.pk:064x}-full.webp",
            width=1200,
            height=900,
            is_primary=True,
            alt_text="Seen from above",
        )
        for row in products
    )


def customer(name: str = "Ali Hasan", price_list: PriceList | None = None, **values: Any) -> Customer:
    """Somebody who buys; unknown to Zoho unless `zoho_id` says otherwise."""
    return Customer.objects.create(name=name, price_list=price_list, currency="IQD", **values)


def account(buyer: Customer, phone: str = "+9647701112233") -> User:
    """The login of a customer's account."""
    user = User.objects.create(username=phone)
    CustomerAccount.objects.create(user=user, customer=buyer, phone=phone)
    return user


def salesperson(name: str = "Sara", zoho_id: str = "sales-1") -> ZohoUser:
    """A salesperson with a login of their own (`.login`)."""
    return ZohoUser.objects.create(zoho_id=zoho_id, name=name, login=User.objects.create(username=f"sales-{zoho_id}"))


def staff(name: str = "Omar") -> User:
    """Staff who may act for any customer."""
    user = User.objects.create(username=name, is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="act_for_customer"))
    return user
