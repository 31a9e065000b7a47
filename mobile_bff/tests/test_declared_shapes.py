"""Every answer has the members that the API's description names, no more and no fewer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from rest_framework import serializers

from mobile_bff import catalogue_shapes, shapes
from mobile_bff.tests.builders import customer, on_sale, pictured
from mobile_bff.tests.buying import home_of, line, phone_of, promotion, quote_hash, ways_to_buy

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_limits(settings):
    settings.MOBILE_LIMITS = dict.fromkeys(settings.MOBILE_LIMITS, 10000)
    cache.clear()


def unlike(shape: Any, told: Any, path: str) -> Iterator[str]:
    """Where what was told is not as the shape says."""
    if told is None:
        if not shape.allow_null:
            yield f"{path}: null"
    elif isinstance(shape, serializers.ListSerializer):
        for place, one in enumerate(told):
            yield from unlike(shape.child, one, f"{path}[{place}]")
    elif isinstance(shape, serializers.BaseSerializer):
        yield from (f"{path}.{name}: not declared" for name in told.keys() - shape.fields.keys())
        for name, field in shape.fields.items():
            if name in told:
                yield from unlike(field, told[name], f"{path}.{name}")
            elif field.required:
                yield f"{path}.{name}: missing"


def test_answers_are_as_they_are_declared():
    cable, charger = on_sale("a", "b", brand="TSH")
    pictured(cable)
    courier, _methods = ways_to_buy()
    phone = phone_of(buyer := customer())
    home_of(buyer)
    promotion(code="TEN")
    chosen = {"items": [line(cable)], "shipping_method_id": str(courier.pk), "payment_method": "cod"}
    order = {**chosen, "coupon_codes": ["TEN"]}
    order["quote_hash"] = quote_hash(phone, **order)

    answers = {
        shapes.CartShape: phone.put("cart", items=[line(cable, 2), line(charger, 50)], coupon_codes=["TEN", "NO"]),
        shapes.CheckoutShape: phone.get(f"checkout?shipping_method_id={courier.pk}&payment_method=cod"),
        shapes.BillShape: phone.post("checkout/calculate", **chosen),
        shapes.OrderAnswerShape: phone.send("post", "orders", order, idempotency_key="12345678"),
        shapes.OrdersShape: phone.get("orders"),
        shapes.AddressesShape: phone.get("addresses"),
        shapes.OwnReviewShape: phone.post(f"products/{cable.pk}/reviews", rating=5),
        shapes.ReviewsShape: phone.get(f"products/{cable.pk}/reviews"),
        catalogue_shapes.HomeShape: phone.get("home"),
        catalogue_shapes.ProductAnswerShape: phone.get(f"products/{cable.pk}?include=related"),
        catalogue_shapes.RelatedShape: phone.get(f"products/{cable.pk}/related"),
    }

    assert {answer.status_code for answer in answers.values()} <= {200, 201}
    assert [one for shape, answer in answers.items() for one in unlike(shape(), answer.json(), shape.__name__)] == []
