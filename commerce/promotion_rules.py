"""What a promotion must be so that it can be added up and is never ambiguous, and when it does not count."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from commerce.choices import PromotionKind
from commerce.totals import Refusal

if TYPE_CHECKING:
    from commerce.models import Promotion

HUNDRED = Decimal(100)
Wrong = tuple[str, ValidationError]


class PromotionState(TextChoices):
    """Where a promotion stands at a moment, whoever asks."""

    RUNNING = "running", pgettext_lazy("promotion", "running")
    PLANNED = "planned", pgettext_lazy("promotion", "planned")
    EXHAUSTED = "exhausted", pgettext_lazy("promotion", "used up")
    OVER = "over", pgettext_lazy("promotion", "over")
    OFF = "off", pgettext_lazy("promotion", "switched off")


def check_promotion(promotion: Promotion) -> None:
    """ValidationError with every field that is wrong, what is wrong with it, and its value. One query at most."""
    errors: dict[str, list[ValidationError]] = {}
    for name, error in (*_wrong_gift(promotion), *_wrong_limits(promotion)):
        errors.setdefault(name, []).append(error)
    if not errors and promotion.is_active and promotion.is_exclusive:
        for name, error in _wrong_priority(promotion):
            errors.setdefault(name, []).append(error)
    if errors:
        raise ValidationError(errors)


def refusal_of(promotion: Promotion, *, used_by_customer: int, currency: str, at: datetime) -> Refusal | None:
    """Why the promotion does not count now, whatever is in the cart; None: it may. Pure.

    What is switched off is as unknown as what never was.
    """
    reasons = {
        Refusal.UNKNOWN: not promotion.is_active,
        Refusal.NOT_STARTED: promotion.starts_at is not None and at < promotion.starts_at,
        Refusal.EXPIRED: promotion.ends_at is not None and at >= promotion.ends_at,
        Refusal.USAGE_LIMIT: promotion.usage_limit is not None and promotion.used >= promotion.usage_limit,
        Refusal.CUSTOMER_LIMIT: promotion.per_customer_limit is not None
        and used_by_customer >= promotion.per_customer_limit,
        Refusal.WRONG_CURRENCY: promotion.currency not in ("", currency),
    }
    return next((refusal for refusal, holds in reasons.items() if holds), None)


def state_of(promotion: Promotion, *, at: datetime) -> PromotionState:
    """The first that holds of: switched off, over, used up, planned; else it runs. Pure."""
    if not promotion.is_active:
        return PromotionState.OFF
    if promotion.ends_at is not None and at >= promotion.ends_at:
        return PromotionState.OVER
    if promotion.usage_limit is not None and promotion.used >= promotion.usage_limit:
        return PromotionState.EXHAUSTED
    if promotion.starts_at is not None and at < promotion.starts_at:
        return PromotionState.PLANNED
    return PromotionState.RUNNING


def _wrong_gift(promotion: Promotion) -> Iterator[Wrong]:
    kind, value = promotion.kind, promotion.value
    if value is None:
        return  # its own field says so
    if kind == PromotionKind.PERCENTAGE and not 0 < value <= HUNDRED:
        yield _wrong("value", _("%(value)s is no percentage above 0 and up to 100."), value)
    elif kind == PromotionKind.FIXED and value <= 0:
        yield _wrong("value", _("%(value)s is not above 0."), value)
    elif kind in (PromotionKind.BUY_X_GET_Y, PromotionKind.FREE_SHIPPING) and value:
        yield _wrong("value", _("%(value)s means nothing for this kind of promotion; it must be 0."), value)
    for name in ("buy", "get"):
        count = getattr(promotion, name)
        if kind == PromotionKind.BUY_X_GET_Y and not count:
            yield _wrong(name, _("%(value)s is too few: a set has at least one paid and one free unit."), count)
        elif kind != PromotionKind.BUY_X_GET_Y and count:
            yield _wrong(name, _("%(value)s means nothing for this kind of promotion; it must be 0."), count)
    has_amounts = kind == PromotionKind.FIXED or promotion.minimum or promotion.most is not None
    if has_amounts and not promotion.currency:
        yield _wrong("currency", _("Amounts need a currency."), promotion.currency)
    if not (promotion.name_ar or promotion.name_en):
        yield _wrong("name_ar", _("Give it a name in at least one language."), "")


def _wrong_limits(promotion: Promotion) -> Iterator[Wrong]:
    if promotion.minimum is not None and promotion.minimum < 0:
        yield _wrong("minimum", _("%(value)s is below 0."), promotion.minimum)
    if promotion.most is not None and promotion.most <= 0:
        yield _wrong("most", _("%(value)s is not above 0."), promotion.most)
    starts, ends = promotion.starts_at, promotion.ends_at
    if starts is not None and ends is not None and ends <= starts:
        yield _wrong("ends_at", _("%(value)s is not after the start."), ends)
    for name in ("usage_limit", "per_customer_limit"):
        limit = getattr(promotion, name)
        if limit is not None and limit < 1:
            yield _wrong(name, _("%(value)s is not above 0."), limit)


def _wrong_priority(promotion: Promotion) -> Iterator[Wrong]:
    """Two exclusive promotions of one priority at one time: nobody could say which one counts."""
    other = type(promotion).objects.clashing_with(promotion).first()
    if other is not None:
        yield (
            "priority",
            ValidationError(
                _("%(value)s is also the priority of “%(other)s”, which is exclusive at the same time."),
                code="ambiguous",
                params={"value": promotion.priority, "other": other.name},
            ),
        )


def _wrong(name: str, message: Any, value: object) -> Wrong:
    """Not with the code "invalid": forms put words of their own in the place of those messages."""
    return name, ValidationError(message, code="senseless", params={"value": _plain(value)})


def _plain(value: object) -> object:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else value
