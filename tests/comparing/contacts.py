"""Customers and vendors: Zoho keeps both as contacts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.comparing import readers as read
from tests.comparing.columns import FIELDS, TIMES, Column, Rows, Table, columns, listed


def find_addresses(record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Billing, shipping and further addresses; those without a word in them are none."""
    found = []
    for key, kind in (("billing_address", "billing"), ("shipping_address", "shipping"), ("addresses", "other")):
        several = record.get(key) or []
        found += [{**one, "kind": kind} for one in ([several] if isinstance(several, Mapping) else several)]
    return [one for one in found if read.address(one)]


PARTY = [
    *columns(
        read.text,
        "company_name",
        "first_name",
        "last_name",
        "legal_name",
        "email",
        "phone",
        "mobile",
        "website",
        "payment_terms_label",
        "notes",
        "tax_name",
        name="contact_name",
        language="language_code",
        currency="currency_code",
        currency_zoho_id="currency_id",
        tax_zoho_id="tax_id",
        tax_treatment="tax_treatment",
        tax_number="tax_reg_no",
        place="place_of_contact",
    ),
    *columns(read.number, "payment_terms", "tax_percentage"),
    *columns(read.active, is_active="status"),
    *columns(read.flag, "is_taxable"),
    *FIELDS,
    *TIMES,
]
PERSON = [
    *columns(
        read.text,
        "salutation",
        "first_name",
        "last_name",
        "email",
        "phone",
        "mobile",
        "designation",
        "department",
        zoho_id="contact_person_id",
    ),
    *columns(read.flag_or_no, is_primary="is_primary_contact"),
]
ADDRESS = [*columns(read.text, *read.ADDRESS_PARTS, "kind", zoho_id="address_id")]


def party_rows(owner: str, side: str) -> tuple[Rows, ...]:
    """Persons, addresses and the balance of a customer (side receivable) or vendor (payable)."""
    balance = [
        *columns(read.text, currency="currency_code"),
        *columns(
            read.number,
            **{
                side: f"outstanding_{side}_amount",
                f"{side}_base": f"outstanding_{side}_amount_bcy",
                "unused_credits": f"unused_credits_{side}_amount",
                "unused_credits_base": f"unused_credits_{side}_amount_bcy",
            },
        ),
    ]
    below = f"{owner}__zoho_id"
    return (
        Rows("person", "commerce.contactperson", below, PERSON, listed("contact_persons"), ("contact_persons",)),
        Rows(
            "address",
            "commerce.zohoaddress",
            below,
            ADDRESS,
            find_addresses,
            ("billing_address", "shipping_address", "addresses"),
        ),
        Rows("balance", f"commerce.{owner}balance", below, balance, lambda record: [record], (), order=("currency",)),
    )


CONTACTS = (
    Table(
        "contact",
        "contact_id",
        "commerce.customer",
        [
            *PARTY,
            *columns(
                read.text,
                price_list_zoho_id="pricebook_id",
                price_list_name="pricebook_name",
                salesperson_zoho_id=("salesperson_id", "owner_id"),
                salesperson_name=("salesperson_name", "owner_name"),
            ),
            Column("price_list__zoho_id", ("pricebook_id",), read.text_or_none),
            Column("salesperson__zoho_id", ("salesperson_id", "owner_id"), read.text_or_none),
            *columns(read.word, sub_type="customer_sub_type"),
            *columns(read.number, "credit_limit"),
        ],
        party_rows("customer", "receivable"),
        belongs=lambda record: record["contact_type"] == "customer",
    ),
    Table(
        "contact",
        "contact_id",
        "commerce.vendor",
        PARTY,
        party_rows("vendor", "payable"),
        belongs=lambda record: record["contact_type"] == "vendor",
    ),
)
