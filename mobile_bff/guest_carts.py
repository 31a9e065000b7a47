"""The cart of a guest: known by a secret that the phone keeps and sends in `X-Cart-Key`."""

from __future__ import annotations

import re
from datetime import datetime

from django.contrib.auth.models import User
from rest_framework.request import Request

from commerce.models import AppSettings, CustomerAccount
from commerce.refusals import CartRefused
from commerce.services.carts import Owner, merge_guest_cart

HEADER = "X-Cart-Key"
_KEY = re.compile(r"[A-Za-z0-9_-]{32,64}")


def guest_key(request: Request) -> str | None:
    """The key that the phone sent; None when it sent none, or nothing that could be one."""
    sent = request.headers.get(HEADER, "").strip()
    return sent if _KEY.fullmatch(sent) else None


def take_over(request: Request, user: User, settings: AppSettings, *, at: datetime) -> bool:
    """Put what a guest chose before signing in into the customer's cart; whether there was anything.

    Staff have no cart of their own, so a guest's stays where it is.
    """
    key = guest_key(request)
    if key is None:
        return False
    account = CustomerAccount.objects.filter(user=user).select_related("customer__price_list").first()
    if account is None:
        return False
    owner = Owner(customer=account.customer, app_settings=settings)
    try:
        return merge_guest_cart(key, owner, at=at) is not None
    except CartRefused:  # whatever is the matter with a cart keeps nobody from signing in
        return False
