"""The search over everything: whatever is known of a row finds it, for whoever may see it, in a few bounded queries."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.services.products import save_products
from catalog.services.search_texts import refresh_search_texts
from catalog.values import ProductValues
from commerce.admin.finding import spellings
from commerce.services.documents import save_invoices
from commerce.services.parties import save_parties
from commerce.tests.builders import NOON, customer, invoice, vendor
from zoho_sync.models import ZohoRecord

pytestmark = pytest.mark.django_db


@pytest.fixture
def company() -> None:
    save_products(
        [
            ProductValues(zoho_id="460000000026001", name="شاحن آيفون أصلي", sku="CHG-20W", ean="6251234567891"),
            ProductValues(zoho_id="460000000026002", name="<script>alert(1)</script> HDMI"),
        ],
        at=NOON,
    )
    refresh_search_texts(at=NOON)
    save_parties(
        [
            customer("460000000026049", name="شركة أحمد", mobile="+964 770 123 4567"),
            vendor("v1", name="Shenzhen Goods"),
        ],
        at=NOON,
    )
    save_invoices(
        [
            invoice("460000000026100", number="INV-000101", customer_zoho_id="460000000026049", total=Decimal(5)),
            invoice("460000000026101", number="INV-000102", customer_zoho_id="460000000026049"),
        ],
        at=NOON,
    )
    ZohoRecord.objects.create(module="item", zoho_id="460000000026001", observed_at=NOON)


@pytest.fixture
def found(admin_client):
    """The names of what is found, by kind."""

    def ask(typed: str, client=admin_client) -> dict[str, list[str]]:
        answer = client.get("/admin/search/", {"q": typed})
        assert answer.status_code == 200
        return {str(kind.label): [str(hit.words.name) for hit in kind.hits] for kind in answer.context["found"]}

    return ask


CHARGER = {"products": ["شاحن آيفون أصلي"]}


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("شاحن ايفون", CHARGER),
        ("chg20w", CHARGER),
        ("6251234567891", CHARGER),
        ("  CHG-20W ", CHARGER),
        ("460000000026001", CHARGER | {"Zoho records": ["Products 460000000026001"]}),
        ("شركه احمد", {"customers": ["شركة أحمد"]}),
        ("0770-123-4567", {"customers": ["شركة أحمد"]}),
        ("٠٧٧٠١٢٣٤٥٦٧", {"customers": ["شركة أحمد"]}),
        ("shenzhen", {"vendors": ["Shenzhen Goods"]}),
        ("INV-000101", {"invoices": ["INV-000101"]}),
        ("inv-0001", {"invoices": ["INV-000102", "INV-000101"]}),
        ("101", {"invoices": ["INV-000101"]}),
        ("460000000026100", {"invoices": ["INV-000101"]}),
        ("nothing like it", {}),
        ("", {}),
        ("x", {}),
        ("%%", {}),
        ("\x00\x00", {}),
        ("'; DROP TABLE x", {}),
    ],
)
def test_it_is_found_by_whatever_is_known_of_it(company, found, typed, expected):
    assert found(typed) == expected


def test_what_is_found_leads_to_its_page_and_is_text(company, admin_client):
    html = admin_client.get("/admin/search/", {"q": "hdmi"}).content.decode()

    [address] = re.findall(r'<a href="(/admin/catalog/product/\d+/change/)"><bdi>&lt;script&gt;', html)
    assert admin_client.get(address).status_code == 200
    assert "<script>alert" not in html
    assert 'value="hdmi"' in html


@pytest.mark.parametrize("typed", ["a" * 10_000, "<img src=x onerror=alert(1)>", "[[((", "\u202e\u0000"])
def test_absurd_texts_are_answered_calmly(admin_client, typed):
    html = admin_client.get("/admin/search/", {"q": typed}).content.decode()

    assert "Nothing was found" in html or "Type at least" in html
    assert "<img src=x" not in html


@pytest.mark.parametrize(
    ("group", "kinds"),
    [("Warehouse", ["products"]), ("Accountant", ["products", "customers"]), ("Sales", ["products", "customers"])],
)
def test_each_finds_only_what_he_may_view(company, client, found, group, kinds):
    user = User.objects.create_user("one", is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client.force_login(user)

    assert list(found("460000000026001", client) | found("احمد", client)) == kinds


def test_who_is_no_member_of_staff_finds_nothing(client):
    client.force_login(User.objects.create_user("customer"))

    assert client.get("/admin/search/", {"q": "hdmi"}).status_code == 302


def test_few_of_each_kind_are_shown_and_the_rest_is_a_click_away(admin_client):
    save_products([ProductValues(zoho_id=f"p{number}", name=f"HDMI {number}") for number in range(9)], at=NOON)
    refresh_search_texts(at=NOON)

    [kind] = admin_client.get("/admin/search/", {"q": "hdmi"}).context["found"]

    assert len(kind.hits) == 6
    assert admin_client.get(kind.more).context["cl"].result_count == 9


def test_the_number_of_queries_stays_whatever_is_found(admin_client):
    counts = []
    for batch in (1, 40):
        save_products([ProductValues(zoho_id=f"{batch}-{n}", name=f"HDMI 101 {n}") for n in range(batch)], at=NOON)
        refresh_search_texts(at=NOON)
        save_parties([customer(f"{batch}-{n}", name=f"HDMI 101 {n}") for n in range(batch)], at=NOON)
        with CaptureQueriesContext(connection) as queries:
            admin_client.get("/admin/search/", {"q": "101"})
        counts.append(len(queries))

    assert counts[0] == counts[1] <= 20


@pytest.mark.parametrize(
    ("typed", "prefix", "some"),
    [
        ("inv-12", "INV-", {"inv-12", "INV-12"}),
        ("12", "INV-", {"12", "INV-12", "INV-00012", "INV-000012"}),
        ("١٢", "INV-", {"12", "INV-00012"}),
        ("12", "", {"12"}),
    ],
)
def test_a_number_is_meant_in_each_usual_spelling(typed, prefix, some):
    assert some <= {*spellings(typed, prefix)}
