"""Delivery addresses: exactly one is the default as long as there is any."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from commerce.models import Customer, CustomerAddress, DeliveryMethod
from commerce.refusals import AddressRefused
from commerce.services.addresses import add_address, edit_address, make_default, remove_address
from commerce.services.parties import save_parties
from commerce.services.shop import save_delivery_method
from commerce.tests.builders import LATER, NOON, customer
from commerce.tests.shop import address

pytestmark = pytest.mark.django_db


def somebody(zoho_id: str = "c1") -> Customer:
    save_parties([customer(zoho_id)], at=NOON)
    return Customer.objects.get(zoho_id=zoho_id)


def shown(someone: Customer) -> list[tuple[str, bool]]:
    return list(CustomerAddress.objects.live().filter(customer=someone).values_list("district", "is_default"))


def test_the_first_is_the_default_and_another_one_may_become_it():
    someone = somebody()
    first = add_address(someone.pk, address(district="one"), at=NOON)
    second = add_address(someone.pk, address(district="two"), at=NOON)
    assert shown(someone) == [("one", True), ("two", False)]

    make_default(someone.pk, second.pk, at=LATER)
    assert shown(someone) == [("two", True), ("one", False)]
    edit_address(someone.pk, first.pk, address(district="three"), is_default=True, at=LATER)
    assert shown(someone) == [("three", True), ("two", False)]
    add_address(someone.pk, address(district="four"), is_default=True, at=LATER)
    assert shown(someone) == [("four", True), ("three", False), ("two", False)]


def test_a_removed_default_leaves_the_newest_other_one():
    someone = somebody()
    keys = [add_address(someone.pk, address(district=name), at=NOON).pk for name in ("one", "two", "three")]

    remove_address(someone.pk, keys[0], at=LATER)
    assert shown(someone) == [("three", True), ("two", False)]
    remove_address(someone.pk, keys[1], at=LATER)
    remove_address(someone.pk, keys[2], at=LATER)

    assert shown(someone) == []
    assert CustomerAddress.objects.filter(removed_at=LATER).count() == 3
    add_address(someone.pk, address(district="anew"), at=LATER)
    assert shown(someone) == [("anew", True)]


@pytest.mark.lesson("L15")
def test_somebody_elses_and_removed_addresses_are_unknown():
    someone, other = somebody(), somebody("c2")
    theirs = add_address(other.pk, address(), at=NOON)
    removed = add_address(someone.pk, address(), at=NOON)
    remove_address(someone.pk, removed.pk, at=NOON)

    for key in (theirs.pk, removed.pk, 10**9):
        for change in (
            lambda key=key: edit_address(someone.pk, key, address(), at=LATER),
            lambda key=key: make_default(someone.pk, key, at=LATER),
            lambda key=key: remove_address(someone.pk, key, at=LATER),
        ):
            with pytest.raises(AddressRefused) as refused:
                change()
            assert refused.value.code == "unknown_address"
    assert shown(other) == [("Karrada", True)]


def test_twenty_addresses_are_enough():
    someone = somebody()
    for _ in range(20):
        add_address(someone.pk, address(), at=NOON)

    with pytest.raises(AddressRefused) as refused:
        add_address(someone.pk, address(), at=NOON)

    assert (refused.value.code, refused.value.details) == ("too_many_addresses", {"most": 20})


def test_the_database_knows_one_default_and_places_on_earth():
    someone = somebody()
    add_address(someone.pk, address(), at=NOON)

    for wrong in ({"is_default": True}, {"latitude": 91, "longitude": 0}, {"latitude": 33}):
        with pytest.raises(IntegrityError), transaction.atomic():
            CustomerAddress.objects.create(customer=someone, governorate="IQ-BG", district="x", phone="1", **wrong)


def test_a_delivery_method_names_only_governorates_that_there_are():
    with pytest.raises(ValidationError) as refused:
        save_delivery_method(DeliveryMethod(name_en="x", governorates=["IQ-BG", "Paris"]), at=NOON)

    assert refused.value.message_dict == {"governorates": ["“Paris” is no governorate."]}
