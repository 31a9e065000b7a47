"""Every resource of /api/erp/: who may read it, what it hides, how it is narrowed, what it costs the database."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from knox.models import get_token_model
from rest_framework.test import APIClient

from catalog.models import EffectivePrice, PriceList, Product
from commerce.models import Bill, Invoice
from commerce.services.devices import DeviceInfo, start_device
from commerce.tests.builders import save_one_of_everything
from mobile_bff.tests.builders import account, customer, goods, on_sale, sell
from tsh_erp.erp_urls import RESOURCES

pytestmark = pytest.mark.django_db

COSTLY = ("base_cost", "purchase_description", "vendor_name")


@pytest.fixture
def everything():
    save_one_of_everything()
    on_sale("p7", "p8")


def staff_with(*codenames: str) -> User:
    user = User.objects.create(username="sara", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return user


def reader(user: User | None = None) -> APIClient:
    """A client signed in as this person, by default one who may see everything."""
    client = APIClient()
    client.force_login(user or User.objects.create_superuser("root"))
    return client


@pytest.mark.parametrize("name", RESOURCES)
def test_every_resource_has_its_list_and_its_single_rows(everything, name):
    client = reader()

    page = client.get(f"/api/erp/{name}")

    assert page.status_code == 200, page.content
    body = page.json()
    assert {"count", "count_is_exact", "next", "previous", "results"} == set(body)
    key = "product" if name == "best-sellers" else "id"
    for row in body["results"][:1]:
        single = client.get(f"/api/erp/{name}/{row[key]}")
        assert single.status_code == 200, single.content
        assert row.items() <= {**single.json(), **{k: row[k] for k in row if k == "image"}}.items()
    assert client.get(f"/api/erp/{name}/987654321").status_code == 404


@pytest.mark.parametrize("name", RESOURCES)
def test_a_resource_is_for_staff_who_may_view_its_table(everything, name):
    names = RESOURCES[name].queryset.model._meta
    path, right = f"/api/erp/{name}", f"view_{names.model_name}"

    stranger = APIClient().get(path)
    without = reader(staff_with()).get(path)
    User.objects.all().delete()
    allowed = reader(staff_with(right)).get(path)
    User.objects.all().delete()
    customer_of_ours = account(customer())
    customer_of_ours.user_permissions.set(Permission.objects.filter(codename=right))
    outsider = reader(customer_of_ours).get(path)

    assert (stranger.status_code, stranger.json()["code"]) == (401, "not_authenticated")
    assert stranger["WWW-Authenticate"].startswith("Bearer")
    assert [without.status_code, allowed.status_code, outsider.status_code] == [403, 200, 403]


@pytest.mark.parametrize("name", RESOURCES)
def test_a_filter_that_nobody_knows_is_refused(everything, name):
    answer = reader().get(f"/api/erp/{name}", {"no_such_filter": "1"})

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "no_such_filter"
    assert answer.json()["errors"][0]["code"] == "unknown_parameter"


@pytest.mark.parametrize("name", RESOURCES)
def test_every_filter_takes_nonsense_without_breaking(everything, name):
    client = reader()

    for filter_name in RESOURCES[name].filterset_class.base_filters:
        for nonsense in ("nonsense", "-1", "9" * 30, "1e400", "\x00", "٣", "2026-99-99", "1,,2", "true", "%"):
            answer = client.get(f"/api/erp/{name}", {filter_name: nonsense})
            assert answer.status_code in (200, 400), (filter_name, nonsense, answer.content)


@pytest.mark.parametrize("name", RESOURCES)
def test_nothing_can_be_written(everything, name):
    client = reader()

    assert client.post(f"/api/erp/{name}", {}, format="json").status_code == 405
    assert client.delete(f"/api/erp/{name}/1").status_code == 405
    assert client.patch(f"/api/erp/{name}/1", {}, format="json").status_code == 405


def test_a_phone_token_of_staff_opens_it_and_that_of_a_customer_does_not():
    employee = staff_with("view_product")
    employee_token = start_device(employee, DeviceInfo(), at=timezone.now()).token
    customer_token = start_device(account(customer()), DeviceInfo(), at=timezone.now()).token
    client = APIClient()

    as_staff = client.get("/api/erp/products", headers={"Authorization": f"Bearer {employee_token}"})
    as_customer = client.get("/api/erp/products", headers={"Authorization": f"Bearer {customer_token}"})
    made_up = client.get("/api/erp/products", headers={"Authorization": "Bearer " + "x" * 60})

    assert get_token_model().objects.count() == 2
    assert [as_staff.status_code, as_customer.status_code, made_up.status_code] == [200, 403, 401]


def test_what_things_cost_to_buy_is_for_those_who_may_see_it(everything):
    rights = ("view_product", "view_bill", "view_effectiveprice", "view_pricelist", "view_pricelistitem")
    key = goods("p7")[0].pk
    buying = sell("buying", currency="USD", p7="3.21")
    PriceList.objects.filter(pk=buying.pk).update(trade="purchases")
    EffectivePrice.objects.update_or_create(
        product_id=key, price_list=buying, defaults={"price": Decimal("3.21"), "currency": "USD"}
    )
    bill = Bill.objects.get()

    client = reader(staff_with(*rights))
    seen = client.get(f"/api/erp/products/{key}").json()
    paper = client.get(f"/api/erp/bills/{bill.pk}").json()
    prices = client.get("/api/erp/prices", {"product": key}).json()["results"]
    User.objects.all().delete()
    trusted = reader(staff_with(*rights, "view_cost"))
    all_seen = trusted.get(f"/api/erp/products/{key}").json()
    whole_paper = trusted.get(f"/api/erp/bills/{bill.pk}").json()
    all_prices = trusted.get("/api/erp/prices", {"product": key}).json()["results"]

    assert not set(COSTLY) & set(seen)
    assert not {"total", "sub_total", "balance", "taxes"} & set(paper)
    assert paper["lines"]
    assert not {"rate", "item_total", "discount_amount"} & set(paper["lines"][0])
    assert {row["price"] for row in prices} == {"1500.000000"}
    assert all_seen["base_cost"] == "4.440000"
    assert whole_paper["total"] == "250.000000"
    assert whole_paper["lines"][0]["rate"] == "122.000000"
    assert {row["price"] for row in all_prices} == {"1500.000000", "3.210000"}


def test_rows_are_narrowed_and_paged(everything):
    first, second = goods("p7", "p8")
    client = reader()

    by_key = client.get("/api/erp/products", {"id": f"{first.pk},{second.pk}", "page_size": 1}).json()
    rest = client.get(by_key["next"]).json()
    typed = client.get("/api/erp/customers", {"q": "احمد"}).json()
    of_product = client.get("/api/erp/prices", {"product": str(first.pk)}).json()
    of_customer = client.get("/api/erp/invoices", {"customer": Invoice.objects.get().customer_id}).json()
    of_nobody = client.get("/api/erp/invoices", {"customer": 987654}).json()

    assert (by_key["count"], [row["id"] for row in by_key["results"]]) == (2, [first.pk])
    assert [row["id"] for row in rest["results"]] == [second.pk]
    assert [row["name"][:4] for row in typed["results"]] == ["أحمد"]
    assert [row["product"] for row in of_product["results"]] == [first.pk]
    assert (of_customer["count"], of_nobody["count"]) == (1, 0)


@pytest.mark.parametrize("name", ["products", "prices", "images"])
def test_a_list_costs_the_same_for_one_row_as_for_fifty(name):
    employee = staff_with("view_product", "view_effectiveprice", "view_productimage", "view_cost")
    on_sale("only")
    client = reader(employee)
    client.get(f"/api/erp/{name}")
    with CaptureQueriesContext(connection) as one:
        client.get(f"/api/erp/{name}")
    on_sale(*(f"p{number}" for number in range(50)))
    with CaptureQueriesContext(connection) as fifty:
        body = client.get(f"/api/erp/{name}").json()

    assert len(body["results"]) == {"products": 50, "prices": 50, "images": 0}[name]
    assert len(fifty) == len(one)


def test_a_paper_costs_the_same_for_two_lines_as_for_twenty(everything):
    employee = staff_with("view_invoice")
    client, invoice = reader(employee), Invoice.objects.get()
    with CaptureQueriesContext(connection) as few:
        client.get(f"/api/erp/invoices/{invoice.pk}")
    line = invoice.lines.first()
    for position in range(3, 21):
        line.pk, line.position = None, position
        line.save()
    with CaptureQueriesContext(connection) as many:
        body = client.get(f"/api/erp/invoices/{invoice.pk}").json()

    assert len(body["lines"]) == 20
    assert len(many) == len(few)


def test_the_root_names_every_resource():
    named = reader().get("/api/erp/").json()["resources"]

    assert set(named) == set(RESOURCES)
    assert named["products"] == "http://testserver/api/erp/products"


def test_every_table_of_the_business_has_its_resource():
    """Parts of a row come with it; what is nobody's business but the system's is named here."""
    from django.apps import apps

    parts = {"balance", "line", "allocation", "item", "target", "option", "attribute"}
    system = {
        *("searchword", "searchsynonym", "freshness", "failedimage", "lowstock", "backinstock", "productrating"),
        *("idempotencykey", "devicetoken", "customeraccount", "appsettings", "contactperson", "zohoaddress"),
        *("promotionuse", "categorytally"),
    }
    tables = {
        model._meta.model_name
        for label in ("catalog", "commerce")
        for model in apps.get_app_config(label).get_models()
        if not model._meta.model_name.startswith("historical")
    }
    covered = {resource.queryset.model._meta.model_name for resource in RESOURCES.values()}

    left = tables - covered - system
    assert {name for name in left if not any(name.endswith(part) for part in parts)} == set()
    assert Product._meta.model_name in covered
