"""Price lists are the catalogue's; the currencies that Zoho names in them by their id only are ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from catalog.services import price_lists
from catalog.values import PriceListValues
from commerce.models import Currency
from tsh_erp.common.upsert import Saved


def save_price_lists(values: Sequence[PriceListValues], *, at: datetime) -> Saved:
    """`catalog.services.price_lists.save_price_lists`, with the code of a currency of which only the id is stated.

    It stays unknown as long as the currency is not here; then `attach_currencies` fills it in.
    """
    nameless = {one.currency_zoho_id for one in values if not one.currency} - {""}
    codes = _codes(nameless)
    named = [one if one.currency else replace(one, currency=codes.get(one.currency_zoho_id, "")) for one in values]
    return price_lists.save_price_lists(named, at=at)


def attach_currencies(zoho_ids: Sequence[str], *, at: datetime | None = None) -> int:
    """Give price lists that came before their currency its code, and work out their prices; how many lists."""
    return price_lists.name_currencies(_codes(zoho_ids), at=at)


def _codes(zoho_ids: Sequence[str] | set[str]) -> dict[str, str]:
    if not zoho_ids:
        return {}
    known = Currency.objects.filter(zoho_id__in=sorted(zoho_ids)).exclude(code="")
    return {str(zoho_id): code for zoho_id, code in known.values_list("zoho_id", "code")}
