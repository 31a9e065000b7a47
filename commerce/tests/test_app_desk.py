"""What staff do with what the apps bring: cancel an order, judge a review, say whose account it is."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.urls import reverse
from django.utils import timezone

from catalog.tests.test_images import media
from commerce.models import (
    AppOrder,
    AppOrderLine,
    AppSettings,
    Banner,
    Customer,
    CustomerAccount,
    DeliveryMethod,
    DeviceToken,
    PaymentMethod,
    ProductRating,
    Promotion,
    Review,
)
from commerce.services.accounts import NewAccount, link_account, register, sign_in, unlink_account
from commerce.services.addresses import add_address
from commerce.services.devices import DeviceInfo, start_device
from commerce.services.documents import save_invoices
from commerce.services.parties import save_parties
from commerce.services.reviews import write_review
from commerce.tests.builders import LATER, NOON, customer, invoice, line
from commerce.tests.shop import WHOLESALE, address, buyer, open_shop, order, promote

__all__ = ["media"]
pytestmark = pytest.mark.django_db

PHONE = "+9647701112233"


@pytest.fixture
def shop():
    return open_shop({"a": "10000", "b": "2500"}, wholesale={"a": "8000"}, stock="50")


@pytest.fixture
def staff(client):
    client.force_login(User.objects.create_superuser("owner"))
    return client


def allow(client, *names):
    user = User.objects.create_user("helper", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="commerce", codename__in=names))
    client.force_login(user)
    return client


def english(client, address, query=None):
    return client.get(address, query or {}, headers={"accept-language": "en"})


# --- orders -----------------------------------------------------------------------------------------


def test_an_order_shows_what_was_agreed_line_by_line(staff, shop):
    promotion = promote(name_en="Ten", code="TEN")
    placed = order(buyer(name="Ali"), "TEN", a=2, b=1)

    shown = english(staff, reverse("admin:commerce_apporder_change", args=[placed.pk])).content.decode()

    for text in ("APP-", "Ali", "Product a", "SKU-b", "Karrada", "+9647701234567", "Card", "submitted"):
        assert text in shown, text
    assert reverse("admin:commerce_promotion_change", args=[promotion.pk]) in shown
    assert f'<bdi dir="ltr">{placed.payable:,.0f}</bdi> IQD' in shown


def test_an_order_is_cancelled_with_a_reason_and_gives_back_what_it_held(staff, shop):
    promotion = promote(code="EID", usage_limit=1)
    placed = order(buyer(), "EID", a=2)
    page = reverse("admin:commerce_apporder_cancel", args=[placed.pk])

    asked = english(staff, page)
    without = staff.post(page, {"reason": "  "})
    answer = staff.post(page, {"reason": "the customer called"})

    assert "Cancel the order" in asked.content.decode()
    assert without.status_code == 200
    assert answer.url == reverse("admin:commerce_apporder_change", args=[placed.pk])
    placed.refresh_from_db()
    promotion.refresh_from_db()
    assert (placed.status, placed.cancel_reason, placed.cancelled_by.username) == (
        "cancelled",
        "the customer called",
        "owner",
    )
    assert (promotion.used, AppOrderLine.objects.held([shop["a"].pk])) == (0, {})
    assert "the customer called" in LogEntry.objects.get().change_message


def test_what_zoho_has_is_not_cancelled_here(staff, shop):
    placed = order(buyer(), a=1)
    AppOrder.objects.update(status="accepted", sent_at=timezone.now())

    answer = staff.post(reverse("admin:commerce_apporder_cancel", args=[placed.pk]), {"reason": "no"})

    assert answer.status_code == 302
    assert AppOrder.objects.get().status == "accepted"


def test_cancelling_is_for_those_who_may_change_orders(client, shop):
    placed = order(buyer(), a=1)
    page = reverse("admin:commerce_apporder_cancel", args=[placed.pk])
    helper = allow(client, "view_apporder")

    shown = helper.get(reverse("admin:commerce_apporder_change", args=[placed.pk])).content.decode()

    assert page not in shown
    assert helper.post(page, {"reason": "no"}).status_code == 403
    assert AppOrder.objects.get().status == "submitted"


def test_the_list_of_unsent_orders_is_oldest_first_and_names_the_late(staff, shop):
    someone = buyer()
    first, second, third = (order(someone, a=1) for _turn in range(3))
    now = timezone.now()
    for one, hours in ((first, 0), (second, 5), (third, 2)):
        AppOrder.objects.filter(pk=one.pk).update(placed_at=now - timedelta(hours=hours, minutes=5))
    listed = reverse("admin:commerce_apporder_changelist")

    unsent = english(staff, listed, {"sending": "unsent"})
    late = english(staff, listed, {"sending": "late"})
    found = english(staff, listed, {"q": first.number.lower()})

    assert {row.pk for row in unsent.context["cl"].result_list} == {first.pk, second.pk, third.pk}
    assert {row.pk for row in late.context["cl"].result_list} == {second.pk, third.pk}
    assert [row.pk for row in found.context["cl"].result_list] == [first.pk]
    assert '<span class="badge badge-warning">5\xa0hours</span>' in unsent.content.decode()


# --- reviews ----------------------------------------------------------------------------------------


def review_of(zoho_id, shop, rating=5, product="a", at=LATER):
    return write_review(buyer(zoho_id), shop[product].pk, rating=rating, title=f"by {zoho_id}", at=at)


def test_reviews_are_moderated_one_after_the_other(staff, shop):
    first, second = review_of("c1", shop, 5), review_of("c2", shop, 1, at=LATER + timedelta(minutes=1))
    save_invoices([invoice("i9", lines=(line("a"),), status="paid", customer_zoho_id="c1")], at=LATER)
    page, following = (reverse("admin:commerce_review_moderate", args=[one.pk]) for one in (first, second))

    shown = english(staff, page).content.decode()
    after = staff.post(page, {"decision": "approve"})
    refused = staff.post(following, {"decision": "reject", "reason": ""})
    nonsense = staff.post(following, {"decision": "burn", "reason": "x"})
    last = staff.post(following, {"decision": "reject", "reason": "insulting"})

    assert "INV-i9" in shown
    assert (after.url, last.url) == (following, reverse("admin:commerce_review_changelist"))
    assert (refused.status_code, nonsense.status_code) == (200, 200)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, first.is_verified, first.moderated_by.username) == ("approved", True, "owner")
    assert (second.status, second.rejection_reason) == ("rejected", "insulting")
    rating = ProductRating.objects.get()
    assert (rating.count, rating.average) == (1, Decimal(5))
    assert LogEntry.objects.count() == 2


def test_many_reviews_are_approved_or_rejected_at_once(staff, shop):
    reviews = [review_of(f"c{number}", shop, number) for number in (2, 4)]
    chosen = {"_selected_action": [one.pk for one in reviews], "confirmed": "yes"}
    listed = reverse("admin:commerce_review_changelist")

    staff.post(listed, chosen | {"action": "approve"})
    approved = ProductRating.objects.get().average
    asked = staff.post(listed, chosen | {"action": "reject", "reason": ""})
    staff.post(listed, chosen | {"action": "reject", "reason": "spam"})

    assert approved == Decimal(3)
    assert asked.status_code == 200
    assert {(one.status, one.rejection_reason) for one in Review.objects.all()} == {("rejected", "spam")}
    assert not ProductRating.objects.exists()


def test_only_moderators_moderate(client, shop):
    review = review_of("c1", shop)
    helper = allow(client, "view_review", "change_review")
    page = reverse("admin:commerce_review_moderate", args=[review.pk])
    listed = reverse("admin:commerce_review_changelist")

    assert helper.get(page).status_code == 403
    assert helper.post(page, {"decision": "approve"}).status_code == 403
    helper.post(listed, {"action": "approve", "_selected_action": [review.pk], "confirmed": "yes"})
    assert Review.objects.get().status == "pending"


# --- accounts ---------------------------------------------------------------------------------------


@pytest.fixture
def account(shop):
    register(NewAccount(name="Sara", phone=PHONE, password="plum-Tree-42"), at=NOON)
    return CustomerAccount.objects.select_related("customer", "user").get()


def known(zoho_id, **values):
    save_parties([customer(zoho_id, **values)], at=NOON)
    return Customer.objects.get(zoho_id=zoho_id)


def link(account):
    return reverse("admin:commerce_customeraccount_link", args=[account.pk])


def test_those_with_the_same_phone_are_offered_however_it_is_written(staff, account):
    same = known("k1", mobile="0770 111 2233")
    other = known("k2", phone="00964-770-111-2233")
    known("k3", phone="0770 111 2234")

    offered = english(staff, link(account)).context["candidates"]

    assert [one for one, _owed in offered] == [same, other]


def test_a_doubtful_link_needs_a_word_that_somebody_made_sure(staff, account):
    chosen = known("k1", name="Noor", mobile="0770 111 2233", price_list_zoho_id=WHOLESALE)
    twin = known("k2", name="Twin", mobile="+964 770 111 2233")
    add_address(account.customer_id, address(), at=NOON)

    shown = english(staff, link(account), {"customer": chosen.pk})
    refused = staff.post(link(account), {"customer": chosen.pk})
    still = CustomerAccount.objects.get().state
    answer = staff.post(link(account), {"customer": chosen.pk, "checked": "yes"})

    comparison = shown.context["comparison"]
    assert (list(comparison.sharing), comparison.has_phone, comparison.is_doubtful) == ([twin], True, True)
    assert comparison.left_behind["addresses"] == 1
    assert "One other customer has the same phone" in shown.content.decode()
    assert (refused.status_code, still, answer.status_code) == (200, "unconfirmed", 302)
    account.refresh_from_db()
    assert (account.customer, account.state, account.confirmed_by.username) == (chosen, "confirmed", "owner")
    assert "Noor" in LogEntry.objects.get().change_message


def test_a_clear_link_is_done_at_once(staff, account):
    chosen = known("k1", mobile="0770 111 2233")

    answer = staff.post(link(account), {"customer": chosen.pk})

    assert answer.status_code == 302
    assert CustomerAccount.objects.get().customer == chosen


@pytest.mark.parametrize("chosen", ["", "x", "999999", "own"])
def test_only_customers_of_zoho_can_be_chosen(staff, account, chosen):
    asked = account.customer_id if chosen == "own" else chosen

    answer = staff.post(link(account), {"customer": asked, "checked": "yes"})

    assert answer.status_code == 200
    assert CustomerAccount.objects.get().state == "unconfirmed"


def test_linking_is_for_those_who_may_change_accounts_and_see_customers(client, account):
    chosen = known("k1", mobile="0770 111 2233")
    helper = allow(client, "view_customeraccount", "change_customeraccount")

    assert helper.post(link(account), {"customer": chosen.pk, "checked": "yes"}).status_code == 403
    assert helper.get(link(account)).status_code == 403
    assert CustomerAccount.objects.get().state == "unconfirmed"


def test_unlinking_gives_the_account_its_own_customer_back_and_signs_it_out(staff, account):
    own, chosen = account.customer, known("k1", mobile="0770 111 2233")
    link_account(account.pk, chosen, by=User.objects.get(username="owner"), at=LATER)
    start_device(account.user, DeviceInfo(name="phone"), at=timezone.now())
    page = reverse("admin:commerce_customeraccount_unlink", args=[account.pk])

    asked = staff.get(page)
    still = CustomerAccount.objects.get().customer
    staff.post(page)

    assert (asked.status_code, still) == (200, chosen)
    account.refresh_from_db()
    assert (account.customer, account.state, account.confirmed_by) == (own, "unconfirmed", None)
    assert not DeviceToken.objects.exists()
    assert Customer.objects.filter(zoho_id__isnull=True).count() == 1


def test_unlinking_never_takes_the_customer_of_another_account(account):
    staff = User.objects.create_superuser("owner")
    chosen = known("k1")
    link_account(account.pk, chosen, by=staff, at=LATER)
    register(NewAccount(name="Other", phone="+9647701112244", password="plum-Tree-42"), at=NOON)
    other = CustomerAccount.objects.get(phone="+9647701112244")
    Customer.objects.filter(pk=other.customer_id).update(mobile=PHONE)
    Customer.objects.filter(accounts=None, zoho_id__isnull=True).delete()

    assert unlink_account(account.pk, by=staff, at=LATER)
    assert not unlink_account(account.pk, by=staff, at=LATER)

    account.refresh_from_db()
    assert account.customer not in (chosen, other.customer)
    assert (account.customer.zoho_id, account.customer.name) == (None, "Sara")


def test_sessions_are_ended_for_an_account_or_a_device(staff, account):
    for _turn in range(2):
        start_device(account.user, DeviceInfo(name="phone"), at=timezone.now())
    device = DeviceToken.objects.first()

    staff.post(reverse("admin:commerce_devicetoken_changelist"), {"action": "end", "_selected_action": [device.pk]})
    left = DeviceToken.objects.count()
    staff.post(
        reverse("admin:commerce_customeraccount_changelist"), {"action": "sign_out", "_selected_action": [account.pk]}
    )

    assert (left, DeviceToken.objects.count()) == (1, 0)


# --- a shop to try ----------------------------------------------------------------------------------


def counts():
    models = (Promotion, Banner, DeliveryMethod, PaymentMethod, CustomerAccount, Customer, AppSettings)
    return [model.objects.count() for model in models]


def test_a_demonstration_shop_can_be_signed_in_to_and_made_again(shop, media, tmp_path):
    AppSettings.objects.all().delete()
    User.objects.create_superuser("owner")
    buyer("c9", wholesale=True, name="Noor")
    out, again = StringIO(), StringIO()

    call_command("demo_shop", password_file=tmp_path / "p.txt", stdout=out)
    before = counts()
    call_command("demo_shop", password_file=tmp_path / "p.txt", stdout=again)

    password = (tmp_path / "p.txt").read_text().strip()
    assert (tmp_path / "p.txt").stat().st_mode & 0o777 == 0o600
    assert counts() == before
    assert out.getvalue().count(password) == again.getvalue().count(password) == 2
    assert sign_in("0770 123 0001", password).customer_account.state == "unconfirmed"
    assert sign_in("0770 123 0002", password).customer_account.customer.name == "Noor"
    assert AppSettings.objects.get().consumer_price_list.currency == "IQD"


def test_a_demonstration_is_refused_elsewhere(settings, tmp_path):
    settings.IS_DEVELOPMENT, settings.ENVIRONMENT = False, "production"

    with pytest.raises(CommandError, match="ENVIRONMENT is production"):
        call_command("demo_shop", password_file=tmp_path / "p.txt")

    assert not (tmp_path / "p.txt").exists()
    assert not CustomerAccount.objects.exists()
