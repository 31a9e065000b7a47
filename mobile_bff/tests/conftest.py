from __future__ import annotations

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    """Counts of requests and kept category trees belong to one test."""
    cache.clear()
