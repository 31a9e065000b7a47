"""What runs by itself, named by dotted strings in the schedules; each answers in a few words what it did."""

from __future__ import annotations

from django.utils import timezone

from commerce.services.best_sellers import refresh_best_sellers
from commerce.services.carts import prune_guest_carts
from commerce.services.devices import prune_devices
from commerce.services.idempotency import prune_idempotency_keys


def rank_best_sellers() -> str:
    return f"{refresh_best_sellers(at=timezone.now())} ranks changed"


def prune() -> str:
    """Forget guests' carts nobody came back for, the answers to requests of yesterday, and tokens long expired."""
    now = timezone.now()
    carts, answers, tokens = prune_guest_carts(at=now), prune_idempotency_keys(at=now), prune_devices(at=now)
    return f"{carts} carts, {answers} answers and {tokens} tokens removed"
