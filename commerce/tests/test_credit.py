"""Credit: what is owed in Zoho, what was ordered there and not billed, and our own orders count against the limit."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from commerce.checkout import quote
from commerce.credit import read_credit
from commerce.models import AppOrder, Customer
from commerce.refusals import OrderRefused
from commerce.services.currencies import save_currencies
from commerce.services.documents import save_invoices, save_sales_orders
from commerce.services.orders import Placing, cancel, place
from commerce.tests.builders import invoice
from commerce.tests.shop import LATER, NOON, buyer, choices, open_shop, set_prices, wanted
from commerce.values import CurrencyValues, CustomerBalanceValues, SalesOrderValues

pytestmark = pytest.mark.django_db


def currencies() -> None:
    rates = (("IQD", "1", True), ("USD", "1310", False))
    save_currencies(
        [
            CurrencyValues(
                zoho_id=code, code=code, is_base=base, exchange_rate=Decimal(rate), effective_date=date(2026, 2, 1)
            )
            for code, rate, base in rates
        ],
        at=NOON,
    )


def debtor(limit: str | None = "100000", owed: str = "60000", credits: str = "10000", **values) -> Customer:
    balance = CustomerBalanceValues(
        currency="IQD",
        receivable=Decimal(owed),
        receivable_base=Decimal(owed),
        unused_credits=Decimal(credits),
        unused_credits_base=Decimal(credits),
    )
    return buyer(credit_limit=None if limit is None else Decimal(limit), balances=(balance,), **values)


def sales_order(zoho_id: str, total: str, **values) -> None:
    head = {"number": zoho_id, "date": date(2026, 3, 1), "currency": "IQD", "customer_zoho_id": "c1", "status": "open"}
    rate = {"exchange_rate": Decimal(1)}
    save_sales_orders(
        [SalesOrderValues(**{"zoho_id": zoho_id, "total": Decimal(total), **head, **rate, **values})], at=NOON
    )


def on_account(someone: Customer, **quantities: int):
    someone = Customer.objects.select_related("price_list").get(pk=someone.pk)
    return quote(customer=someone, lines=wanted(**quantities), at=LATER, **choices(payment_method="on_account"))


def reason(someone: Customer, **quantities: int) -> str | None:
    return next(one.reason for one in on_account(someone, **quantities).payments if one.method.code == "on_account")


def test_what_stands_open_counts_whoever_keeps_it(django_assert_num_queries):
    currencies()
    someone = debtor()
    sales_order("open", "20000")
    sales_order("dollars", "10", currency="USD", exchange_rate=Decimal(1300))
    sales_order("half", "8000")
    save_invoices([invoice("i", total=Decimal(5000), status="sent", sales_order_zoho_id="half")], at=NOON)
    for status in ("draft", "void", "closed", "invoiced"):
        sales_order(status, "900000", status=status)

    with django_assert_num_queries(1):
        credit = read_credit(someone, base_currency="IQD")

    assert (credit.currency, credit.limit, credit.balance) == ("IQD", 100000, 50000)
    assert credit.ordered == 20000 + 13000 + 3000
    assert credit.available == 14000
    assert credit.in_base(Decimal("2.50"), "USD") == 3275
    assert credit.in_base(Decimal(1), "RMB") is None


def test_the_limit_is_met_exactly_and_not_exceeded():
    currencies()
    open_shop({"a": "1000"})
    someone = debtor()

    assert reason(someone, a=45) is None  # 45,000 and 5,000 for the delivery
    assert reason(someone, a=46) == "credit_limit"


def test_our_own_orders_count_until_they_are_cancelled():
    currencies()
    open_shop({"a": "1000"})
    someone = debtor()
    agreed = on_account(someone, a=20)
    placing = Placing(quote_hash=agreed.hash, lines=wanted(a=20), **choices(payment_method="on_account"))
    placed = place(someone.pk, placing, placed_by=None, at=LATER)

    assert on_account(someone, a=1).credit.ordered == 25000
    assert reason(someone, a=21) == "credit_limit"
    bigger = Placing(quote_hash="", lines=wanted(a=21), **choices(payment_method="on_account"))
    with pytest.raises(OrderRefused) as refused:
        place(someone.pk, bigger, placed_by=None, at=LATER)
    problems = refused.value.quote.problems
    assert [(str(one.code), one.details) for one in problems] == [
        ("payment_method_unavailable", {"reason": "credit_limit"})
    ]
    cancel(placed.pk, cancelled_by=None, at=LATER)
    assert reason(someone, a=21) is None


def test_what_zoho_counts_is_not_counted_twice():
    currencies()
    open_shop({"a": "1000"})
    someone = debtor()
    agreed = on_account(someone, a=20)
    placing = Placing(quote_hash=agreed.hash, lines=wanted(a=20), **choices(payment_method="on_account"))
    place(someone.pk, placing, placed_by=None, at=LATER)
    sales_order("accepted", "25000")
    AppOrder.objects.update(status="accepted", sent_at=LATER)

    assert on_account(someone, a=1).credit.ordered == 25000


def test_without_an_agreed_limit_a_rate_or_an_active_customer_nothing_is_on_account():
    open_shop({"a": "1000"})
    assert reason(debtor(limit=None), a=1) == "no_credit"
    someone = debtor(limit="100000")
    assert reason(someone, a=1) is None
    Customer.objects.update(is_active=False)
    assert reason(someone, a=1) == "on_hold"
    Customer.objects.update(is_active=True)
    set_prices("wholesale", {"a": "1"}, currency="EUR")
    dealer = debtor(limit="100000", wholesale=True)
    assert reason(dealer, a=1) == "no_exchange_rate"
    guest = quote(customer=None, lines=wanted(a=1), at=LATER, **choices(payment_method="on_account"))
    assert [one.reason for one in guest.payments] == [None, None, "sign_in_required"]


def test_an_order_in_dollars_is_weighed_in_dinars():
    currencies()
    open_shop({"a": "1000"}, wholesale={})
    set_prices("wholesale", {"a": "30"}, currency="USD")
    dealer = debtor(limit="100000", wholesale=True)

    quoted = on_account(dealer, a=1)
    assert (quoted.currency, quoted.totals.payable) == ("USD", 30)
    assert reason(dealer, a=1) is None  # 39,300 of 50,000
    assert reason(dealer, a=2) == "credit_limit"
