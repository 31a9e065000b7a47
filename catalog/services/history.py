"""Forget what happened long ago: changes of prices and returns to stock."""

from __future__ import annotations

from datetime import datetime

from django.db import models

from catalog.models import BackInStock, PriceChange

KEPT_AS_HISTORY: tuple[type[models.Model], ...] = (PriceChange, BackInStock)


def prune_history(*, before: datetime, at_most: int = 1_000) -> int:
    """Delete what happened before then, at most so many rows of each table; how many. Call it until it answers 0."""
    pruned = 0
    for model in KEPT_AS_HISTORY:
        oldest = model._default_manager.filter(at__lt=before).order_by("at").values_list("pk", flat=True)[:at_most]
        pruned += model._default_manager.filter(pk__in=list(oldest)).delete()[0]
    return pruned
