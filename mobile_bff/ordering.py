"""Placed orders as the phones see them: what was agreed, which nothing changes afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from catalog.models import ProductImage
from commerce.choices import Governorate
from commerce.models import AppOrder, AppOrderLine
from commerce.models.naming import in_language
from mobile_bff.cards import product_image
from mobile_bff.money import moment, money

Answer = dict[str, Any]
STORED = ("items_subtotal", "items_discount", "shipping", "shipping_discount", "tax", "total", "rounding_adjustment")


def order_head(order: AppOrder, item_count: int) -> Answer:
    """A line of the list of orders."""
    return {
        "id": str(order.pk),
        "number": order.number,
        "status": str(order.status),
        "status_name": order.get_status_display(),
        "placed_at": moment(order.placed_at),
        "item_count": item_count,
        "payable": money(order.payable, order.currency),
        "can_cancel": order.can_be_cancelled,
    }


def order_detail(
    order: AppOrder,
    lines: Sequence[AppOrderLine],
    images: Mapping[int, Sequence[ProductImage]],
    language: str,
) -> Answer:
    """The whole order, with the address as it was when it was placed."""
    currency = order.currency
    totals = {name: money(getattr(order, name), currency) for name in STORED}
    saved = order.items_discount + order.shipping_discount
    delivery = {"id": _id(order.delivery_method_id), "name": order.delivery_name} if order.delivery_name else None
    return {
        **order_head(order, len(lines)),
        "currency": currency,
        "items": [_line(line, images, currency, language) for line in lines],
        "totals": {**totals, "payable": money(order.payable, currency), "you_save": money(saved, currency)},
        "coupon_codes": [*order.coupon_codes],
        "address": _address(order.address) if order.address else None,
        "shipping_method": delivery,
        "payment_method": {"code": order.payment_code, "name": order.payment_name},
        "note": order.note,
        "cancelled_at": moment(order.cancelled_at),
    }


def _line(line: AppOrderLine, images: Mapping[int, Sequence[ProductImage]], currency: str, language: str) -> Answer:
    return {
        "product_id": str(line.product_id),
        "name": in_language(line.product_name_ar, line.product_name, language),
        "sku": line.sku or None,
        "image": next((product_image(row) for row in images.get(line.product_id, ())), None),
        "quantity": line.quantity,
        "unit_price": money(line.unit_price, currency),
        "subtotal": money(line.subtotal, currency),
        "discount": money(line.discount, currency),
        "tax": money(line.tax, currency),
        "total": money(line.total, currency),
    }


def _address(kept: Mapping[str, Any]) -> Answer:
    names = ("label", "recipient", "phone", "governorate", "district", "landmark", "details")
    code = kept.get("governorate") or ""
    return {
        "id": _id(kept.get("id")),
        **{name: kept.get(name) or "" for name in names},
        "governorate_name": str(dict(Governorate.choices).get(code, code)),
        "lat": kept.get("latitude"),
        "lng": kept.get("longitude"),
    }


def _id(key: int | None) -> str | None:
    return None if key is None else str(key)
