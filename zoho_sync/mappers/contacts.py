from __future__ import annotations

from decimal import Decimal
from typing import Any

from commerce.lengths import LINE, SHORT, WORD
from commerce.values import (
    AddressValues,
    ContactPersonValues,
    CustomerBalanceValues,
    CustomerValues,
    VendorBalanceValues,
    VendorValues,
)
from zoho_sync.mappers.custom_fields import read_custom_fields
from zoho_sync.mappers.parts import (
    ADDRESS_KEYS,
    read_first_text,
    read_payment_terms,
    read_rows,
    read_word,
)
from zoho_sync.mappers.record import Record

ADDRESSES = {"billing_address": "billing", "shipping_address": "shipping", "addresses": "other"}
LONG_ADDRESS_KEYS = ("address", "street2")


def map_contact(record: Record) -> CustomerValues | VendorValues:
    """Zoho contact → customer or vendor, as `contact_type` says. Pure.

    A contact without a type cannot be placed: MappingError("contact_type").
    """
    is_customer: bool = record.choice("contact_type", {"customer": True, "vendor": False})
    return _map_customer(record) if is_customer else _map_vendor(record)


def _map_customer(record: Record) -> CustomerValues:
    # Organisations that assign contacts to people call it the owner.
    salesperson = "salesperson" if record.has("salesperson_id") else "owner"
    return CustomerValues(
        **_read_party(record),
        sub_type=read_word(record, "customer_sub_type"),
        credit_limit=record.money("credit_limit"),
        price_list_zoho_id=record.identifier("pricebook_id", ""),
        price_list_name=record.text("pricebook_name", "", limit=LINE),
        salesperson_zoho_id=record.identifier(f"{salesperson}_id", ""),
        salesperson_name=record.text(f"{salesperson}_name", "", limit=LINE),
        balances=_read_customer_balances(record),
    )


def _map_vendor(record: Record) -> VendorValues:
    return VendorValues(**_read_party(record), balances=_read_vendor_balances(record))


def _read_party(record: Record) -> dict[str, Any]:
    people = read_rows(record, "contact_persons")
    primary = _find_primary(people or [])
    return {
        "zoho_id": record.identifier("contact_id"),
        "name": record.text("contact_name", limit=LINE),
        "company_name": record.text("company_name", "", limit=LINE),
        "first_name": _read_personal(record, primary, "first_name", SHORT),
        "last_name": _read_personal(record, primary, "last_name", SHORT),
        "legal_name": record.text("legal_name", "", limit=LINE),
        "email": _read_personal(record, primary, "email", LINE),
        "phone": _read_personal(record, primary, "phone", SHORT),
        "mobile": _read_personal(record, primary, "mobile", SHORT),
        "website": record.text("website", "", limit=LINE),
        "language": record.text("language_code", "", limit=WORD),
        "is_active": record.choice("status", {"active": True, "inactive": False}, default=True),
        "currency": record.text("currency_code", "", limit=10).strip(),
        "currency_zoho_id": record.identifier("currency_id", ""),
        "payment_terms": read_payment_terms(record),
        "payment_terms_label": record.text("payment_terms_label", "", limit=SHORT),
        "opening_balance": _read_opening_balance(record),
        "notes": record.text("notes", ""),
        "is_taxable": record.boolean("is_taxable"),
        "tax_zoho_id": record.identifier("tax_id", ""),
        "tax_name": record.text("tax_name", "", limit=LINE),
        "tax_percentage": record.rate("tax_percentage"),
        "tax_treatment": read_first_text(record, "tax_treatment", "gst_treatment", "vat_treatment", limit=SHORT),
        "tax_number": read_first_text(record, "tax_reg_no", "gst_no", "vat_reg_no", limit=SHORT),
        "place": record.text("place_of_contact", "", limit=SHORT),
        "custom_fields": read_custom_fields(record),
        "zoho_created_at": record.moment("created_time"),
        "zoho_modified_at": record.moment("last_modified_time"),
        "contact_persons": None if people is None else tuple(map(_read_person, people)),
        "addresses": _read_addresses(record),
    }


def _read_opening_balance(record: Record) -> Decimal | None:
    """Details tell it for each branch; amounts of several branches are not added up."""
    branches = read_rows(record, "opening_balances") or []
    source = branches[0] if len(branches) == 1 and not record.has("opening_balance_amount") else record
    return source.money("opening_balance_amount")


def _find_primary(people: list[Record]) -> Record:
    """Details tell phones and e-mail only with the contact person who is the primary one."""
    return next((person for person in people if person.boolean("is_primary_contact")), Record({}))


def _read_personal(record: Record, primary: Record, key: str, limit: int) -> str:
    text: str = record.text(key, "", limit=limit) or primary.text(key, "", limit=limit)
    return text


def _read_person(person: Record) -> ContactPersonValues:
    return ContactPersonValues(
        zoho_id=person.identifier("contact_person_id", ""),
        salutation=person.text("salutation", "", limit=WORD),
        first_name=person.text("first_name", "", limit=SHORT),
        last_name=person.text("last_name", "", limit=SHORT),
        email=person.text("email", "", limit=LINE),
        phone=person.text("phone", "", limit=SHORT),
        mobile=person.text("mobile", "", limit=SHORT),
        designation=person.text("designation", "", limit=LINE),
        department=person.text("department", "", limit=LINE),
        is_primary=bool(person.boolean("is_primary_contact")),
    )


def _read_addresses(record: Record) -> tuple[AddressValues, ...] | None:
    if all(read_rows(record, key) is None for key in ADDRESSES):
        return None
    return tuple(
        _read_address(address, kind)
        for key, kind in ADDRESSES.items()
        for address in read_rows(record, key) or []
        if any(address.has(part) for part in ADDRESS_KEYS)
    )


def _read_address(address: Record, kind: str) -> AddressValues:
    limits = {key: None if key in LONG_ADDRESS_KEYS else SHORT for key in ADDRESS_KEYS} | {"attention": LINE}
    return AddressValues(
        kind=kind,
        zoho_id=address.identifier("address_id", ""),
        **{key: address.text(key, "", limit=limit) for key, limit in limits.items()},
    )


def _read_customer_balances(record: Record) -> tuple[CustomerBalanceValues, ...] | None:
    balance = CustomerBalanceValues(
        currency=record.text("currency_code", "", limit=10).strip(),
        receivable=record.money("outstanding_receivable_amount"),
        receivable_base=record.money("outstanding_receivable_amount_bcy"),
        unused_credits=record.money("unused_credits_receivable_amount"),
        unused_credits_base=record.money("unused_credits_receivable_amount_bcy"),
    )
    return None if balance.receivable is None and balance.unused_credits is None else (balance,)


def _read_vendor_balances(record: Record) -> tuple[VendorBalanceValues, ...] | None:
    balance = VendorBalanceValues(
        currency=record.text("currency_code", "", limit=10).strip(),
        payable=record.money("outstanding_payable_amount"),
        payable_base=record.money("outstanding_payable_amount_bcy"),
        unused_credits=record.money("unused_credits_payable_amount"),
        unused_credits_base=record.money("unused_credits_payable_amount_bcy"),
    )
    return None if balance.payable is None and balance.unused_credits is None else (balance,)
