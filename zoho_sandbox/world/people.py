"""Contacts: customers with Arabic names and the gaps of real address books, vendors abroad."""

from __future__ import annotations

from zoho_sandbox.wire import Record
from zoho_sandbox.world import words
from zoho_sandbox.world.company import currency
from zoho_sandbox.world.prices import sales_lists
from zoho_sandbox.world.state import World, money

# Of the real 2,503 contacts 647 have neither phone nor e-mail; 215 phones are shared.
WITHOUT_REACH, SHARED_PHONE, LATIN_NAME = 647 / 2503, 215 / 2503, 0.03
SHARED_NUMBER = "07701234567"
EMPTY_ADDRESS = {
    "address_id": "",
    "attention": "",
    "address": "",
    "street2": "",
    "city": "",
    "state": "",
    "state_code": "",
    "zip": "",
    "country": "",
    "country_code": "",
    "phone": "",
    "fax": "",
}


def add_contacts(world: World, count: int, vendors: int) -> None:
    """`count` contacts, `vendors` of them vendors."""
    for _ in range(count - vendors):
        world.add("contact", new_customer(world), created=world.past(900))
    for _ in range(vendors):
        world.add("contact", new_vendor(world), created=world.past(900))


def new_customer(world: World) -> Record:
    """A customer record, not yet stored."""
    random = world.random
    if random.random() < LATIN_NAME:
        name = f"{random.choice(words.LATIN_CUSTOMERS)} {random.randint(1, 400)}"
    elif random.random() < 0.5:
        name = (
            f"{random.choice(words.FIRST_NAMES)} {random.choice(words.FIRST_NAMES)} {random.choice(words.FAMILY_NAMES)}"
        )
    else:
        name = f"{random.choice(words.SHOPS)} {random.choice(words.SHOP_NAMES)} {random.choice(words.TRADES)}"
    prices = random.choice(sales_lists(world)) if random.random() < 0.8 else None
    code = prices["currency_code"] if prices else "IQD"
    record = _contact(world, name, "customer", code)
    governorate, district = random.choice(words.CITIES)
    record["billing_address"] = EMPTY_ADDRESS | {
        "address_id": world.new_id(),
        "address": f"شارع {random.randint(1, 60)}",
        "city": district,
        "state": governorate,
        "country": "العراق",
        "country_code": "IQ",
    }
    if prices:
        record |= {"pricebook_id": prices["pricebook_id"], "pricebook_name": prices["name"]}
    if random.random() < 0.3:
        record["credit_limit"] = money(random.choice((1000, 5000, 20000)) if code == "USD" else 5_000_000)
    if random.random() >= WITHOUT_REACH:
        phone = SHARED_NUMBER if random.random() < SHARED_PHONE else f"077{random.randint(10**7, 10**8 - 1)}"
        _add_person(world, record, name, phone=phone, email="")
    return record


def new_vendor(world: World) -> Record:
    """A vendor record, not yet stored."""
    number = world.random.randint(1, 900)
    name = f"{world.random.choice(words.VENDORS)} {number}"
    record = _contact(world, name, "vendor", world.random.choice(("USD", "USD", "CNY", "IQD")))
    _add_person(
        world,
        record,
        f"Sales {number}",
        phone=f"+86 {world.random.randint(10**10, 10**11 - 1)}",
        email=f"sales{number}@vendor.example",
    )
    return record


def _contact(world: World, name: str, kind: str, code: str) -> Record:
    money_of = currency(world, code)
    owner = world.random.choice([user for user in world.records("user") if user["user_role"] == "sales"])
    terms = world.random.choice((0, 0, 7, 30))
    return {
        "contact_id": world.new_id(),
        "contact_name": name,
        "company_name": name if kind == "vendor" else "",
        "contact_type": kind,
        "customer_sub_type": "business" if kind == "customer" else "",
        "status": "active" if world.random.random() < 0.93 else "inactive",
        "payment_terms": terms,
        "payment_terms_label": f"Net {terms}" if terms else "Due on Receipt",
        "currency_id": money_of["currency_id"],
        "currency_code": code,
        "currency_symbol": money_of["currency_symbol"],
        "price_precision": money_of["price_precision"],
        "credit_limit": "",
        "pricebook_id": "",
        "pricebook_name": "",
        "language_code": "",
        "website": "",
        "facebook": "",
        "twitter": "",
        "source": "csv",
        "is_linked_with_zohocrm": False,
        "has_transaction": False,
        "owner_id": owner["user_id"] if kind == "customer" else "",
        "owner_name": owner["name"] if kind == "customer" else "",
        "outstanding_receivable_amount": money(0),
        "outstanding_receivable_amount_bcy": money(0),
        "outstanding_payable_amount": money(0),
        "outstanding_payable_amount_bcy": money(0),
        "unused_credits_receivable_amount": money(0),
        "unused_credits_receivable_amount_bcy": money(0),
        "unused_credits_payable_amount": money(0),
        "unused_credits_payable_amount_bcy": money(0),
        "first_name": "",
        "last_name": "",
        "email": "",
        "phone": "",
        "mobile": " ",
        "primary_contact_id": "",
        "billing_address": dict(EMPTY_ADDRESS),
        "shipping_address": dict(EMPTY_ADDRESS),
        "addresses": [],
        "contact_persons": [],
        "opening_balances": [],
        "default_templates": {},
        "notes": "",
        "tags": [],
        "custom_fields": [],
        "custom_field_hash": {},
    }


def _add_person(world: World, contact: Record, name: str, *, phone: str, email: str) -> None:
    first, _, last = name.partition(" ")
    person = {
        "contact_person_id": world.new_id(),
        "salutation": "",
        "first_name": first,
        "last_name": last,
        "email": email,
        "phone": phone,
        "mobile": phone,
        "is_primary_contact": True,
    }
    contact["contact_persons"] = [person]
    contact["primary_contact_id"] = person["contact_person_id"]
    contact |= {"first_name": first, "last_name": last, "email": email, "phone": phone, "mobile": phone}


def contacts(world: World, kind: str) -> list[Record]:
    """Active contacts of one kind: customer or vendor."""
    return [
        record for record in world.records("contact") if record["contact_type"] == kind and record["status"] == "active"
    ]
