"""The settings side of the books: organisation, currencies, taxes, users, locations."""

from __future__ import annotations

from decimal import Decimal

from zoho_sandbox.clock import START
from zoho_sandbox.wire import Record
from zoho_sandbox.world.state import World, money

CURRENCIES = (
    ("IQD", "IQD- Iraqi Dinar", "د.ع.", 0, Decimal("1")),
    ("USD", "USD- US Dollar", "$", 2, Decimal("1480.00")),
    ("CNY", "CNY- Yuan Renminbi", "¥", 2, Decimal("204.50")),
)
USERS = (
    ("مدير النظام", "owner@sandbox.example", "admin", "active"),
    ("حيدر الساعدي", "haider@sandbox.example", "sales", "active"),
    ("زينب الكعبي", "zainab@sandbox.example", "sales", "active"),
    ("علي اللامي", "ali@sandbox.example", "staff", "active"),
    ("Former Employee", "", "staff", "inactive"),
)
LOCATIONS = (
    ("المخزن الرئيسي", "بغداد", True),
    ("معرض الكرادة", "بغداد", False),
    ("مخزن البصرة", "البصرة", False),
)


def open_company(world: World) -> None:
    """Currencies (IQD is the base), taxes and a tax group, users, three locations."""
    for code, name, symbol, precision, rate in CURRENCIES:
        currency: Record = {
            "currency_id": world.new_id(),
            "currency_code": code,
            "currency_name": name,
            "currency_symbol": symbol,
            "price_precision": precision,
            "currency_format": "1,234,567.89" if precision else "1,234,567",
            "is_base_currency": code == "IQD",
            "exchange_rate": rate,
            "effective_date": "" if code == "IQD" else "2026-01-01",
        }
        world.add("currency", currency, created=world.past(900))
    _add_taxes(world)
    for name, email, role, status in USERS:
        user: Record = {
            "user_id": world.new_id(),
            "role_id": world.new_id(),
            "name": name,
            "email": email,
            "user_role": role,
            "user_type": "zoho",
            "status": status,
            "is_current_user": role == "admin",
            "photo_url": "",
            "is_search360_enabled": "true",
        }
        world.add("user", user, created=world.past(900))
    for name, city, is_primary in LOCATIONS:
        location: Record = {
            "location_id": world.new_id(),
            "location_name": name,
            "type": "general",
            "status": "active",
            "is_primary": is_primary,
            "email": "",
            "phone": "",
            "address": {
                "attention": "",
                "street_address1": "شارع الصناعة" if is_primary else "",
                "street_address2": "",
                "city": city,
                "state": "",
                "state_code": "",
                "country": "العراق",
            },
            "parent_location_id": "",
            "tax_settings_id": "",
            "associated_series_ids": [],
            "is_all_users_selected": True,
            "associated_users": [],
        }
        world.add("location", location, created=world.past(900))


def _add_taxes(world: World) -> None:
    for name, percentage, kind in (
        ("ضريبة 0", "0", "tax"),
        ("Sales tax", "10.00", "tax"),
        ("Import group", "15.00", "tax_group"),
    ):
        tax: Record = {
            "tax_id": world.new_id(),
            "tax_name": name,
            "tax_percentage": int(percentage) if percentage == "0" else money(percentage),
            "tax_type": kind,
            "tax_factor": "rate",
            "tax_specific_type": "",
            "tax_authority_id": "",
            "tax_authority_name": "",
            "is_value_added": False,
            "is_default_tax": False,
            "is_editable": True,
            "status": "Active",
            "tax_groups_details": "",
        }
        world.add("tax", tax, created=world.past(900))


def organization(organization_id: str) -> Record:
    """The company as `/organizations` shows it."""
    return {
        "organization_id": organization_id,
        "name": "TSH Sandbox Trading",
        "contact_name": "مدير النظام",
        "email": "owner@sandbox.example",
        "is_default_org": True,
        "plan_name": "PREMIUM",
        "language_code": "ar",
        "fiscal_year_start_month": 0,
        "account_created_date": START.date().isoformat(),
        "time_zone": "Asia/Baghdad",
        "is_org_active": True,
        "currency_code": "IQD",
        "currency_symbol": "د.ع.",
        "currency_format": "###,##0.00",
        "price_precision": 2,
    }


def currency(world: World, code: str) -> Record:
    """The currency of that code. KeyError when the company does not use it."""
    for record in world.records("currency"):
        if record["currency_code"] == code:
            return record
    raise KeyError(code)


def locations(world: World) -> list[Record]:
    return list(world.records("location"))
