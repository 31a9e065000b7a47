from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.ageing import OpenAmount, Span, age, age_by_party, open_amounts, open_documents, spans
from commerce.models import Customer, Invoice
from commerce.services.documents import retire_invoices, save_invoices
from commerce.services.parties import save_parties
from commerce.tests.builders import LATER, NOON, customer, invoice

TODAY = date(2026, 3, 31)
DAYS = (30, 60, 90)

amounts = st.builds(
    OpenAmount,
    party_id=st.integers(1, 3),
    currency=st.sampled_from(["IQD", "USD", ""]),
    due=st.none() | st.dates(date(2025, 1, 1), date(2027, 1, 1)),
    balance=st.none() | st.decimals(Decimal("-1e12"), Decimal("1e12"), places=6),
)


def owed(balance, *, days, currency="IQD", party=1):
    due = None if days is None else TODAY - timedelta(days=days)
    return OpenAmount(party_id=party, currency=currency, due=due, balance=balance and Decimal(balance))


def test_days_past_due_choose_the_bucket():
    days = (-5, 0, 1, 30, 31, 60, 61, 90, 91, 9999)

    aged = age([owed(str(2**number), days=past) for number, past in enumerate(days)], on=TODAY, days=DAYS)

    assert [one.buckets for one in aged] == [(3, 12, 48, 192, 768)]
    assert (aged[0].total, aged[0].overdue, aged[0].documents) == (1023, 1020, 10)


def test_currencies_never_meet_and_an_unknown_balance_is_in_no_bucket():
    aged = age([owed("5", days=1), owed("7", days=1, currency="USD"), owed(None, days=1)], on=TODAY, days=DAYS)

    assert [(one.currency, one.total, one.documents, one.unknown) for one in aged] == [
        ("IQD", 5, 2, 1),
        ("USD", 7, 1, 0),
    ]


def test_what_has_no_date_is_not_overdue():
    assert age([owed("5", days=None)], on=TODAY, days=DAYS)[0].buckets == (5, 0, 0, 0, 0)


def test_spans_follow_the_setting(settings):
    settings.AGEING_DAYS = (15, 45)

    assert spans() == [
        Span(first=None, last=0),
        Span(first=1, last=15),
        Span(first=16, last=45),
        Span(first=46, last=None),
    ]


@given(st.lists(amounts, max_size=40), st.lists(st.integers(1, 400), min_size=1, max_size=5, unique=True).map(sorted))
def test_buckets_share_out_the_balances_exactly(found, days):
    """Invariant 16, first half: whatever the dates and the boundaries, per currency and per partner."""
    for one in age(found, on=TODAY, days=days):
        mine = [amount.balance for amount in found if amount.currency == one.currency]
        assert sum(one.buckets) == sum(balance for balance in mine if balance is not None)
        assert (one.documents, one.unknown) == (len(mine), mine.count(None))
    parties = [one for ageings in age_by_party(found, on=TODAY, days=days).values() for one in ageings]
    for one in age(found, on=TODAY, days=days):
        assert one.total == sum(part.total for part in parties if part.currency == one.currency)


@pytest.mark.django_db
def test_only_posted_documents_with_something_left_are_open(django_assert_num_queries):
    save_parties([customer("c1"), customer("c2")], at=NOON)
    save_invoices(
        [
            invoice("open", balance=Decimal("0.1"), status="sent", due_date=date(2026, 2, 1)),
            invoice("too", balance=Decimal("0.2"), status="overdue", date=date(2026, 1, 2)),
            invoice("unknown", status="sent"),
            invoice("paid", balance=Decimal(0), status="paid"),
            invoice("draft", balance=Decimal(9), status="draft"),
            invoice("void", balance=Decimal(9), status="void"),
            invoice("gone", balance=Decimal(9), status="sent"),
            invoice("other", balance=Decimal(9), status="sent", customer_zoho_id="c2"),
        ],
        at=NOON,
    )
    retire_invoices(["gone"], at=LATER)
    first = Customer.objects.get(zoho_id="c1")

    with django_assert_num_queries(1):
        aged = age(open_amounts(Invoice.objects.filter(customer=first)), on=TODAY, days=DAYS)

    assert [(one.total, one.documents, one.unknown) for one in aged] == [(Decimal("0.3"), 3, 1)]
    assert {row.zoho_id for row in open_documents(first)} == {"open", "too", "unknown"}


@pytest.mark.django_db
def test_open_documents_begin_with_what_is_due_longest():
    save_parties([customer("c1")], at=NOON)
    days = {"late": date(2026, 2, 1), "none": None, "later": date(2026, 3, 1)}
    save_invoices([invoice(key, balance=Decimal(1), status="sent", due_date=day) for key, day in days.items()], at=NOON)

    assert [row.zoho_id for row in open_documents(Customer.objects.get())] == ["late", "later", "none"]
