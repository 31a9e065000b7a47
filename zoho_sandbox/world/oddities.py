"""What every grown company has somewhere in its books, and the plain one has not (api.md §4, §6).

Numbers as text, figures that are "", prices by quantity, taxes and free lines on documents, people with several
addresses, an adjustment of value. Called for where all of Zoho's ways are to be seen at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from zoho_sandbox.wire import Record
from zoho_sandbox.world.goods import sellable_items
from zoho_sandbox.world.purchases import new_vendorcredit
from zoho_sandbox.world.sales import is_owed, new_creditnote
from zoho_sandbox.world.state import World, money, stock


def make_odd(world: World) -> int:
    """Change some records of every module, and add a few; how many. Every change moves the record's time."""
    changed = [
        *_settings(world),
        *_items(world),
        *_price_lists(world),
        *_contacts(world),
        *_credits(world),
        *_documents(world),
        *_payments(world),
    ]
    for module, zoho_id in changed:
        world.touch(module, zoho_id)
    return len(changed)


Touched = Iterator[tuple[str, str]]


def _settings(world: World) -> Touched:
    """A currency without a rate, a retired tax, a place that is closed."""
    euro: Record = {
        "currency_id": world.new_id(),
        "currency_code": "EUR",
        "currency_name": "EUR- Euro",
        "currency_symbol": "€",
        "price_precision": 2,
        "currency_format": "1.234.567,89",
        "is_base_currency": False,
        "exchange_rate": 0,
        "effective_date": "",
    }
    yield "currency", world.add("currency", euro)["currency_id"]
    tax = list(world.records("tax"))[-1]
    tax |= {"status": "Inactive", "tax_specific_type": "vat", "is_value_added": True, "tax_authority_name": "الهيئة"}
    yield "tax", tax["tax_id"]
    place = list(world.records("location"))[-1]
    place |= {"status": "inactive", "phone": "0780 000 0000", "email": "basra@sandbox.example"}
    place["address"] |= {"street_address1": "شارع الكورنيش", "attention": "المخزن", "state": "البصرة", "zip": "61001"}
    yield "location", place["location_id"]
    user = list(world.records("user"))[-1]
    user |= {"status": "invited", "name": "موظف جديد"}
    yield "user", user["user_id"]


def _items(world: World) -> Touched:
    tracked = [item for item in world.records("item") if item.get("locations")]
    vendor = next(contact for contact in world.records("contact") if contact["contact_type"] == "vendor")
    tax = next(tax for tax in world.records("tax") if tax["tax_percentage"])
    text, unknown, empty, foreign = tracked[:4]
    text |= {
        "rate": "1,234.50",
        "purchase_rate": "987",
        "reorder_level": "7.00",
        "description": "وصف المنتج\nفي سطرين",
        "purchase_description": "for purchases",
        "brand": "Falcon",
        "manufacturer": "TSH",
        "upc": "012345678905",
        "isbn": "9780306406157",
        "part_number": "PN/7 B",
        "tax_id": tax["tax_id"],
        "tax_name": tax["tax_name"],
        "tax_percentage": tax["tax_percentage"],
        "vendor_id": vendor["contact_id"],
        "vendor_name": vendor["contact_name"],
        "custom_fields": [
            {"api_name": "cf_warranty", "label": "الضمان", "data_type": "number", "value": 12, "customfield_id": "1"},
            {"api_name": "cf_empty", "label": "Empty", "data_type": "text", "value": "", "customfield_id": "2"},
        ],
    }
    yield "item", text["item_id"]
    unknown |= {key: "" for key in unknown if key.endswith("_stock") or key == "stock_on_hand"}
    for place in unknown["locations"][1:]:
        place |= {key: "" for key in place if key.endswith(("_stock", "_on_hand"))}
    yield "item", unknown["item_id"]
    empty["locations"] = empty["locations"][:1]
    empty["locations"][0] |= {"location_stock_on_hand": stock(-7), "location_actual_available_stock": stock("2.5")}
    yield "item", empty["item_id"]
    foreign |= {"category_id": "-1", "category_name": "ROOT", "item_type": "sales_and_purchases", "unit": "  "}
    yield "item", foreign["item_id"]


def _price_lists(world: World) -> Touched:
    books = [book for book in world.records("pricebook") if len(book["pricebook_items"]) > 1]
    volume, percent = books[:2]
    volume |= {"pricing_scheme": "volume", "description": "حسب الكمية", "status": "inactive"}
    volume["pricebook_items"][0] |= {
        "pricing_scheme": "volume",
        "price_brackets": [
            {"start_quantity": 1, "end_quantity": 10, "pricebook_rate": money(9), "pricebook_discount": ""},
            {"start_quantity": "11.00", "end_quantity": "", "pricebook_rate": money("8.5"), "pricebook_discount": "5%"},
        ],
    }
    yield "pricebook", volume["pricebook_id"]
    percent["rounding_type"] = "round_to_dollor_minus_01"
    percent["pricebook_items"][0] |= {"pricebook_rate": "", "pricebook_discount": "7.5%"}
    yield "pricebook", percent["pricebook_id"]


def _contacts(world: World) -> Touched:
    customer = next(contact for contact in world.records("contact") if contact["contact_type"] == "customer")
    vendor = next(contact for contact in world.records("contact") if contact["contact_type"] == "vendor")
    place = customer["billing_address"] | {"city": "الزعفرانية", "zip": 10011, "phone": "1"}
    customer |= {
        "payment_terms": -3,
        "payment_terms_label": "Due end of next month",
        "credit_limit": "2,500.00",
        "notes": "يدفع نهاية الشهر",
        "website": "https://shop.example/؟a=1",
        "language_code": "ar",
        "shipping_address": {**place, "address_id": world.new_id()},
        "addresses": [{**place, "address_id": world.new_id(), "attention": "الفرع"}],
        "custom_fields": [{"api_name": "cf_region", "label": "المنطقة", "data_type": "text", "value": "جنوب"}],
        "contact_persons": [
            _person(world, "سارة", is_primary=True),
            _person(world, "علي", is_primary=False),
        ],
    }
    customer |= {
        "first_name": "سارة",
        "last_name": "",
        "email": "سارة@sandbox.example",
        "phone": "+964 770",
        "mobile": "",
    }
    yield "contact", customer["contact_id"]
    vendor |= {"payment_terms": "", "payment_terms_label": "", "tax_reg_no": "TRN 77", "company_name": ""}
    yield "contact", vendor["contact_id"]


def _person(world: World, name: str, *, is_primary: bool) -> Record:
    return {
        "contact_person_id": world.new_id(),
        "salutation": "السيد",
        "first_name": name,
        "last_name": "",
        "email": f"{name}@sandbox.example",
        "phone": "+964 770",
        "mobile": "",
        "designation": "مدير",
        "department": "المشتريات",
        "is_primary_contact": is_primary,
    }


def _credits(world: World) -> Touched:
    """Credits that are put on what is owed."""
    goods = [(item, 1) for item in sellable_items(world)[:1]]
    for invoice in [record for record in world.records("invoice") if is_owed(record)][:1]:
        customer = world.get("contact", invoice["customer_id"]) or {}
        note = new_creditnote(world, customer, goods, world.clock.advance(), invoice=invoice)
        yield "creditnote", note["creditnote_id"]
        yield "invoice", invoice["invoice_id"]
    for bill in [record for record in world.records("bill") if record["balance"] > 0][:1]:
        vendor = world.get("contact", bill["vendor_id"]) or {}
        credit = new_vendorcredit(world, vendor, goods, world.clock.advance(), bill=bill)
        yield "vendorcredit", credit["vendor_credit_id"]
        yield "bill", bill["bill_id"]


def _documents(world: World) -> Touched:
    """Taxes, discounts, a free line and a rounding on one document of each kind; the total goes on adding up."""
    tax = next(tax for tax in world.records("tax") if tax["tax_percentage"])
    for module in ("salesorder", "invoice", "creditnote", "purchaseorder", "bill", "vendorcredit"):
        for document in list(world.records(module))[:1]:
            first = document["line_items"][0]
            first |= {
                "tax_id": tax["tax_id"],
                "tax_name": tax["tax_name"],
                "tax_type": "tax",
                "tax_percentage": tax["tax_percentage"],
                "discount": "10.00%",
                "discount_amount": money(1),
                "description": "سطر بضريبة",
            }
            free = first | {
                "line_item_id": world.new_id(),
                "item_id": "",
                "sku": "",
                "name": "نقل",
                "discount": money(2),
            }
            document["line_items"].append(free | {"rate": money(0), "item_total": money(0), "quantity": "1.50"})
            document |= {
                "tax_total": money(3),
                "taxes": [{"tax_name": tax["tax_name"], "tax_amount": money(3)}],
                "adjustment": money("-0.5"),
                "adjustment_description": "تقريب",
                "notes": "ملاحظة",
                "terms": "الشروط",
                "reference_number": "R-1/ب",
                "total": document["total"] + money("2.5"),
                "custom_fields": [{"api_name": "cf_car", "label": "Car", "data_type": "text", "value": 7}],
            }
            if "balance" in document:
                document["balance"] += money("2.5")
            yield module, str(document[f"{module}_id" if module != "vendorcredit" else "vendor_credit_id"])
    for adjustment in list(world.records("inventoryadjustment"))[:1]:
        for line in adjustment["line_items"]:
            line |= {"value_adjusted": money(line["item_total"]), "quantity_adjusted": ""}
        adjustment |= {"adjustment_type": "value", "description": "إعادة تقييم"}
        yield "inventoryadjustment", adjustment["inventory_adjustment_id"]


def _payments(world: World) -> Touched:
    for module, account in (("customerpayment", "account"), ("vendorpayment", "paid_through_account")):
        for payment in list(world.records(module))[:1]:
            payment |= {"bank_charges": Decimal("1.25"), "description": "دفعة", "reference_number": "CHK 9"}
            payment |= {f"{account}_id": world.new_id(), "tax_amount_withheld": money("0.75")}
            yield module, payment["payment_id"]
