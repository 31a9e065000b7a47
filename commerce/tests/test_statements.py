from datetime import date
from decimal import Decimal

import pytest

from commerce.models import Customer, Vendor
from commerce.services.documents import (
    retire_invoices,
    save_bills,
    save_credit_notes,
    save_invoices,
    save_vendor_credits,
)
from commerce.services.parties import save_parties
from commerce.services.payments import save_customer_payments, save_vendor_payments
from commerce.statements import Entry, Movement, draw_up, movements_of
from commerce.tests.builders import LATER, NOON, bill, customer, invoice, vendor
from commerce.values import CreditNoteValues, CustomerPaymentValues, VendorCreditValues, VendorPaymentValues


def moved(change, day, entry=Entry.INVOICE, number="1"):
    return Movement(
        entry=entry,
        date=day and date(2026, *day),
        number=number,
        reference="",
        due=None,
        change=None if change is None else Decimal(change),
        source="commerce.invoice",
        source_id=1,
    )


def stated(*movements, opening=None, start=(2, 1), end=(2, 28)):
    return draw_up(movements, currency="IQD", opening_balance=opening, start=date(2026, *start), end=date(2026, *end))


def test_what_came_before_is_the_opening_and_what_comes_after_is_left_out():
    account = stated(
        moved("100", (1, 31)),
        moved("10", (2, 1)),
        moved("-30", (2, 28), Entry.PAYMENT),
        moved("500", (3, 1)),
        opening=Decimal(7),
    )

    assert (account.opening, account.raised, account.lowered, account.closing) == (107, 10, 30, 87)
    assert [line.balance for line in account.lines] == [117, 87]
    assert account.closing == account.opening + account.raised - account.lowered


def test_of_one_day_invoices_come_before_payments():
    account = stated(moved("-5", (2, 3), Entry.PAYMENT), moved("5", (2, 3)))

    assert [line.movement.entry for line in account.lines] == [Entry.INVOICE, Entry.PAYMENT]


def test_an_unknown_amount_makes_what_follows_unknown_and_nothing_else():
    account = stated(moved("5", (2, 3)), moved(None, (2, 4)), moved("1", (2, 5)))

    assert [line.balance for line in account.lines] == [5, None, None]
    assert (account.opening, account.closing, account.unknown) == (0, None, 1)


def test_what_has_no_day_belongs_before_the_first():
    assert stated(moved("5", None)).opening == 5


@pytest.mark.django_db
def test_everything_that_moves_a_customers_account(django_assert_num_queries):
    save_parties([customer(opening_balance=Decimal(50))], at=NOON)
    head = {"date": date(2026, 2, 1), "currency": "IQD", "customer_zoho_id": "c1"}
    save_invoices(
        [
            invoice("1", total=Decimal(1000), status="sent", write_off=Decimal(1), tax_withheld=Decimal(9)),
            invoice("2", total=Decimal(70), status="sent", currency="USD"),
            invoice("draft", total=Decimal(5), status="draft"),
            invoice("void", total=Decimal(5), status="void"),
            invoice("gone", total=Decimal(5), status="sent"),
        ],
        at=NOON,
    )
    retire_invoices(["gone"], at=LATER)
    save_credit_notes(
        [CreditNoteValues(zoho_id="cn", number="CN-1", total=Decimal(100), refunded=Decimal(40), **head)], at=NOON
    )
    save_customer_payments([CustomerPaymentValues(zoho_id="p", number="7", amount=Decimal(300), **head)], at=NOON)

    one = Customer.objects.get()

    with django_assert_num_queries(3):
        found = movements_of(one)
    account = draw_up(
        found["IQD"], currency="IQD", opening_balance=Decimal(50), start=date(2026, 1, 1), end=date(2026, 12, 31)
    )

    assert sorted((row.entry, row.change) for row in found["IQD"]) == [
        ("credit_note", -100),
        ("invoice", 1000),
        ("payment", -300),
        ("refund", 40),
        ("tax_withheld", -9),
        ("write_off", -1),
    ]
    assert [(row.entry, row.change) for row in found["USD"]] == [("invoice", 70)]
    assert (account.opening, account.raised, account.lowered, account.closing) == (50, 1040, 410, 680)


@pytest.mark.django_db
def test_a_vendors_account_is_what_we_owe():
    save_parties([vendor()], at=NOON)
    head = {"date": date(2026, 2, 1), "currency": "USD", "vendor_zoho_id": "v1"}
    save_bills([bill("1", total=Decimal("99.50"), status="open")], at=NOON)
    save_vendor_credits([VendorCreditValues(zoho_id="vc", total=Decimal(10), **head)], at=NOON)
    save_vendor_payments([VendorPaymentValues(zoho_id="p", amount=Decimal(20), **head)], at=NOON)

    found = movements_of(Vendor.objects.get())

    assert sum(row.change for row in found["USD"]) == Decimal("69.50")
