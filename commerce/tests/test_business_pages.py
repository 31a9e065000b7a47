"""The pages of partners and documents: what is owed, what adds up, what is printed, and who sees it."""

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from catalog.models import Product
from commerce.models import (
    Bill,
    CreditNote,
    Customer,
    CustomerPayment,
    Invoice,
    PurchaseOrder,
    SalesOrder,
    Vendor,
    VendorCredit,
)
from commerce.services.documents import save_bills, save_credit_notes, save_invoices
from commerce.services.parties import save_parties
from commerce.services.payments import save_customer_payments
from commerce.tests.builders import (
    LATER,
    NOON,
    bill,
    customer,
    invoice,
    line,
    save_one_of_everything,
    vendor,
)
from commerce.values import CreditNoteValues, CustomerBalanceValues, CustomerPaymentValues

pytestmark = pytest.mark.django_db

DOCUMENTS = (SalesOrder, Invoice, CreditNote, PurchaseOrder, Bill, VendorCredit)
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def staff(client):
    client.force_login(get_user_model().objects.create_superuser("owner"))
    return client


@pytest.fixture
def debtor():
    """A customer with a debt in two currencies; Zoho knows of 25 dinars more than the documents do."""
    today = timezone.localdate()
    balances = (
        CustomerBalanceValues(currency="IQD", receivable=Decimal(3025), unused_credits=Decimal(5)),
        CustomerBalanceValues(currency="USD", receivable=Decimal("40.50")),
    )
    save_parties([customer(name=f"Ali {SCRIPT}", phone="07701234567", balances=balances)], at=NOON)
    sent = {"status": "sent", "lines": (line(),)}
    save_invoices(
        [
            invoice("1", total=Decimal(5000), balance=Decimal(1000), due_date=today + timedelta(days=3), **sent),
            invoice("2", total=Decimal(2000), balance=Decimal(2000), due_date=today - timedelta(days=45), **sent),
            invoice("3", total=Decimal("40.50"), balance=Decimal("40.50"), due_date=today, currency="USD", **sent),
        ],
        at=NOON,
    )
    head = {"date": date(2026, 3, 2), "currency": "IQD", "customer_zoho_id": "c1"}
    save_customer_payments([CustomerPaymentValues(zoho_id="p", number="7", amount=Decimal(4000), **head)], at=NOON)
    save_credit_notes([CreditNoteValues(zoho_id="cn", number="CN-1", total=Decimal(5), status="open", **head)], at=NOON)
    Customer.objects.update(name_ar="علي للتجارة")
    return Customer.objects.get()


def address(model, page, *args):
    return reverse(f"admin:commerce_{model._meta.model_name}_{page}", args=args)


def text_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def count_queries(work):
    with CaptureQueriesContext(connection) as captured:
        work()
    return len(captured)


def signed_in(client, *permissions):
    user = get_user_model().objects.create_user("somebody", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client.force_login(user)
    return client


def test_a_customer_shows_what_is_open_by_age_and_currency(staff, debtor):
    shown = text_of(staff.get(address(Customer, "change", debtor.pk)))

    # currency, stated, not due, 1–30, 31–60, 61–90, more, documents, beyond, credits
    assert "IQD 3,025 1,000 0 2,000 0 0 3,000 25 5" in shown
    assert "USD 40.50 40.50 0.00 0.00 0.00 0.00 40.50 0.00 —" in shown
    assert "45 days" in shown


def test_the_page_of_a_customer_leads_to_his_open_documents(staff, debtor):
    listed = staff.get(address(Invoice, "changelist"), {"customer__id__exact": debtor.pk, "payment": "overdue"})

    assert [row.zoho_id for row in listed.context["cl"].result_list] == ["2"]


def test_a_statement_opens_moves_and_closes(staff, debtor):
    page = address(Customer, "statement", debtor.pk)

    shown = text_of(staff.get(page, {"start": "2026-03-02", "end": "2026-03-31"}))

    assert "Opening balance 7,000" in shown
    assert "Payment 7 4,000 3,000" not in shown  # credit note first: a day has an order
    assert "Credit note CN-1 5 6,995" in shown
    assert "Payment 7 4,000 2,995" in shown
    assert re.search(r"Closing balance 0 4,005 2,995 IQD", shown)


def test_a_statement_until_today_names_what_zoho_states_otherwise(staff, debtor):
    shown = text_of(staff.get(address(Customer, "statement", debtor.pk), {"start": "2026-01-01", "end": "2999-01-01"}))

    assert "Zoho itself states 3,020 IQD today." in shown


def test_credits_that_zoho_has_not_stated_are_not_taken_for_none(staff, debtor):
    debtor.balances.filter(currency="IQD").update(unused_credits=None)

    shown = text_of(staff.get(address(Customer, "statement", debtor.pk), {"currency": "IQD"}))

    assert "Zoho itself states" not in shown


def test_what_has_no_currency_has_a_statement_of_its_own(staff, debtor):
    save_invoices([invoice("odd", total=Decimal(77), status="sent", currency="")], at=LATER)

    usual = staff.get(address(Customer, "statement", debtor.pk))
    odd = staff.get(address(Customer, "statement", debtor.pk), {"currency": ""})

    assert usual.context_data["statement"].currency == "IQD"
    assert [line.movement.number for line in odd.context_data["statement"].lines] == ["INV-odd"]


def test_a_statement_of_another_currency(staff, debtor):
    query = {"start": "2026-01-01", "end": "2026-12-31", "currency": "USD"}

    assert "40.50 USD" in text_of(staff.get(address(Customer, "statement", debtor.pk), query))


def test_a_statement_in_arabic_is_read_from_the_right(staff, debtor):
    answer = staff.get(address(Customer, "statement", debtor.pk), {"lang": "ar"})

    page = answer.content.decode()
    assert re.search(r'<html lang="ar"\s+dir="rtl">', page)
    assert "<bdi>علي للتجارة</bdi>" in page
    assert '<bdi dir="ltr">CN-1</bdi>' in page


@pytest.mark.parametrize(
    "query",
    [
        {"start": "2026-05-01", "end": "2026-01-01"},
        {"start": "nonsense", "end": "2026-01-01"},
        {"start": "0001-01-01", "end": "9999-12-31"},
        {"start": "2026-01-01"},
        {"start": "\x00", "end": "<script>"},
    ],
)
def test_days_that_make_no_sense_are_named(staff, debtor, query):
    answer = staff.get(address(Customer, "statement", debtor.pk), query)

    assert answer.status_code == 200
    assert 'class="stamp" role="alert"' in answer.content.decode()


@pytest.mark.parametrize("query", [{"currency": "XXX"}, {"lang": "de"}, {"currency": SCRIPT, "lang": SCRIPT}])
def test_a_currency_or_language_that_is_none_is_passed_over(staff, debtor, query):
    answer = staff.get(address(Customer, "statement", debtor.pk), query)

    assert answer.status_code == 200
    assert "<script>alert" not in answer.content.decode()


def test_the_ageing_of_all_is_the_sum_of_each(staff, debtor):
    save_parties([customer("c2", name="Other")], at=LATER)
    due = timezone.localdate() - timedelta(days=100)
    save_invoices(
        [invoice("9", customer_zoho_id="c2", total=Decimal(7), balance=Decimal(7), due_date=due, status="sent")],
        at=LATER,
    )

    shown = text_of(staff.get(address(Customer, "ageing")))
    dollars = text_of(staff.get(address(Customer, "ageing"), {"currency": "USD"}))

    assert "Other 0 0 0 0 7 7 1" in shown
    assert "all of them 1,000 0 2,000 0 7 3,007 IQD 3" in shown
    assert "all of them 40.50 0.00 0.00 0.00 0.00 40.50 USD 1" in dollars


@pytest.mark.parametrize("query", [{"currency": "nonsense"}, {"page": "999"}, {"page": "abc"}])
def test_the_ageing_takes_anything(staff, debtor, query):
    assert staff.get(address(Customer, "ageing"), query).status_code == 200


def test_a_vendor_shows_what_we_owe(staff):
    save_parties([vendor()], at=NOON)
    save_bills([bill(balance=Decimal("12.5"), total=Decimal("12.5"), status="open")], at=NOON)
    one = Vendor.objects.get()

    assert "USD — 0.00" in text_of(staff.get(address(Vendor, "change", one.pk)))
    assert "12.50 USD" in text_of(
        staff.get(address(Vendor, "statement", one.pk), {"start": "2026-01-01", "end": "2026-12-31"})
    )
    assert "12.50 USD" in text_of(staff.get(address(Vendor, "ageing")))


@pytest.mark.parametrize("language", ["ar", "en"])
@pytest.mark.parametrize("model", DOCUMENTS)
def test_every_document_is_printed_in_either_language(staff, model, language):
    save_one_of_everything()
    row = model.objects.first()

    page = staff.get(address(model, "print", row.pk), {"lang": language}).content.decode()

    direction = {"ar": "rtl", "en": "ltr"}[language]
    assert re.search(rf'<html lang="{language}"\s+dir="{direction}">', page)
    assert '<bdi dir="ltr">N-1</bdi>' in page
    assert '<bdi dir="ltr">250</bdi> IQD' in page
    assert "<script>alert" not in page
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! src=)", page)


def test_a_void_document_says_so_on_paper(staff):
    save_parties([customer()], at=NOON)
    save_invoices([invoice(status="void", total=Decimal(5))], at=NOON)

    assert (
        '<p class="stamp">void</p>' in staff.get(address(Invoice, "print", Invoice.objects.get().pk)).content.decode()
    )


def test_the_arabic_name_of_a_product_is_printed_in_arabic_only(staff):
    save_one_of_everything()
    Product.objects.update(name_ar="كيبل")
    page = address(Invoice, "print", Invoice.objects.get().pk)

    assert "<bdi>كيبل</bdi>" in staff.get(page, {"lang": "ar"}).content.decode()
    assert "<bdi>كيبل</bdi>" not in staff.get(page, {"lang": "en"}).content.decode()


def test_a_document_shows_how_it_adds_up_and_what_paid_it(staff):
    save_one_of_everything()

    shown = text_of(staff.get(address(Invoice, "change", Invoice.objects.get().pk)))

    assert "Subtotal 244 Total 250 IQD differs by 6 from its parts" in shown
    assert "7 customer payment March 1, 2026 100 IQD" in shown
    assert "N-1 credit note March 1, 2026 10 IQD" in shown


def test_many_lines_are_shown_page_by_page(staff):
    save_parties([customer()], at=NOON)
    save_invoices([invoice(lines=tuple(line(f"p{key}") for key in range(230)))], at=NOON)
    page = address(Invoice, "change", Invoice.objects.get().pk)

    shown = [staff.get(page, {"lines": number}).content.decode() for number in ("1", "3", "99", "nonsense")]

    assert ["Product p0<" in text for text in shown] == [True, False, False, True]
    assert ["Product p229<" in text for text in shown] == [False, True, True, False]


def test_a_product_shows_where_it_was_sold_lately(staff):
    save_one_of_everything()
    today = timezone.localdate()
    old = today - timedelta(days=91)
    figures = {"quantity": Decimal(3), "rate": Decimal(10), "item_total": Decimal(30)}
    save_invoices(
        [
            invoice("new", date=today, lines=(line("p1", **figures),), status="sent"),
            invoice("old", date=old, lines=(line("p1", **figures),), status="sent"),
            invoice("void", date=today, lines=(line("p1", **figures),), status="void"),
        ],
        at=LATER,
    )
    Invoice.objects.filter(zoho_id="i1").update(date=old)
    CreditNote.objects.update(date=old)
    back = {"date": today, "currency": "IQD", "customer_zoho_id": "c1", "status": "open"}
    returned = (line("p1", quantity=Decimal(1), item_total=Decimal(10)),)
    save_credit_notes([CreditNoteValues(zoho_id="back", lines=returned, **back)], at=LATER)
    product = Product.objects.get(zoho_id="p1")

    shown = text_of(staff.get(reverse("admin:catalog_product_change", args=[product.pk])))

    assert "sold in the last 90 days 2 of this, came back 1 for, before tax 20 IQD invoices 1 customers 1" in shown
    assert "INV-new" in shown
    assert "INV-old" not in shown


def test_who_sees_a_part_of_an_account_does_not_get_a_wrong_one(client, debtor):
    visitor = signed_in(client, "view_customer", "view_customerbalance", "view_invoice", "view_creditnote")

    assert visitor.get(address(Customer, "statement", debtor.pk)).status_code == 403
    assert visitor.get(address(Customer, "ageing")).status_code == 403
    assert (
        address(Customer, "statement", debtor.pk)
        not in visitor.get(address(Customer, "change", debtor.pk)).content.decode()
    )


def test_who_may_not_see_documents_prints_none(client):
    save_one_of_everything()
    visitor = signed_in(client, "view_customer")

    for model in DOCUMENTS:
        assert visitor.get(address(model, "print", model.objects.get().pk)).status_code == 403


def test_purchases_show_no_prices_to_who_may_not_see_costs(client):
    save_one_of_everything()
    names = ("purchaseorder", "purchaseorderline", "bill", "billline", "vendorpayment", "vendorpaymentallocation")
    visitor = signed_in(client, *(f"view_{name}" for name in names))
    order = PurchaseOrder.objects.get()
    PurchaseOrder.objects.update(total=Decimal("777.5"), sub_total=Decimal("777.5"), balance=Decimal("777.5"))
    order.lines.update(rate=Decimal("777.5"), item_total=Decimal("777.5"))

    page = visitor.get(address(PurchaseOrder, "change", order.pk)).content.decode()
    listed = visitor.get(address(PurchaseOrder, "changelist")).content.decode()

    assert "HDMI cable" in page
    assert "777" not in page + listed
    assert visitor.get(address(PurchaseOrder, "print", order.pk)).status_code == 403


@pytest.mark.parametrize("page", ["change", "statement"])
def test_a_customers_pages_cost_the_same_with_many_documents(staff, debtor, page):
    where = address(Customer, page, debtor.pk)
    staff.get(where)
    few = count_queries(lambda: staff.get(where))
    more = [invoice(f"m{key}", total=Decimal(9), balance=Decimal(9), status="sent") for key in range(60)]
    save_invoices(more, at=LATER)

    assert count_queries(lambda: staff.get(where)) == few


@pytest.mark.parametrize("model", [Customer, Invoice, CustomerPayment])
def test_a_list_of_a_hundred_rows_stays_small(staff, debtor, model):
    names = [customer(f"n{key}", name=f"مكتب الرافدين للحاسبات {key}", phone="07701234567") for key in range(110)]
    save_parties(names, at=LATER)
    save_invoices(
        [invoice(f"n{key}", customer_zoho_id=f"n{key}", total=Decimal(10**9)) for key in range(110)], at=LATER
    )
    head = {"date": date(2026, 3, 2), "currency": "IQD", "amount": Decimal(10**9)}
    save_customer_payments(
        [
            CustomerPaymentValues(zoho_id=f"n{key}", number=str(key), customer_zoho_id=f"n{key}", **head)
            for key in range(110)
        ],
        at=LATER,
    )

    listed = staff.get(address(model, "changelist"), headers={"accept-language": "ar"})

    assert len(listed.context["cl"].result_list) == 100
    assert len(listed.content) < 150 * 1024


def test_an_exact_number_comes_alone(staff):
    save_parties([customer()], at=NOON)
    save_invoices([invoice("1", number="INV-1"), invoice("10", number="INV-10")], at=NOON)

    def found(typed):
        return [row.number for row in staff.get(address(Invoice, "changelist"), {"q": typed}).context["cl"].result_list]

    assert found("inv-1") == ["INV-1"]
    assert sorted(found("INV")) == ["INV-1", "INV-10"]


@pytest.mark.parametrize(
    "query",
    [
        {"p": "99999"},
        {"date__gte": "nonsense"},
        {"date__gte": "99999-01-01"},
        {"date__year": "0"},
        {"date__year": "10000"},
        {"id__range": "1"},
        {"number__iregex": "(((("},
        {"number__regex": "(1+)+$"},
        {"customer__id__exact": "x"},
        {"customer__phone": "1"},
        {"status": "\x00"},
    ],
)
def test_absurd_filters_of_documents_are_named(staff, debtor, query):
    answer = staff.get(address(Invoice, "changelist"), query, follow=True)

    assert answer.status_code == 200
    assert "does not exist. This is the list without it." in answer.content.decode()


def test_a_period_can_be_chosen_by_its_days(staff, debtor):
    Invoice.objects.filter(zoho_id="1").update(date=date(2026, 1, 31))
    Invoice.objects.filter(zoho_id="2").update(date=date(2026, 2, 1))
    Invoice.objects.filter(zoho_id="3").update(date=date(2026, 2, 2))
    query = {"date__gte": "2026-01-31", "date__lte": "2026-02-01", "status": "sent"}

    listed = staff.get(address(Invoice, "changelist"), query)

    assert sorted(row.zoho_id for row in listed.context["cl"].result_list) == ["1", "2"]
    assert '<input type="hidden" name="status" value="sent">' in listed.content.decode()
    assert 'value="2026-02-01"' in listed.content.decode()


@pytest.mark.parametrize("rows", [1, 20])
def test_facets_are_counted(staff, debtor, rows):
    save_invoices([invoice(f"v{key}", status="void") for key in range(rows)], at=LATER)

    assert f"void ({rows})" in staff.get(address(Invoice, "changelist"), {"_facets": "True"}).content.decode()


def test_facets_of_a_long_list_are_not_counted(staff, debtor, monkeypatch):
    monkeypatch.setattr("tsh_erp.admin_site.lists.MOST", 2)

    listed = staff.get(address(Invoice, "changelist"), {"_facets": "True"}).content.decode()

    assert "Counts beside the filters are shown for lists of at most 2 rows." in listed
    assert "sent (3)" not in listed
