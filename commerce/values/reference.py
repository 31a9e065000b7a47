from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class TaxValues:
    """A tax, or with `type` "tax_group" several together."""

    zoho_id: str
    name: str = ""
    percentage: Decimal | None = None
    type: str = ""
    specific_type: str = ""
    factor: str = ""
    authority_name: str = ""
    is_value_added: bool | None = None
    is_default: bool = False
    is_active: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class CurrencyValues:
    """A currency; `exchange_rate` is base currency for one unit, in force from `effective_date`."""

    zoho_id: str
    code: str = ""
    name: str = ""
    symbol: str = ""
    price_precision: int | None = None
    number_format: str = ""
    is_base: bool = False
    exchange_rate: Decimal | None = None
    effective_date: dt.date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ZohoUserValues:
    zoho_id: str
    name: str = ""
    email: str = ""
    role: str = ""
    kind: str = ""
    status: str = ""
    zoho_created_at: dt.datetime | None = None
