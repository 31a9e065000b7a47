"""What the phones are told when something is refused: one table of codes, one exception, one handler.

Apps branch on `code` alone; `detail` is for people and in their language.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http.response import HttpResponseBase
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions

from tsh_erp.problems import exception_handler as answer_problem

RETRY_SECONDS = 5  # when the database was busy or away

REFUSALS: Mapping[str, tuple[int, Promise]] = {
    "invalid_request": (400, _("Some values are missing or not valid.")),
    "query_too_short": (400, _("Type what you are looking for.")),
    "invalid_cursor": (400, _("This page marker does not belong to this list. Start again from the first page.")),
    "unknown_field": (400, _("One of the fields asked for does not exist.")),
    "not_authenticated": (401, _("Sign in first.")),
    "token_expired": (401, _("Your sign-in has expired. Sign in again.")),
    "invalid_credentials": (401, _("The phone, e-mail or password is wrong.")),
    "code_required": (401, _("Give the code of your authenticator app, too.")),
    "invalid_code": (401, _("The code is wrong. Wait for the next one and try again.")),
    "second_factor_required": (403, _("Set up your second factor in the admin first.")),
    "permission_denied": (403, _("You are not allowed to do this.")),
    "forbidden_customer": (403, _("This customer is not assigned to you.")),
    "app_update_required": (403, _("This version of the app is too old. Please update it.")),
    "not_found": (404, _("There is nothing at this address.")),
    "unknown_line": (404, _("This line is not in the cart.")),
    "unknown_address": (404, _("There is no such address.")),
    "unknown_review": (404, _("You have not written a review of this product.")),
    "unknown_order": (404, _("There is no such order.")),
    "customer_required": (422, _("Say which customer this is for.")),
    "conflict": (409, _("The request does not fit the present state.")),
    "cart_version_conflict": (409, _("The cart was changed elsewhere. Load it again.")),
    "quote_changed": (409, _("Prices or totals have changed. Look at them again before ordering.")),
    "cannot_be_placed": (409, _("The order cannot be placed like this.")),
    "cannot_be_cancelled": (409, _("This order can no longer be cancelled.")),
    "request_in_progress": (409, _("The same request is still being worked on.")),
    "too_many_addresses": (409, _("You have as many addresses as can be kept. Remove one first.")),
    "gone": (410, _("This is no longer offered.")),
    "invalid_phone": (422, _("This is not a phone number.")),
    "weak_password": (422, _("This password is too easy to guess.")),
    "too_large": (413, _("The request body is too large.")),
    "empty_cart": (422, _("There is nothing in the cart.")),
    "unknown_product": (422, _("There is no such product.")),
    "unavailable": (422, _("This product is not sold at the moment.")),
    "no_price": (422, _("This product has no price for you.")),
    "mixed_currency": (422, _("All prices of a cart must be in its currency.")),
    "quantity_out_of_range": (422, _("The quantity must be between 1 and 9,999.")),
    "too_many_lines": (422, _("A cart holds at most 100 products.")),
    "too_many_codes": (422, _("These are too many codes.")),
    "rating_out_of_range": (422, _("Give one to five stars.")),
    "idempotency_key_reused": (422, _("This key was used for another request.")),
    "wrong_password": (422, _("The current password is wrong.")),
    "unprocessable": (422, _("The request was understood but cannot be carried out.")),
    "invalid_price_range": (422, _("The lowest price is above the highest.")),
    "rate_limited": (429, _("Too many requests. Try again in a moment.")),
    "temporarily_unavailable": (503, _("The service is not available at the moment. Try again shortly.")),
    "maintenance": (503, _("We are working on the shop. Please come back shortly.")),
}
# What REST framework calls by other names.
RENAMED: Mapping[str, str] = {
    "invalid": "invalid_request",
    "parse_error": "invalid_request",
    "authentication_failed": "not_authenticated",
    "throttled": "rate_limited",
}


class Refused(exceptions.APIException):
    """A request that is refused: `status` and `detail` default to those of `code` in `REFUSALS`.

    `errors` are objects with `field`, `code` and `detail`; `members` are added to the problem as they are, such as
    `min_version`; `retry_after` is in seconds and becomes a header too.
    """

    auth_header: str | None = None
    wait: int | None = None

    def __init__(
        self,
        code: str,
        *,
        status: int | None = None,
        detail: str | Promise = "",
        errors: Sequence[Mapping[str, Any]] = (),
        retry_after: int | None = None,
        **members: Any,
    ) -> None:
        known_status, known_detail = REFUSALS.get(code, (status or 400, ""))
        self.status_code = status or known_status
        super().__init__(str(detail or known_detail), code)
        self.errors, self.members = errors, members
        self.wait = retry_after


def bad_value(field: str, detail: str | Promise, *, code: str = "invalid") -> Refused:
    """400: the value of one field or parameter cannot be understood."""
    return Refused("invalid_request", errors=[{"field": field, "code": code, "detail": detail}])


def exception_handler(exc: Exception, context: Mapping[str, Any]) -> HttpResponseBase | None:
    """REST framework's errors under our codes, and the database's troubles as 503; else as everywhere."""
    if isinstance(exc, OperationalError | InterfaceError):
        exc = Refused("temporarily_unavailable", retry_after=RETRY_SECONDS)
    elif isinstance(exc, exceptions.Throttled):
        exc = Refused("rate_limited", retry_after=int(getattr(exc, "wait", None) or 1))
    return answer_problem(exc, {**context, "renamed": RENAMED})
