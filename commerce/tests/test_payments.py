from decimal import Decimal

import pytest
from django.db.models import Sum

from catalog.tests.queries import steps
from commerce.models import (
    Bill,
    CustomerPayment,
    CustomerPaymentAllocation,
    Invoice,
    VendorPayment,
    VendorPaymentAllocation,
)
from commerce.services.documents import save_bills, save_invoices
from commerce.services.parties import save_parties
from commerce.services.payments import (
    retire_customer_payments,
    retire_vendor_payments,
    save_customer_payments,
    save_vendor_payments,
)
from commerce.tests.builders import LATER, NOON, bill, customer, invoice, to_bill, to_invoice, vendor
from commerce.values import CustomerPaymentValues, VendorPaymentValues
from tsh_erp.common.errors import MissingParent
from tsh_erp.events.models import StoredEvent

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def documents():
    save_parties([customer("c1"), vendor("v1")], at=NOON)
    save_invoices([invoice("i1"), invoice("i2")], at=NOON)
    save_bills([bill("b1"), bill("b2")], at=NOON)


def payment(zoho_id="p1", **values):
    return CustomerPaymentValues(**{"zoho_id": zoho_id, "customer_zoho_id": "c1", **values})


def vendor_payment(zoho_id="p1", **values):
    return VendorPaymentValues(**{"zoho_id": zoho_id, "vendor_zoho_id": "v1", **values})


def test_two_allocations_are_two_rows_and_they_sum():
    save_customer_payments(
        [payment(amount=Decimal("150.25"), allocations=(to_invoice("i1", "100"), to_invoice("i2", "50.25")))], at=NOON
    )

    assert CustomerPayment.objects.get().allocations.count() == 2
    assert CustomerPaymentAllocation.objects.aggregate(Sum("amount")) == {"amount__sum": Decimal("150.25")}
    assert Invoice.objects.get(zoho_id="i1").payment_allocations.get().amount == Decimal(100)


def test_one_invoice_paid_twice_by_one_payment_has_two_rows():
    save_customer_payments([payment(allocations=(to_invoice("i1", "10"), to_invoice("i1", "10")))], at=NOON)

    assert CustomerPaymentAllocation.objects.count() == 2


def test_two_payments_of_one_invoice_keep_their_own_allocations():
    save_customer_payments([payment("p1", allocations=(to_invoice("i1", "10"),))], at=NOON)
    save_customer_payments([payment("p2", allocations=(to_invoice("i1", "20"),))], at=NOON)

    amounts = Invoice.objects.get(zoho_id="i1").payment_allocations.values_list("amount", flat=True)
    assert sorted(amounts) == [Decimal(10), Decimal(20)]


def test_allocations_are_replaced_as_a_whole_and_stay_when_not_told():
    save_vendor_payments([vendor_payment(allocations=(to_bill("b1", "10"), to_bill("b2", "5")))], at=NOON)

    save_vendor_payments([vendor_payment(allocations=None, reference="R")], at=LATER)
    assert VendorPaymentAllocation.objects.count() == 2

    save_vendor_payments([vendor_payment(allocations=(to_bill("b2", "15"),), reference="R")], at=LATER)
    assert VendorPaymentAllocation.objects.get().bill == Bill.objects.get(zoho_id="b2")
    assert StoredEvent.objects.latest("id").data == {"zoho_id": "p1", "fields": ["allocations"]}


def test_a_payment_waits_for_its_invoice():
    with pytest.raises(MissingParent) as error:
        save_customer_payments([payment(allocations=(to_invoice("404", "10"),))], at=NOON)

    assert (error.value.parent, error.value.zoho_id) == ("commerce.invoice", "404")
    assert error.value.child == "commerce.customerpayment p1"


def test_a_payment_waits_for_its_vendor():
    with pytest.raises(MissingParent) as error:
        save_vendor_payments([vendor_payment(vendor_zoho_id="c1")], at=NOON)

    assert (error.value.parent, error.value.zoho_id) == ("commerce.vendor", "c1")


def test_deleted_payments_are_retired():
    save_customer_payments([payment()], at=NOON)
    save_vendor_payments([vendor_payment()], at=NOON)

    assert (retire_customer_payments(["p1"], at=LATER), retire_vendor_payments(["p1"], at=LATER)) == (1, 1)
    assert CustomerPayment.objects.get().retired_at == LATER
    assert VendorPayment.objects.get().retired_at == LATER


@pytest.mark.parametrize(
    ("save", "make", "allocation"),
    [
        (save_customer_payments, payment, to_invoice("i1", "1")),
        (save_vendor_payments, vendor_payment, to_bill("b1", "1")),
    ],
)
def test_a_batch_costs_the_same_queries_at_any_size(save, make, allocation):
    def batch(*numbers, **values):
        return [make(f"{number}", allocations=(allocation,) * values.pop("rows", 2), **values) for number in numbers]

    small = steps(lambda: save(batch(0), at=NOON))
    large = steps(lambda: save(batch(*range(1, 51)), at=NOON))
    small_again = steps(lambda: save([make("0", reference="R", allocations=(allocation,))], at=LATER))
    large_again = steps(
        lambda: save([make(f"{n}", reference="R", allocations=(allocation,)) for n in range(1, 51)], at=LATER)
    )

    assert large == small
    assert large_again == small_again
