"""Amounts that only some may see: what is bought at which price, and what partners owe."""

from datetime import date
from decimal import Decimal

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.urls import reverse

from catalog.models import PriceList
from commerce.models import (
    Bill,
    BillLine,
    Customer,
    CustomerBalance,
    InventoryAdjustment,
    InventoryAdjustmentLine,
    PurchaseOrderLine,
    Vendor,
    VendorBalance,
    VendorCreditLine,
)
from commerce.tests.builders import save_one_of_everything

pytestmark = pytest.mark.django_db

ACCOUNT = ("view_vendor", "view_vendorbalance", "view_bill", "view_vendorcredit", "view_vendorpayment")
SECRET, SHOWN = Decimal("777123.25"), ("777,123.25", "777123.25")


@pytest.fixture(autouse=True)
def rows():
    save_one_of_everything()


def address(model, page, *args):
    return reverse(f"admin:commerce_{model._meta.model_name}_{page}", args=args)


def signed_in(client, *permissions, group=""):
    user = get_user_model().objects.create_user("somebody", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    if group:
        user.groups.add(Group.objects.get(name=group))
    client.force_login(user)
    return client


def tells(client, where, **query):
    answer = client.get(where, query)
    assert answer.status_code == 200
    return any(amount in answer.content.decode() for amount in SHOWN)


@pytest.fixture
def owed():
    Bill.objects.update(total=SECRET, balance=SECRET, status="open", currency="USD", date=date(2026, 3, 1))
    VendorBalance.objects.update(payable=SECRET, payable_base=SECRET)
    Vendor.objects.update(opening_balance=SECRET)
    return Vendor.objects.get()


def test_what_bills_come_to_is_told_to_who_may_see_costs(client, owed):
    visitor = signed_in(client, *ACCOUNT, "view_cost")

    assert tells(visitor, address(Vendor, "change", owed.pk))
    assert tells(visitor, address(Vendor, "changelist"))
    assert tells(visitor, address(Vendor, "ageing"))
    assert tells(visitor, address(Vendor, "statement", owed.pk), start="2026-01-01", end="2026-12-31")


def test_an_account_of_a_vendor_is_not_told_to_who_may_not_see_costs(client, owed):
    visitor = signed_in(client, *ACCOUNT)

    assert not tells(visitor, address(Vendor, "change", owed.pk))
    assert not tells(visitor, address(Vendor, "changelist"))
    assert not tells(visitor, address(VendorBalance, "changelist"))
    assert not tells(visitor, address(VendorBalance, "change", VendorBalance.objects.get().pk))
    assert visitor.get(address(Vendor, "ageing")).status_code == 403
    assert visitor.get(address(Vendor, "statement", owed.pk)).status_code == 403


@pytest.mark.parametrize("model", [BillLine, PurchaseOrderLine, VendorCreditLine])
def test_every_amount_of_a_purchased_line_is_hidden(client, model):
    model.objects.update(rate=SECRET, discount="777123.25", discount_amount=SECRET, item_total=SECRET)
    visitor = signed_in(client, f"view_{model._meta.model_name}")

    assert not tells(visitor, address(model, "changelist"))
    assert not tells(visitor, address(model, "change", model.objects.first().pk))
    found = visitor.get(address(model, "changelist"), {"discount_amount__gt": "1"}, follow=True)
    assert "does not exist. This is the list without it." in found.content.decode()


def test_the_warehouse_sees_what_was_corrected_and_not_what_it_cost(client):
    InventoryAdjustment.objects.update(total=SECRET)
    InventoryAdjustmentLine.objects.update(value_adjusted=SECRET, item_total=SECRET, quantity_adjusted=Decimal(-3))
    keeper = signed_in(client, group="Warehouse")
    adjustment, line = InventoryAdjustment.objects.get(), InventoryAdjustmentLine.objects.get()

    for where in (
        address(InventoryAdjustment, "changelist"),
        address(InventoryAdjustment, "change", adjustment.pk),
        address(InventoryAdjustmentLine, "changelist"),
        address(InventoryAdjustmentLine, "change", line.pk),
    ):
        assert not tells(keeper, where), where
    assert "-3" in keeper.get(address(InventoryAdjustment, "change", adjustment.pk)).content.decode()


def test_an_owner_sees_what_a_correction_cost(admin_client):
    InventoryAdjustmentLine.objects.update(value_adjusted=SECRET)

    assert tells(admin_client, address(InventoryAdjustment, "change", InventoryAdjustment.objects.get().pk))
    assert tells(admin_client, address(InventoryAdjustmentLine, "changelist"))


def test_what_customers_owe_stands_in_their_list_for_who_may_see_balances(client):
    CustomerBalance.objects.update(receivable=SECRET)

    assert tells(signed_in(client, "view_customer", "view_customerbalance"), address(Customer, "changelist"))


def test_the_app_manager_sees_customers_without_what_they_owe(client):
    CustomerBalance.objects.update(receivable=SECRET)

    assert not tells(signed_in(client, group="App manager"), address(Customer, "changelist"))


@pytest.mark.parametrize(("permissions", "count"), [(("view_pricelist",), 0), (("view_pricelist", "view_cost"), 1)])
def test_lists_for_purchases_are_found_by_who_may_see_costs(client, permissions, count):
    PriceList.objects.update(trade="purchases", name="Factory prices")

    found = signed_in(client, *permissions).get(reverse("admin:search"), {"q": "factory"}).context["found"]

    assert len(found) == count


def test_the_list_of_addresses_does_not_print_every_city(admin_client):
    page = admin_client.get(address(Customer, "changelist").replace("/customer/", "/zohoaddress/"))

    assert "city" not in [spec.title for spec in page.context["cl"].filter_specs]
