from decimal import Decimal

import pytest

from catalog.tests.queries import steps
from commerce.models import ContactPerson, Customer, CustomerBalance, Vendor, VendorBalance, ZohoAddress
from commerce.services.parties import edit_party, retire_parties, save_parties
from commerce.tests.builders import LATER, NOON, customer, vendor
from commerce.values import (
    AddressValues,
    ContactPersonValues,
    CustomerBalanceValues,
    LocalPartyFields,
    VendorBalanceValues,
)
from tsh_erp.common.upsert import Saved
from tsh_erp.events.models import StoredEvent

pytestmark = pytest.mark.django_db


def events():
    return list(StoredEvent.objects.order_by("id").values_list("type", "data"))


def test_customers_and_vendors_go_to_their_own_tables():
    saved = save_parties([customer("1", name="أحمد"), vendor("2")], at=NOON)

    assert saved == Saved(created=frozenset({"1", "2"}))
    assert Customer.objects.get().name == "أحمد"
    assert Vendor.objects.get().name == "Vendor 2"
    assert events() == [
        ("commerce.customer.created", {"zoho_id": "1"}),
        ("commerce.vendor.created", {"zoho_id": "2"}),
    ]


def test_customers_who_share_phone_and_email_are_two_customers():
    shared = {"name": "أحمد", "phone": "07701234567", "email": "shop@example.com"}

    save_parties([customer("1", **shared), customer("2", **shared)], at=NOON)
    save_parties([customer("3", **shared)], at=NOON)

    assert sorted(Customer.objects.values_list("zoho_id", flat=True)) == ["1", "2", "3"]


def test_only_what_changed_is_written_and_told():
    save_parties([customer("1"), customer("2")], at=NOON)
    StoredEvent.objects.all().delete()

    saved = save_parties([customer("1", credit_limit=Decimal(500)), customer("2")], at=LATER)

    assert (saved.changed, saved.unchanged) == ({"1"}, {"2"})
    assert events() == [("commerce.customer.updated", {"zoho_id": "1", "fields": ["credit_limit"]})]


def test_people_addresses_and_balances_are_replaced_as_a_whole():
    save_parties(
        [
            customer(
                contact_persons=(ContactPersonValues(first_name="Ali"), ContactPersonValues(first_name="Omar")),
                addresses=(AddressValues(kind="billing", city="Basra"),),
                balances=(CustomerBalanceValues(currency="USD", receivable=Decimal(5)),),
            )
        ],
        at=NOON,
    )

    saved = save_parties(
        [
            customer(
                contact_persons=(ContactPersonValues(first_name="Omar"),),
                addresses=(),
                balances=(CustomerBalanceValues(currency="IQD", receivable=Decimal(9)),),
            )
        ],
        at=LATER,
    )

    assert saved.changed == {"c1"}
    assert [(person.first_name, person.position) for person in ContactPerson.objects.all()] == [("Omar", 1)]
    assert not ZohoAddress.objects.exists()
    assert [(one.currency, one.receivable) for one in CustomerBalance.objects.all()] == [("IQD", Decimal(9))]
    assert events()[-1][1]["fields"] == ["addresses", "balances", "contact_persons"]


def test_what_is_not_told_stays():
    person = ContactPersonValues(first_name="Ali")
    save_parties(
        [customer(contact_persons=(person,)), vendor(balances=(VendorBalanceValues(currency="USD"),))], at=NOON
    )

    saved = save_parties([customer(), vendor()], at=LATER)

    assert saved.unchanged == {"c1", "v1"}
    assert ContactPerson.objects.count() == 1
    assert VendorBalance.objects.count() == 1


def test_balances_of_two_currencies_stand_beside_each_other():
    balances = (
        CustomerBalanceValues(currency="IQD", receivable=Decimal(1000)),
        CustomerBalanceValues(currency="USD", receivable=Decimal(3)),
    )

    save_parties([customer(balances=balances)], at=NOON)

    assert dict(CustomerBalance.objects.values_list("currency", "receivable")) == {"IQD": 1000, "USD": 3}


def test_a_contact_that_changes_its_type_is_retired_in_the_other_table():
    save_parties([customer("1")], at=NOON)

    saved = save_parties([vendor("1")], at=LATER)

    assert saved.created == {"1"}
    assert Customer.objects.get(zoho_id="1").retired_at == LATER
    assert Vendor.objects.get(zoho_id="1").retired_at is None

    save_parties([customer("1")], at=LATER)

    assert Customer.objects.get(zoho_id="1").retired_at is None
    assert Vendor.objects.get(zoho_id="1").retired_at == LATER


def test_retired_once_and_told_once():
    save_parties([customer("1"), vendor("2")], at=NOON)
    StoredEvent.objects.all().delete()

    assert retire_parties(["1", "2", "404"], at=NOON) == 2
    assert retire_parties(["1", "2"], at=LATER) == 0
    assert Customer.objects.get().retired_at == NOON
    assert [type for type, _ in events()] == ["commerce.customer.retired", "commerce.vendor.retired"]


def test_no_sync_touches_what_staff_wrote():
    save_parties([customer()], at=NOON)
    edit_party(Customer, Customer.objects.get().pk, LocalPartyFields(name_ar="أحمد", local_notes="VIP"), at=NOON)

    save_parties([customer(name="Ahmed")], at=LATER)

    row = Customer.objects.get()
    assert (row.name, row.name_ar, row.local_notes) == ("Ahmed", "أحمد", "VIP")


def test_an_edit_that_changes_nothing_tells_nothing():
    save_parties([customer()], at=NOON)
    StoredEvent.objects.all().delete()
    fields = LocalPartyFields(name_ar="أحمد", local_notes="")

    edit_party(Customer, Customer.objects.get().pk, fields, at=LATER)
    edit_party(Customer, Customer.objects.get().pk, fields, at=LATER)

    assert events() == [("commerce.customer.updated", {"zoho_id": "c1", "fields": ["name_ar"]})]


def test_a_batch_costs_the_same_queries_at_any_size():
    def batch(start, size, **values):
        return [
            one(
                f"{start + number}",
                contact_persons=(ContactPersonValues(first_name=f"{number}"),) * 2,
                addresses=(AddressValues(kind="billing", city="Basra"),),
                balances=(balance(currency="IQD"),),
                **values,
            )
            for number in range(size)
            for one, balance in [
                (customer, CustomerBalanceValues) if number % 2 == 0 else (vendor, VendorBalanceValues)
            ]
        ]

    small = steps(lambda: save_parties(batch(1000, 2), at=NOON))
    large = steps(lambda: save_parties(batch(2000, 50), at=NOON))
    small_again = steps(lambda: save_parties(batch(1000, 2, phone="1"), at=LATER))
    large_again = steps(lambda: save_parties(batch(2000, 50, phone="1"), at=LATER))

    assert large == small
    assert large_again == small_again
