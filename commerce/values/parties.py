from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class ContactPersonValues:
    zoho_id: str = ""
    salutation: str = ""
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    mobile: str = ""
    designation: str = ""
    department: str = ""
    is_primary: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class AddressValues:
    """An address; `kind` is billing, shipping or other."""

    kind: str
    zoho_id: str = ""
    attention: str = ""
    address: str = ""
    street2: str = ""
    city: str = ""
    state: str = ""
    state_code: str = ""
    zip: str = ""
    country: str = ""
    country_code: str = ""
    phone: str = ""
    fax: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class CustomerBalanceValues:
    """What a customer owes and what we owe back, in `currency`; `*_base` in the base currency."""

    currency: str = ""
    receivable: Decimal | None = None
    receivable_base: Decimal | None = None
    unused_credits: Decimal | None = None
    unused_credits_base: Decimal | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class VendorBalanceValues:
    """What we owe a vendor and what the vendor owes back, in `currency`; `*_base` in the base currency."""

    currency: str = ""
    payable: Decimal | None = None
    payable_base: Decimal | None = None
    unused_credits: Decimal | None = None
    unused_credits_base: Decimal | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PartyValues:
    """What customers and vendors have in common. `payment_terms` in days, negative ones are Zoho's special terms."""

    zoho_id: str
    name: str
    company_name: str = ""
    first_name: str = ""
    last_name: str = ""
    legal_name: str = ""
    email: str = ""
    phone: str = ""
    mobile: str = ""
    website: str = ""
    language: str = ""
    is_active: bool = True
    currency: str = ""
    currency_zoho_id: str = ""
    payment_terms: int | None = None
    payment_terms_label: str = ""
    opening_balance: Decimal | None = None
    notes: str = ""
    is_taxable: bool | None = None
    tax_zoho_id: str = ""
    tax_name: str = ""
    tax_percentage: Decimal | None = None
    tax_treatment: str = ""
    tax_number: str = ""
    place: str = ""
    custom_fields: list[dict[str, Any]] = field(default_factory=list)
    zoho_created_at: datetime | None = None
    zoho_modified_at: datetime | None = None
    contact_persons: tuple[ContactPersonValues, ...] | None = None
    addresses: tuple[AddressValues, ...] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CustomerValues(PartyValues):
    """A customer; `credit_limit` in the base currency."""

    sub_type: str = ""
    credit_limit: Decimal | None = None
    price_list_zoho_id: str = ""
    price_list_name: str = ""
    salesperson_zoho_id: str = ""
    salesperson_name: str = ""
    balances: tuple[CustomerBalanceValues, ...] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class VendorValues(PartyValues):
    balances: tuple[VendorBalanceValues, ...] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class LocalPartyFields:
    """What staff keep about a partner beside Zoho."""

    name_ar: str
    local_notes: str
