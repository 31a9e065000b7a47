"""The mappers of commerce: documentation examples, Zoho's habits, and nonsense."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.values import (
    AddressValues,
    BillAllocationValues,
    CustomerBalanceValues,
    CustomerValues,
    InvoiceAllocationValues,
    VendorBalanceValues,
    VendorValues,
)
from zoho_sync.errors import MappingError
from zoho_sync.mappers.adjustments import map_adjustment
from zoho_sync.mappers.bills import map_bill
from zoho_sync.mappers.contacts import map_contact
from zoho_sync.mappers.creditnotes import map_creditnote
from zoho_sync.mappers.currencies import map_currency
from zoho_sync.mappers.invoices import map_invoice
from zoho_sync.mappers.payments import map_customer_payment, map_vendor_payment
from zoho_sync.mappers.purchaseorders import map_purchaseorder
from zoho_sync.mappers.record import Record
from zoho_sync.mappers.salesorders import map_salesorder
from zoho_sync.mappers.taxes import map_tax
from zoho_sync.mappers.users import map_user
from zoho_sync.mappers.vendorcredits import map_vendorcredit

EXAMPLES = Path(__file__).parent / "examples"
MAPPERS = {
    "contact": map_contact,
    "salesorder": map_salesorder,
    "invoice": map_invoice,
    "creditnote": map_creditnote,
    "bill": map_bill,
    "purchaseorder": map_purchaseorder,
    "vendorcredit": map_vendorcredit,
    "customerpayment": map_customer_payment,
    "vendorpayment": map_vendor_payment,
    "adjustment": map_adjustment,
    "tax": map_tax,
    "currency": map_currency,
    "user": map_user,
}
ID_KEYS = {
    "contact": "contact_id",
    "salesorder": "salesorder_id",
    "invoice": "invoice_id",
    "creditnote": "creditnote_id",
    "bill": "bill_id",
    "purchaseorder": "purchaseorder_id",
    "vendorcredit": "vendor_credit_id",
    "customerpayment": "payment_id",
    "vendorpayment": "payment_id",
    "adjustment": "inventory_adjustment_id",
    "tax": "tax_id",
    "currency": "currency_id",
    "user": "user_id",
}


def example(name, *keys):
    """The object under `keys` in the body of a documentation example, parsed as the receiver parses it."""
    text = (EXAMPLES / f"{name}.json").read_text(encoding="utf-8")
    found = json.loads(text, parse_float=Decimal)["body"]
    for key in keys:
        found = found[key]
    return Record(found)


DOCUMENTED = [
    ("contact", "get_contacts", "contacts", 0),
    ("contact", "get_contacts_contact_id", "contact"),
    ("salesorder", "get_salesorders", "salesorders", 0),
    ("salesorder", "get_salesorders_salesorder_id", "salesorder"),
    ("invoice", "get_invoices", "invoices", 0),
    ("invoice", "get_invoices_invoice_id", "invoice"),
    ("creditnote", "get_creditnotes", "creditnotes", 0),
    ("creditnote", "get_creditnotes_creditnote_id", "creditnote"),
    ("bill", "get_bills", "bills", 0),
    ("bill", "get_bills_bill_id", "bill"),
    ("purchaseorder", "get_purchaseorders", "purchaseorders", 0),
    ("purchaseorder", "get_purchaseorders_purchaseorder_id", "purchase_order"),
    ("vendorcredit", "get_vendorcredits", "vendorcredits", 0),
    ("customerpayment", "get_customerpayments", "customerpayments", 0),
    ("customerpayment", "get_customerpayments_payment_id", "payment"),
    ("vendorpayment", "books_get_vendorpayments", "vendorpayments", 0),
    ("vendorpayment", "books_get_vendorpayments_payment_id", "vendorpayment"),
    ("adjustment", "get_inventoryadjustments", "inventory_adjustments", 0),
    ("adjustment", "get_inventoryadjustments_inventory_adjustment_id", "inventory_adjustment"),
    ("tax", "get_settings_taxes", "taxes", 0),
    ("currency", "get_settings_currencies", "currencies", 0),
    ("user", "get_users", "users", 0),
    ("user", "get_users_user_id", "user"),
]


@pytest.mark.parametrize(("kind", "name", "keys"), [(kind, name, keys) for kind, name, *keys in DOCUMENTED])
def test_every_documentation_example_maps(kind, name, keys):
    record = example(name, *keys)

    values = MAPPERS[kind](record)

    assert values.zoho_id == str(record.raw(ID_KEYS[kind]))


@pytest.mark.parametrize("kind", MAPPERS)
def test_a_record_without_its_id_is_refused_by_name(kind):
    with pytest.raises(MappingError) as error:
        MAPPERS[kind](Record({"contact_type": "customer"}))

    assert error.value.field == ID_KEYS[kind]


# --- contacts ---------------------------------------------------------------------------------


def test_a_contact_is_the_customer_or_vendor_that_its_type_says():
    customer = map_contact(Record({"contact_id": "1", "contact_name": "أحمد", "contact_type": "customer"}))
    vendor = map_contact(Record({"contact_id": "2", "contact_name": "Shenzhen", "contact_type": "Vendor"}))

    assert isinstance(customer, CustomerValues)
    assert isinstance(vendor, VendorValues)


@pytest.mark.parametrize("contact_type", [{}, {"contact_type": ""}, {"contact_type": "friend"}])
def test_a_contact_whose_type_is_unknown_is_refused(contact_type):
    with pytest.raises(MappingError) as error:
        map_contact(Record({"contact_id": "1", "contact_name": "x", **contact_type}))

    assert error.value.field == "contact_type"


def test_a_list_row_of_a_contact_tells_balances_but_no_people_and_no_addresses():
    values = map_contact(example("get_contacts", "contacts", 0))

    assert values.balances == (
        CustomerBalanceValues(currency="USD", receivable=Decimal(250), unused_credits=Decimal("1369.66")),
    )
    assert values.contact_persons is None
    assert values.addresses is None
    assert (values.payment_terms, values.payment_terms_label) == (15, "Net 15")
    assert values.zoho_modified_at == datetime(2013, 10, 7, tzinfo=UTC)


def test_a_contact_detail_tells_people_addresses_and_tax_facts():
    values = map_contact(example("get_contacts_contact_id", "contact"))

    assert [(one.first_name, one.is_primary) for one in values.contact_persons] == [("Will", True)]
    assert values.addresses[0] == AddressValues(
        kind="billing",
        attention="Mr.John",
        address="4900 Hopyard Rd",
        street2="Suit 310",
        city="Pleasanton",
        state="California",
        zip="94588",
        country="U.S.A",
    )
    assert [one.kind for one in values.addresses] == ["billing", "shipping"]
    assert (values.tax_number, values.tax_treatment, values.place) == ("22AAAAA0000A1Z5", "business_gst", "TN")
    assert values.opening_balance == Decimal(1200)
    assert values.custom_fields == [{"api_name": "", "label": "VAT ID", "data_type": "", "value": "GBGD078"}]


def test_a_detail_without_phone_and_email_has_those_of_its_primary_person():
    values = map_contact(example("get_contacts_contact_id", "contact"))

    assert values.email == "willsmith@bowmanfurniture.com"
    assert values.mobile == "+1-4054439562"


def test_unknown_figures_of_a_contact_stay_unknown():
    record = {"contact_id": 1, "contact_name": "x", "contact_type": "customer", "credit_limit": "", "payment_terms": ""}

    values = map_contact(Record(record | {"outstanding_receivable_amount": ""}))

    assert values.credit_limit is None
    assert values.payment_terms is None
    assert values.balances is None
    assert values.is_taxable is None


def test_a_vendor_has_payables():
    record = {"contact_id": 1, "contact_name": "x", "contact_type": "vendor", "currency_code": "RMB"}

    values = map_contact(Record(record | {"outstanding_payable_amount": "1,234.50"}))

    assert values.balances == (VendorBalanceValues(currency="RMB", payable=Decimal("1234.50")),)


def test_payment_terms_may_be_negative_but_not_boundless():
    record = {"contact_id": 1, "contact_name": "x", "contact_type": "customer"}

    assert map_contact(Record(record | {"payment_terms": -3})).payment_terms == -3
    with pytest.raises(MappingError, match="payment_terms"):
        map_contact(Record(record | {"payment_terms": 10**12}))


# --- documents --------------------------------------------------------------------------------


def test_the_figures_of_a_sales_order_are_taken_as_sent():
    values = map_salesorder(example("get_salesorders_salesorder_id", "salesorder"))

    assert (values.sub_total, values.tax_total, values.total) == (Decimal(244), Decimal(29), Decimal(350))
    assert (values.discount, values.discount_amount, values.discount_type) == ("20.00%", Decimal(0), "entity_level")
    assert values.shipping_charge == Decimal(7)
    assert values.taxes == [{"name": "Sales Tax", "amount": "29.28"}]
    assert (values.salesperson_zoho_id, values.salesperson_name) == ("4815000000044762", "Lara")
    line = values.lines[0]
    assert (line.product_zoho_id, line.product_name) == ("4815000000044100", "Laptop-white/15inch/dell")
    assert (line.quantity, line.rate, line.item_total) == (Decimal(2), Decimal(122), Decimal(244))
    assert (line.quantity_invoiced, line.quantity_packed, line.quantity_shipped) == (Decimal(2),) * 3
    assert line.warehouse_zoho_id == "460000000038080"
    assert values.parents == (("commerce.customer", "4815000000044080"),)


def test_a_list_row_of_a_document_says_nothing_of_lines():
    row = map_salesorder(example("get_salesorders", "salesorders", 0))
    detail = map_salesorder(example("get_salesorders_salesorder_id", "salesorder"))

    assert (row.lines, row.is_complete) == (None, False)
    assert (len(detail.lines), detail.is_complete) == (1, True)


@pytest.mark.parametrize(("lines", "expected"), [([], ()), ("", None), (None, None), ({}, ())])
def test_an_empty_list_is_known_and_an_empty_text_is_not(lines, expected):
    values = map_invoice(Record({"invoice_id": 1, "customer_id": 2, "line_items": lines}))

    assert values.lines == expected


def test_blanks_in_an_invoice_are_unknown():
    values = map_invoice(example("get_invoices_invoice_id", "invoice"))

    assert values.reference == ""
    assert values.last_payment_date is None
    assert values.salesperson_zoho_id == ""
    assert values.lines[0].unit == ""
    assert (values.payments_applied, values.credits_applied) == (Decimal("26.91"), Decimal("22.43"))


def test_a_discount_is_an_amount_unless_it_is_a_percentage():
    invoice = {"invoice_id": 1, "customer_id": 2}

    assert map_invoice(Record(invoice | {"discount": "12.50"})).discount_amount == Decimal("12.50")
    assert map_invoice(Record(invoice | {"discount": "5%"})).discount_amount is None
    assert map_invoice(Record(invoice | {"discount": "5%", "discount_amount": 3})).discount_amount == Decimal(3)


def test_statuses_are_folded():
    values = map_purchaseorder(example("get_purchaseorders", "purchaseorders", 0))

    assert values.status == "partially_received"


def test_a_purchase_order_is_delivered_to_its_delivery_address_at_its_purchase_rate():
    values = map_purchaseorder(example("get_purchaseorders_purchaseorder_id", "purchase_order"))

    assert values.shipping_address["city"] == "New York City"
    assert values.lines[0].rate == Decimal(122)
    assert values.lines[0].quantity_received == Decimal(2)
    assert values.sales_order_zoho_id == "4815000000044936"


def test_a_bill_takes_the_first_of_its_billing_addresses():
    values = map_bill(example("get_bills_bill_id", "bill"))

    assert values.billing_address == {
        "address": "No:234,90 Church Street",
        "city": "New York City",
        "state": "New York",
        "zip": "10048",
        "country": "U.S.A",
        "fax": "324-524242",
    }
    assert values.purchase_order_zoho_id == "4815000000044972"
    assert values.total is None
    assert values.parents == (("commerce.vendor", "4815000000044080"),)


def test_an_invoice_names_its_sales_order_under_its_own_key_or_in_a_list():
    invoice = {"invoice_id": 1, "customer_id": 2}
    listed = {"salesorders": [{"salesorder_id": "7", "salesorder_number": "SO-7"}]}

    own = map_invoice(Record(invoice | {"salesorder_id": "8", "salesorder_number": "SO-8"}))
    from_list = map_invoice(Record(invoice | listed))

    assert (own.sales_order_zoho_id, own.sales_order_name) == ("8", "SO-8")
    assert (from_list.sales_order_zoho_id, from_list.sales_order_name) == ("7", "SO-7")


def test_a_credit_note_was_modified_at_its_updated_time():
    values = map_creditnote(example("get_creditnotes_creditnote_id", "creditnote"))

    assert values.zoho_modified_at == datetime(2016, 6, 5, 9, 30, 8, tzinfo=UTC)
    assert values.allocations == (InvoiceAllocationValues(invoice_zoho_id="90300000079426", amount=Decimal(450)),)
    assert values.parents == (("commerce.customer", "903000000000099"), ("commerce.invoice", "90300000079426"))


def test_a_vendor_credit_tells_the_bills_it_was_applied_to():
    credited = [{"vendor_credit_bill_id": "5", "bill_id": "6", "amount": "30.50", "date": "2026-05-01"}]

    values = map_vendorcredit(Record({"vendor_credit_id": 1, "vendor_id": 2, "bills_credited": credited}))

    assert values.allocations == (BillAllocationValues(zoho_id="5", bill_zoho_id="6", amount=Decimal("30.50")),)
    assert values.parents == (("commerce.vendor", "2"), ("commerce.bill", "6"))


# --- payments ---------------------------------------------------------------------------------


def test_a_customer_payment_tells_every_invoice_it_pays():
    invoices = [
        {"invoice_id": "11", "invoice_payment_id": "1", "amount_applied": 100},
        {"invoice_id": "12", "amount_applied": "50.25"},
        {"invoice_id": "", "amount_applied": 7},
    ]

    values = map_customer_payment(Record({"payment_id": 1, "customer_id": 2, "invoices": invoices}))

    assert values.allocations == (
        InvoiceAllocationValues(invoice_zoho_id="11", zoho_id="1", amount=Decimal(100)),
        InvoiceAllocationValues(invoice_zoho_id="12", amount=Decimal("50.25")),
    )
    assert values.parents == (
        ("commerce.customer", "2"),
        ("commerce.invoice", "11"),
        ("commerce.invoice", "12"),
    )


def test_a_list_row_of_a_payment_says_nothing_of_allocations():
    values = map_customer_payment(example("get_customerpayments", "customerpayments", 0))

    assert values.allocations is None
    assert values.parents == (("commerce.customer", "903000000000099"),)


def test_the_rest_of_a_vendor_payment_is_its_balance():
    values = map_vendor_payment(example("books_get_vendorpayments_payment_id", "vendorpayment"))

    assert (values.number, values.amount, values.unused_amount) == ("4", Decimal(500), Decimal(300))
    assert (values.currency, values.currency_zoho_id) == ("", "460000000000099")
    assert values.allocations == (
        BillAllocationValues(bill_zoho_id="460000000053199", zoho_id="460000000053221", amount=Decimal(150)),
    )


# --- the rest ---------------------------------------------------------------------------------


def test_an_adjustment_tells_quantities_or_values():
    values = map_adjustment(example("get_inventoryadjustments_inventory_adjustment_id", "inventory_adjustment"))

    assert (values.type, values.reason, values.date) == ("quantity", "Damaged goods", date(2015, 5, 28))
    assert (values.lines[0].quantity_adjusted, values.lines[0].value_adjusted) == (Decimal(10), None)
    assert values.lines[0].warehouse_name == "Head Office"


def test_older_organisations_say_warehouse_instead_of_location():
    values = map_adjustment(Record({"inventory_adjustment_id": 1, "warehouse_id": 7, "warehouse_name": "Baghdad"}))

    assert (values.warehouse_zoho_id, values.warehouse_name) == ("7", "Baghdad")


def test_a_currency_rate_of_zero_is_unknown():
    values = map_currency(example("get_settings_currencies", "currencies", 0))

    assert (values.code, values.exchange_rate, values.effective_date) == ("AUD", None, date(2016, 6, 5))


def test_tax_groups_are_told_apart_by_type():
    values = map_tax(Record({"tax_id": 1, "tax_name": "Both", "tax_type": "Tax group"}))

    assert values.type == "tax_group"


def test_a_user_detail_tells_the_selected_email():
    values = map_user(example("get_users_user_id", "user"))

    assert (values.email, values.role, values.status) == ("johndavid@zilliuminc.com", "admin", "active")


# --- nonsense ---------------------------------------------------------------------------------

KEYS = sorted(
    {key for _, name, *keys in DOCUMENTED for key in example(name, *keys)}
    | {"bills_credited", "invoices_credited", "salesorders", "contact_type", "pricebook_id", "discount_percent"}
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**25), 10**25)
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", " ", "None", "7.00", "1,234.50", "5%", "1e999999", "-", "2026-13-45", "\x00", "customer"])
    | st.sampled_from(
        [Decimal("1e999999"), Decimal("-1e-999999"), "0001-01-01T00:00:00+0530", "9999-12-31T23:59:59-0800"]
    )
    | st.text(max_size=20)
)
ROWS = st.dictionaries(
    st.sampled_from(["invoice_id", "bill_id", "item_id", "value", "rate", "amount", "email"]), SCALARS
)
VALUES = SCALARS | st.lists(SCALARS, max_size=3) | ROWS | st.lists(ROWS, max_size=3)
KNOWN = dict.fromkeys(ID_KEYS.values(), "1") | {"customer_id": "2", "vendor_id": "3", "contact_name": "x"}


@given(
    kind=st.sampled_from(sorted(MAPPERS)),
    record=st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=8),
    contact_type=st.sampled_from(["customer", "vendor", ""]),
)
def test_a_mapper_answers_values_or_names_the_field(kind, record, contact_type):
    try:
        answer = MAPPERS[kind](Record({**KNOWN, "contact_type": contact_type, **record})).zoho_id
    except MappingError as error:
        answer = error.field

    assert answer
