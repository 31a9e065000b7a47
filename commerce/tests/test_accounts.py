from collections import Counter
from datetime import timedelta

import pytest
from django.contrib.auth import hashers
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from commerce.models import Customer, CustomerAccount, DeviceToken
from commerce.services.accounts import (
    NewAccount,
    change_password,
    check_new_password,
    link_account,
    register,
    rename,
    sign_in,
)
from commerce.services.devices import DeviceInfo, start_device
from commerce.services.parties import save_parties
from commerce.tests.builders import NOON, customer
from tsh_erp.events.models import StoredEvent

pytestmark = pytest.mark.django_db
SARA = NewAccount(name="سارة", phone="+9647701234567", password="plum-Tree-42", email="Sara@Example.com")


def hashed(monkeypatch) -> Counter[str]:
    """Counts how often a password is really hashed."""
    calls: Counter[str] = Counter()
    encode = hashers.MD5PasswordHasher.encode

    def counting(self, password, salt):
        calls["hashes"] += 1
        return encode(self, password, salt)

    monkeypatch.setattr(hashers.MD5PasswordHasher, "encode", counting)
    return calls


def test_registering_makes_a_login_a_customer_of_our_own_and_an_unconfirmed_account():
    assert register(SARA, at=NOON)

    account = CustomerAccount.objects.get()
    assert (str(account.phone), account.email, account.state) == ("+9647701234567", "sara@example.com", "unconfirmed")
    assert (account.customer.name, account.customer.zoho_id) == ("سارة", None)
    assert (account.user.is_staff, account.user.has_usable_password()) == (False, True)
    assert "7701234567" not in account.user.username
    types = [*StoredEvent.objects.order_by("id").values_list("type", flat=True)]
    assert types == ["commerce.customer.created", "commerce.account.registered"]


@pytest.mark.lesson("L29")
def test_registering_with_the_phone_of_a_zoho_contact_links_nothing():
    save_parties([customer("c1", phone="07701234567", mobile="+9647701234567", email="sara@example.com")], at=NOON)

    register(SARA, at=NOON)

    account = CustomerAccount.objects.get()
    assert account.customer.zoho_id is None
    assert Customer.objects.count() == 2


@pytest.mark.parametrize(
    "second",
    [
        NewAccount(name="Other", phone="+9647701234567", password="other-Word-99"),
        NewAccount(name="Other", phone="+9647711111111", password="other-Word-99", email="SARA@example.com"),
    ],
)
def test_a_phone_or_email_that_has_an_account_changes_nothing(second):
    register(SARA, at=NOON)

    assert not register(second, at=NOON)

    assert (User.objects.count(), Customer.objects.count(), CustomerAccount.objects.count()) == (1, 1, 1)
    assert sign_in("07701234567", "plum-Tree-42") is not None
    assert sign_in("07701234567", "other-Word-99") is None


def test_registering_takes_one_hash_whether_the_phone_is_taken_or_not(monkeypatch):
    calls = hashed(monkeypatch)

    register(SARA, at=NOON)
    new = calls["hashes"]
    register(SARA, at=NOON)

    assert (new, calls["hashes"]) == (1, 2)


@pytest.mark.parametrize(
    "identifier", ["07701234567", "٠٧٧٠ ١٢٣ ٤٥٦٧", "+964 770 123 4567", "sara@example.com", " SARA@EXAMPLE.COM "]
)
def test_signing_in_by_phone_or_email_in_any_spelling(identifier):
    register(SARA, at=NOON)

    user = sign_in(identifier, "plum-Tree-42")

    assert user == CustomerAccount.objects.get().user


def test_staff_sign_in_by_their_username_and_customers_cannot():
    staff = User.objects.create_user("ali", password="plum-Tree-42", is_staff=True)
    register(SARA, at=NOON)

    assert sign_in("ali", "plum-Tree-42") == staff
    assert sign_in(CustomerAccount.objects.get().user.username, "plum-Tree-42") is None


@pytest.mark.parametrize("identifier", ["07701234567", "07709999999", "sara@example.com", "nobody", "", "x" * 1000])
def test_a_wrong_password_and_an_unknown_account_cost_the_same(monkeypatch, django_assert_num_queries, identifier):
    register(SARA, at=NOON)
    calls = hashed(monkeypatch)

    with django_assert_num_queries(2):
        user = sign_in(identifier, "wrong")

    assert (user, calls["hashes"]) == (None, 1)


def test_a_login_that_was_switched_off_cannot_sign_in():
    register(SARA, at=NOON)
    User.objects.update(is_active=False)

    assert sign_in("07701234567", "plum-Tree-42") is None


def test_an_old_hash_is_renewed_and_devices_stay_signed_in(settings):
    register(SARA, at=NOON)
    user = CustomerAccount.objects.get().user
    start_device(user, DeviceInfo(), at=NOON)
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.ScryptPasswordHasher",
        "django.contrib.auth.hashers.MD5PasswordHasher",
    ]

    sign_in("07701234567", "plum-Tree-42")

    user.refresh_from_db()
    assert user.password.startswith("scrypt$")
    assert DeviceToken.objects.get().password_stamp == user.get_session_auth_hash()


def test_changing_the_password_signs_every_device_out():
    register(SARA, at=NOON)
    user = CustomerAccount.objects.get().user
    start_device(user, DeviceInfo(), at=NOON)

    change_password(user, "river-Stone-7", at=NOON)

    assert not DeviceToken.objects.exists()
    assert sign_in("07701234567", "plum-Tree-42") is None
    assert sign_in("07701234567", "river-Stone-7") == user


@pytest.mark.parametrize("password", ["short", "12345678901", "password", "07701234567", "7701234567", "sarasarah"])
def test_a_password_that_is_easy_to_guess_is_refused(password):
    with pytest.raises(ValidationError):
        check_new_password(password, name="sarasara", phone="+9647701234567", email="")


def test_staff_link_an_account_to_a_zoho_customer_and_confirm_it():
    register(SARA, at=NOON)
    save_parties([customer("c1")], at=NOON)
    staff = User.objects.create_user("ali", is_staff=True)
    account, known = CustomerAccount.objects.get(), Customer.objects.get(zoho_id="c1")
    before = account.customer_id

    link_account(account.pk, known, by=staff, at=NOON)

    account.refresh_from_db()
    assert (account.customer, account.state, account.confirmed_at, account.confirmed_by) == (
        known,
        "confirmed",
        NOON,
        staff,
    )
    event = StoredEvent.objects.latest("id")
    assert (event.type, event.data) == (
        "commerce.account.linked",
        {"customer": known.pk, "before": before, "by": staff.pk},
    )


def test_linking_again_keeps_when_and_by_whom_it_was_confirmed():
    register(SARA, at=NOON)
    save_parties([customer("c1"), customer("c2")], at=NOON)
    first, second = (User.objects.create_user(name, is_staff=True) for name in ("ali", "huda"))
    account = CustomerAccount.objects.get()
    link_account(account.pk, Customer.objects.get(zoho_id="c1"), by=first, at=NOON)

    link_account(account.pk, Customer.objects.get(zoho_id="c2"), by=second, at=NOON + timedelta(days=1))

    account.refresh_from_db()
    assert (account.customer.zoho_id, account.confirmed_at, account.confirmed_by) == ("c2", NOON, first)


def test_a_new_name_reaches_our_own_customer_but_never_zohos():
    register(SARA, at=NOON)
    account = CustomerAccount.objects.select_related("user", "customer").get()

    rename(account, "Sara B.", at=NOON)

    assert Customer.objects.get(pk=account.customer_id).name == "Sara B."
    save_parties([customer("c1", name="Zoho's name")], at=NOON)
    link_account(account.pk, Customer.objects.get(zoho_id="c1"), by=account.user, at=NOON)
    account = CustomerAccount.objects.select_related("user").get()
    rename(account, "Sara C.", at=NOON)
    assert Customer.objects.get(zoho_id="c1").name == "Zoho's name"
    assert User.objects.get(pk=account.user_id).first_name == "Sara C."


def test_an_account_needs_a_phone_or_an_email():
    user = User.objects.create_user("u")
    with pytest.raises(IntegrityError):
        CustomerAccount.objects.create(user=user, customer=Customer.objects.create(name="X"))
