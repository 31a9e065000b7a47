"""What quotes, promotions and orders say in codes, in words for staff."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from commerce.choices import OrderStatus, ReviewStatus
from commerce.promotion_rules import PromotionState
from commerce.quotes import Obstacle, Problem
from commerce.totals import Refusal
from tsh_erp.admin_site.display import Tone

REFUSALS: Mapping[Refusal, str | Promise] = {
    Refusal.UNKNOWN: _("there is no such code, or it is switched off"),
    Refusal.NOT_STARTED: _("it has not begun"),
    Refusal.EXPIRED: _("it is over"),
    Refusal.USAGE_LIMIT: _("all its uses are taken"),
    Refusal.CUSTOMER_LIMIT: _("this customer has used it as often as allowed"),
    Refusal.WRONG_CURRENCY: _("its amounts are in another currency"),
    Refusal.NOT_ELIGIBLE: _("it is not for these products or not for this customer"),
    Refusal.MIN_ORDER: _("the order is too small for it"),
    Refusal.NOT_COMBINABLE: _("others are better for the customer and it does not go with them"),
}
OBSTACLES: Mapping[Obstacle, str | Promise] = {
    Obstacle.UNAVAILABLE: _("not sold: inactive, hidden or gone from Zoho"),
    Obstacle.NO_PRICE: _("no price list of this customer sells it"),
    Obstacle.WRONG_CURRENCY: _("its price is in another currency"),
    Obstacle.INSUFFICIENT_STOCK: _("not enough in stock"),
    Obstacle.PRICE_CHANGED: _("its price has changed"),
    Obstacle.EMPTY_CART: _("the cart is empty"),
    Obstacle.SIGN_IN_REQUIRED: _("guests have to sign in to order"),
    Obstacle.CUSTOMER_INACTIVE: _("the customer is inactive"),
    Obstacle.ADDRESS_REQUIRED: _("the customer has no delivery address"),
    Obstacle.DELIVERY_METHOD_REQUIRED: _("no delivery method is chosen"),
    Obstacle.DELIVERY_METHOD_UNAVAILABLE: _("the delivery method is not open to this order"),
    Obstacle.PAYMENT_METHOD_REQUIRED: _("no payment method is chosen"),
    Obstacle.PAYMENT_METHOD_UNAVAILABLE: _("the payment method is not open to this order"),
}
REASONS: Mapping[str, str | Promise] = {
    "wrong_currency": _("another currency"),
    "governorate": _("it does not go to the governorate of the address"),
    "address_required": _("an address is needed"),
    "sign_in_required": _("only for customers"),
    "no_credit": _("the customer has no credit limit"),
    "credit_limit": _("the credit limit is reached"),
    "no_exchange_rate": _("no exchange rate is known"),
    "on_hold": _("the customer is on hold"),
    "unknown": _("it is switched off or does not exist"),
}
STATE_TONES: Mapping[str, Tone] = {
    PromotionState.RUNNING: Tone.GOOD,
    PromotionState.PLANNED: Tone.BUSY,
    PromotionState.EXHAUSTED: Tone.WARNING,
    PromotionState.OVER: Tone.QUIET,
    PromotionState.OFF: Tone.QUIET,
}
ORDER_TONES: Mapping[str, Tone] = {
    OrderStatus.SUBMITTED: Tone.BUSY,
    OrderStatus.QUEUED: Tone.BUSY,
    OrderStatus.ACCEPTED: Tone.GOOD,
    OrderStatus.FAILED: Tone.BAD,
    OrderStatus.CANCELLED: Tone.QUIET,
}
REVIEW_TONES: Mapping[str, Tone] = {
    ReviewStatus.PENDING: Tone.WARNING,
    ReviewStatus.APPROVED: Tone.GOOD,
    ReviewStatus.REJECTED: Tone.QUIET,
}
NO_CODE = pgettext_lazy("promotion", "by itself")


def tell_problem(problem: Problem) -> str:
    """A problem of a quote as a sentence, with the figures it comes with."""
    words = str(OBSTACLES[problem.code])
    reason = problem.details.get("reason")
    if reason:
        return f"{words}: {REASONS.get(str(reason), reason)}"
    available = problem.details.get("available")
    return words if available is None else f"{words}: {available}"
