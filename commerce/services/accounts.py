"""Accounts of customers on the phones: register, sign in, and what staff say about them.

An account never finds its Zoho contact by itself: hundreds of phones are shared, and whoever knows a
phone number would read another's prices and debts. Staff link it by hand.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, check_password, make_password
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.db.models.functions import Lower

from commerce.lengths import SHORT
from commerce.models import Currency, Customer, CustomerAccount, DeviceToken
from commerce.phones import parse_phone, tidy_email
from commerce.services.devices import end_devices, password_stamp
from commerce.services.mirrored import publish_fields
from tsh_erp.events.publish import DomainEvent, publish

LONGEST_NAME = 150
"""What Django keeps of a first name."""

REGISTERED, LINKED = "commerce.account.registered", "commerce.account.linked"
UNLINKED = "commerce.account.unlinked"


@dataclass(frozen=True, kw_only=True)
class NewAccount:
    """What somebody registers with: `phone` in E.164; `email` may be empty."""

    name: str
    phone: str
    password: str
    email: str = ""
    language: str = "ar"


def check_new_password(password: str, *, name: str = "", phone: str = "", email: str = "") -> None:
    """ValidationError (Django's) when a password is too easy to guess for this person."""
    national = "0" + phone[-10:] if phone else ""
    validate_password(password, User(username=national, first_name=name, last_name=phone, email=email))


def register(new: NewAccount, *, at: datetime) -> bool:
    """Make a login, a customer that only we know, and the account between them; whether it was made.

    Nothing happens when the phone or the e-mail has an account. The caller answers the same in both
    cases, and both take as long: the password is hashed either way.
    """
    hashed = make_password(new.password)
    email = tidy_email(new.email)
    if _is_taken(new.phone, email):
        return False
    try:
        with transaction.atomic():
            _make_account(new, hashed, email, at=at)
    except IntegrityError:  # somebody registered the same in this moment
        return False
    return True


def sign_in(identifier: str, password: str) -> User | None:
    """The active login that `identifier` names, if the password is its: a phone, an e-mail, or a staff username.

    One password is checked whatever is found, so that the time tells nobody who has an account.
    """
    user = _find_login(identifier)
    encoded = user.password if user else UNUSABLE_PASSWORD_PREFIX
    if not check_password(password, encoded, setter=_keeping_devices(user)) or user is None:
        return None
    return user if user.is_active else None


def has_password(user: User, password: str) -> bool:
    """Whether this is the login's password."""
    return check_password(password, user.password, setter=_keeping_devices(user))


def change_password(user: User, password: str, *, at: datetime) -> None:
    """Set a new password: every device is signed out, this one too, until it gets a new token."""
    encoded = make_password(password)
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(password=encoded)
        end_devices(user)
    user.password = encoded


def link_account(account_id: int, customer: Customer, *, by: User, at: datetime) -> None:
    """Staff say whose account it is, and thereby confirm it; its phone now sees that customer's prices.

    Linked to the customer that it already has, it is just confirmed.
    """
    with transaction.atomic():
        account = CustomerAccount.objects.select_for_update(of=("self",)).get(pk=account_id)
        before = account.customer_id
        account.customer = customer
        if account.state != CustomerAccount.State.CONFIRMED:
            account.state, account.confirmed_at, account.confirmed_by = CustomerAccount.State.CONFIRMED, at, by
        account.save()
        data = {"customer": customer.pk, "before": before, "by": by.pk}
        publish([DomainEvent(LINKED, f"commerce.account:{account_id}", data)], at=at)


def unlink_account(account_id: int, *, by: User, at: datetime) -> bool:
    """Take a confirmation back: the account has a customer of its own again and its devices are signed out.

    That is the customer it began with, with the addresses and carts of then, or else a new one. Whether
    anything changed; an account that nobody confirmed stays as it is.
    """
    with transaction.atomic():
        rows = CustomerAccount.objects.select_for_update(of=("self",)).select_related("user")
        account = rows.get(pk=account_id)
        if account.state == CustomerAccount.State.UNCONFIRMED:
            return False
        before = account.customer_id
        account.customer = _own_customer(account)
        account.state, account.confirmed_at, account.confirmed_by = CustomerAccount.State.UNCONFIRMED, None, None
        account.save()
        end_devices(account.user)
        data = {"customer": account.customer_id, "before": before, "by": by.pk}
        publish([DomainEvent(UNLINKED, f"commerce.account:{account_id}", data)], at=at)
        return True


def choose_language(account: CustomerAccount, language: str, *, at: datetime) -> None:
    """The language that messages to this person are written in."""
    CustomerAccount.objects.filter(pk=account.pk).update(language=language, updated_at=at)
    account.language = language


def rename(account: CustomerAccount, name: str, *, at: datetime) -> None:
    """What the person is called. A customer that only we know is called the same; Zoho's names are Zoho's."""
    with transaction.atomic():
        User.objects.filter(pk=account.user_id).update(first_name=name[:LONGEST_NAME])
        customer = Customer.objects.select_for_update(of=("self",)).get(pk=account.customer_id)
        if customer.zoho_id is None and customer.name != name:
            Customer.objects.filter(pk=customer.pk).update(name=name, updated_at=at)
            publish_fields(customer, ["name"], at=at)
            account.customer.name = name
    account.user.first_name = name[:LONGEST_NAME]


def _is_taken(phone: str, email: str) -> bool:
    taken = Q(phone=phone)
    if email:
        taken |= Q(lower_email=email)
    return CustomerAccount.objects.annotate(lower_email=Lower("email")).filter(taken).exists()


def _own_customer(account: CustomerAccount) -> Customer:
    """The customer that only we know and that is this account's alone."""
    phone = str(account.phone or "")
    mine = Customer.objects.filter(zoho_id__isnull=True, mobile=phone, email=account.email)
    free = mine.exclude(accounts__in=CustomerAccount.objects.exclude(pk=account.pk)).order_by("-pk")
    name = account.user.first_name or phone or account.email
    return free.first() or _new_customer(name, phone=phone, email=account.email, language=account.language)


def _new_customer(name: str, *, phone: str, email: str, language: str) -> Customer:
    return Customer.objects.create(
        name=name,
        first_name=name[:SHORT],
        mobile=phone,
        email=email,
        language=language,
        currency=Currency.objects.filter(is_base=True).values_list("code", flat=True).first() or "",
    )


def _make_account(new: NewAccount, hashed: str, email: str, *, at: datetime) -> None:
    # The username is nobody's secret and nobody's phone: people sign in by phone or e-mail, which may change.
    user = User.objects.create(
        username=f"phone-{uuid.uuid4().hex}", password=hashed, first_name=new.name[:LONGEST_NAME], email=email
    )
    customer = _new_customer(new.name, phone=new.phone, email=email, language=new.language)
    account = CustomerAccount.objects.create(
        user=user, customer=customer, phone=new.phone, email=email, language=new.language
    )
    publish(
        [
            DomainEvent("commerce.customer.created", f"commerce.customer:{customer.pk}", {"zoho_id": None}),
            DomainEvent(REGISTERED, f"commerce.account:{account.pk}", {"customer": customer.pk}),
        ],
        at=at,
    )


def _find_login(identifier: str) -> User | None:
    """Two queries, whatever is found."""
    typed = identifier.strip()
    named = User.objects.filter(username=typed, customer_account__isnull=True).first()
    phone, email = parse_phone(typed), tidy_email(typed)
    who = Q(phone=phone) if phone else Q(lower_email=email)
    account = (
        CustomerAccount.objects.annotate(lower_email=Lower("email"))
        .filter(who)
        .exclude(phone=None, email="")
        .select_related("user")
        .first()
    )
    return named or (account.user if account else None)


def _keeping_devices(user: User | None) -> Callable[[str], None]:
    """What Django calls when a right password is to be hashed anew: that is no other password for the devices."""

    def store(raw: str) -> None:
        if user is None:
            return
        user.password = make_password(raw)
        with transaction.atomic():
            User.objects.filter(pk=user.pk).update(password=user.password)
            DeviceToken.objects.filter(user=user).update(password_stamp=password_stamp(user))

    return store
