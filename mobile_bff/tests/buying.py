"""Ways to buy, and short words for what phones send and get when they do."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from commerce.models import Customer, CustomerAccount, CustomerAddress, DeliveryMethod, PaymentMethod, Promotion
from commerce.services.addresses import AddressValues, add_address
from mobile_bff.tests.calling import Phone

AMOUNTS = Mapping[str, Any]


def ways_to_buy() -> tuple[DeliveryMethod, dict[str, PaymentMethod]]:
    """A courier for 5,000 dinars; cash and on account. What a migration brought is closed."""
    DeliveryMethod.objects.update(is_active=False)
    PaymentMethod.objects.update(is_active=False)
    price = {"name_ar": "مندوب", "price": Decimal(5000), "currency": "IQD", "is_active": True}
    courier, _is_new = DeliveryMethod.objects.update_or_create(name_en="Courier", defaults=price)
    kinds = {"cod": "cash", "on_account": "on_account"}
    methods = {
        code: PaymentMethod.objects.update_or_create(
            code=code, defaults={"kind": kind, "name_en": code.title(), "name_ar": code, "is_active": True}
        )[0]
        for code, kind in kinds.items()
    }
    return courier, methods


def home_of(buyer: Customer, **values: Any) -> CustomerAddress:
    """An address in Baghdad."""
    told = {"governorate": "IQ-BG", "district": "Karrada", "phone": "+9647701234567", **values}
    return add_address(buyer.pk, AddressValues(**told), at=timezone.now())


def promotion(**values: Any) -> Promotion:
    """Ten percent off everything, by itself."""
    return Promotion.objects.create(**{"name_en": "Ten", "kind": "percentage", "value": Decimal(10), **values})


def line(product: Any, quantity: Any = 1, **more: Any) -> dict[str, Any]:
    return {"product_id": str(getattr(product, "pk", product)), "quantity": quantity, **more}


def amounts(money: AMOUNTS) -> dict[str, str]:
    """`{"total": {"amount": "5", "currency": "IQD"}}` as `{"total": "5 IQD"}`."""
    return {name: f"{one['amount']} {one['currency']}" for name, one in money.items()}


def quote_hash(phone: Phone, **body: Any) -> str:
    """What one agrees to, as calculate tells it."""
    answer = phone.post("checkout/calculate", **body)
    assert answer.status_code == 200, answer.content
    return answer.json()["quote"]["hash"]


def phone_of(buyer: Customer, number: str = "+9647701112233", **headers: str) -> Phone:
    """The phone of somebody who is signed in for this customer."""
    user = User.objects.create(username=number)
    CustomerAccount.objects.create(user=user, customer=buyer, phone=number)
    return Phone(user, **headers)
