"""Currencies, taxes and Zoho users."""

from datetime import date
from decimal import Decimal

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction

from catalog.tests.queries import steps
from commerce.models import Currency, ExchangeRate, Tax, ZohoUser
from commerce.services.currencies import retire_currencies, save_currencies
from commerce.services.taxes import retire_taxes, save_taxes
from commerce.services.users import link_login, retire_users, save_users
from commerce.tests.builders import LATER, NOON
from commerce.values import CurrencyValues, TaxValues, ZohoUserValues
from tsh_erp.events.models import StoredEvent

pytestmark = pytest.mark.django_db


def dollar(rate, day=None, **values):
    exchange_rate = None if rate is None else Decimal(rate)
    return CurrencyValues(
        **{"zoho_id": "1", "code": "USD", "exchange_rate": exchange_rate, "effective_date": day} | values
    )


def history():
    return list(ExchangeRate.objects.order_by("id").values_list("rate", "effective_date", "recorded_at"))


def test_every_new_rate_is_added_to_the_history():
    first, second = date(2026, 1, 1), date(2026, 2, 1)

    save_currencies([dollar("1310", first)], at=NOON)
    save_currencies([dollar("1310", first, symbol="$")], at=LATER)
    save_currencies([dollar("1320.5", second)], at=LATER)

    assert history() == [(Decimal(1310), first, NOON), (Decimal("1320.5"), second, LATER)]
    assert Currency.objects.get().exchange_rate == Decimal("1320.5")


def test_a_rate_that_returns_is_a_new_row():
    for rate in ("1310", "1320", "1310"):
        save_currencies([dollar(rate)], at=NOON)

    assert [rate for rate, *_ in history()] == [Decimal(1310), Decimal(1320), Decimal(1310)]


def test_an_unknown_rate_is_no_rate():
    save_currencies([dollar(None)], at=NOON)

    assert history() == []
    assert Currency.objects.get().exchange_rate is None


def test_taxes_and_tax_groups_stand_in_one_table():
    save_taxes([TaxValues(zoho_id="1", name="VAT", type="tax"), TaxValues(zoho_id="2", type="tax_group")], at=NOON)

    assert {tax.zoho_id: tax.is_group for tax in Tax.objects.all()} == {"1": False, "2": True}


def test_a_zoho_user_gets_no_login():
    save_users([ZohoUserValues(zoho_id="1", name="Sara", email="sara@example.com", role="admin")], at=NOON)

    assert ZohoUser.objects.get().login is None
    assert not get_user_model().objects.exists()


def test_staff_link_a_login_and_no_sync_takes_it_away():
    login = get_user_model().objects.create_user("sara")
    save_users([ZohoUserValues(zoho_id="1", name="Sara")], at=NOON)

    link_login(ZohoUser.objects.get().pk, login, at=NOON)
    save_users([ZohoUserValues(zoho_id="1", name="Sara Ali")], at=LATER)

    assert (ZohoUser.objects.get().login, ZohoUser.objects.get().name) == (login, "Sara Ali")
    assert list(StoredEvent.objects.order_by("id").values_list("type", "data")) == [
        ("commerce.zohouser.created", {"zoho_id": "1"}),
        ("commerce.zohouser.updated", {"zoho_id": "1", "fields": ["login"]}),
        ("commerce.zohouser.updated", {"zoho_id": "1", "fields": ["name"]}),
    ]


def test_linking_again_changes_nothing_and_none_unlinks():
    login = get_user_model().objects.create_user("sara")
    save_users([ZohoUserValues(zoho_id="1", name="Sara")], at=NOON)
    user = ZohoUser.objects.get()
    link_login(user.pk, login, at=NOON)

    link_login(user.pk, login, at=LATER)
    assert StoredEvent.objects.count() == 2

    link_login(user.pk, None, at=LATER)
    assert ZohoUser.objects.get().login is None


def test_a_login_is_one_zoho_user_s():
    login = get_user_model().objects.create_user("sara")
    save_users([ZohoUserValues(zoho_id="1"), ZohoUserValues(zoho_id="2")], at=NOON)
    link_login(ZohoUser.objects.get(zoho_id="1").pk, login, at=NOON)

    with pytest.raises(IntegrityError), transaction.atomic():
        link_login(ZohoUser.objects.get(zoho_id="2").pk, login, at=NOON)


def test_what_is_gone_is_retired():
    save_currencies([dollar("1310")], at=NOON)
    save_taxes([TaxValues(zoho_id="1")], at=NOON)
    save_users([ZohoUserValues(zoho_id="1")], at=NOON)

    assert [retire(["1"], at=LATER) for retire in (retire_currencies, retire_taxes, retire_users)] == [1, 1, 1]


@pytest.mark.parametrize(
    ("save", "make"),
    [
        (save_currencies, lambda n: dollar(f"{n}.5", zoho_id=f"{n}")),
        (save_taxes, lambda n: TaxValues(zoho_id=f"{n}")),
        (save_users, lambda n: ZohoUserValues(zoho_id=f"{n}")),
    ],
)
def test_a_batch_costs_the_same_queries_at_any_size(save, make):
    small = steps(lambda: save([make(1)], at=NOON))
    large = steps(lambda: save([make(number) for number in range(2, 52)], at=NOON))

    assert large == small
