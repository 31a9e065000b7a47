"""Zoho's API. (Being written; `is_configured()` and `fetch_one(entity, zoho_id)` are what refetch.py expects.)"""

from collections.abc import Mapping
from typing import Any


def is_configured() -> bool:
    return False


def fetch_one(entity: Any, zoho_id: str) -> Mapping[str, Any]:
    raise NotImplementedError
