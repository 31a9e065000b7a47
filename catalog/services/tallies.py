"""Keep what was counted, so that nobody counts the whole catalogue again until it has changed."""

from __future__ import annotations

from collections.abc import Mapping

from catalog.models import CategoryTally


def keep_tally(price_lists: str, stamp: str, counts: Mapping[int, int]) -> None:
    """Remember the products by category of these price lists for these versions. One query."""
    tally = CategoryTally(price_lists=price_lists, stamp=stamp, counts={str(key): n for key, n in counts.items() if n})
    CategoryTally.objects.bulk_create(
        [tally], update_conflicts=True, update_fields=["stamp", "counts"], unique_fields=["price_lists"]
    )
