"""Between the phones and the selling services: whose cart, and what their refusals are called here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from commerce.models.carts import MOST_LINES, MOST_QUANTITY
from commerce.refusals import SellingRefused
from commerce.services.carts import Owner
from mobile_bff.callers import Caller
from mobile_bff.errors import REFUSALS, Refused

TOLD = ("version", "most")
"""Details of a refusal that phones are told; the others are ours."""

Sent = Sequence[Mapping[str, Any]]


def owner_of(caller: Caller) -> Owner:
    """Whose cart it is: the customer's, or that of a guest's phone. 422 when staff named no customer."""
    if caller.customer is None and caller.user is not None:
        caller.need_customer()
    return Owner(customer=caller.customer, guest_key=caller.guest_key or "", app_settings=caller.settings)


@contextmanager
def refusals(sent: Sent = ()) -> Iterator[None]:
    """Refusals of the services as answers; `sent` are the lines of the body, to name the one that is meant."""
    try:
        yield
    except SellingRefused as refused:
        raise told(refused, sent) from refused


def told(refused: SellingRefused, sent: Sent = ()) -> Refused:
    members = {name: refused.details[name] for name in TOLD if name in refused.details}
    _status, detail = REFUSALS[refused.code]
    field = _path(refused, sent)
    errors = [{"field": field, "code": refused.code, "detail": detail}] if field else []
    return Refused(refused.code, errors=errors, **members)


def check_lines(sent: Sent) -> dict[int, int]:
    """The lines of a body as quantities by product, those of one product together, in the order they came.

    422 for more than 100 lines and for quantities that nobody can order.
    """
    if len(sent) > MOST_LINES:
        raise Refused("too_many_lines", most=MOST_LINES)
    quantities: dict[int, int] = {}
    errors = []
    for place, line in enumerate(sent):
        together = quantities.get(line["product_id"], 0) + line["quantity"]
        if line["quantity"] < 1 or together > MOST_QUANTITY:
            errors.append(problem_at(f"items[{place}].quantity", "quantity_out_of_range"))
        quantities[line["product_id"]] = together
    if errors:
        raise Refused("quantity_out_of_range", errors=errors)
    return quantities


def unknown_products(product_ids: Sequence[int], sent: Sent) -> Refused:
    """422: products that do not exist, each by its place in the body."""
    unknown = {*product_ids}
    places = [place for place, line in enumerate(sent) if line["product_id"] in unknown]
    return Refused(
        "unknown_product", errors=[problem_at(f"items[{place}].product_id", "unknown_product") for place in places]
    )


def _path(refused: SellingRefused, sent: Sent) -> str:
    """Where the value stands that was refused: in the body's lines, or beside them."""
    product_id = refused.details.get("product_id")
    place = next((at for at, line in enumerate(sent) if line["product_id"] == product_id), None)
    if place is None or refused.field not in ("product_id", "quantity"):
        return refused.field
    return f"items[{place}].{refused.field}"


def problem_at(field: str, code: str) -> dict[str, Any]:
    """One of the `errors` of a refusal, with the words of its code."""
    return {"field": field, "code": code, "detail": REFUSALS[code][1]}
