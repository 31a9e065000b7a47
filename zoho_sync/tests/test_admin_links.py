"""From a record to everything that is known of it: event, job, log, dead letter, mirror, business row, Zoho."""

import re

import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.urls import reverse

from catalog.models import Product
from commerce.models import Customer
from zoho_sync.admin.web_addresses import DOMAINS, PAGES
from zoho_sync.entities import BY_MODULE, MODULE_OF_MODEL
from zoho_sync.models import DeadLetter, InboxEvent, SyncLog, SyncQueueItem, ZohoRecord
from zoho_sync.tests.road import NOON, contact, deliver, drain, invoice, item, moment, receive_body

pytestmark = pytest.mark.django_db


def page_of(row):
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def links_on(client, row):
    """Where the page of `row` leads, redirects followed to their end."""
    content = re.search(r'<div id="content".*', client.get(page_of(row)).content.decode(), re.S)[0]
    found = set()
    for address in re.findall(r'href="((?:/admin/|/zoho/records/)[^"]*)"', content):
        if "open-in-zoho" in address:
            continue
        answer = client.get(address.replace("&amp;", "&"), follow=True)
        assert answer.status_code == 200, address
        found.add(answer.redirect_chain[-1][0] if answer.redirect_chain else address)
    return found


def said(answer):
    return [str(message) for message in get_messages(answer.wsgi_request)]


def test_an_applied_event_leads_everywhere_and_back(admin_client):
    event = deliver(item("1"))
    drain()
    job, log = SyncQueueItem.objects.get(), SyncLog.objects.get()
    mirror, product = ZohoRecord.objects.get(), Product.objects.get()

    assert {page_of(row) for row in (job, log, mirror, product)} <= links_on(admin_client, event)
    assert {page_of(row) for row in (mirror, product)} <= links_on(admin_client, job)
    assert {page_of(row) for row in (job, mirror, product)} <= links_on(admin_client, log)
    assert page_of(product) in links_on(admin_client, mirror)
    assert page_of(mirror) in links_on(admin_client, product)
    for row in (event, job, log, mirror):
        lists = {address.partition("?")[0] for address in links_on(admin_client, row)}
        assert {
            f"/admin/zoho_sync/{name}/" for name in ("inboxevent", "syncqueueitem", "synclog", "deadletter")
        } <= lists


def test_a_dead_event_leads_to_its_case_and_back(admin_client):
    event = deliver(item("1", rate="abc"))
    drain()
    letter, job = DeadLetter.objects.get(), SyncQueueItem.objects.get()

    assert {page_of(letter), page_of(job)} <= links_on(admin_client, event)
    assert {page_of(event), page_of(job), page_of(letter.group)} <= links_on(admin_client, letter)


def test_a_waiting_event_leads_to_the_job_that_will_read_it_and_that_to_the_parent(admin_client):
    event = deliver(invoice("9", customer="7"), path="invoices")
    drain()
    job = SyncQueueItem.objects.get()

    assert page_of(job) in links_on(admin_client, event)
    assert reverse("zoho_sync:record", args=["contact", "7"]) in admin_client.get(page_of(job)).content.decode()


def test_events_lead_to_their_family_and_neighbours(admin_client):
    first = deliver(item("1", last_modified_time=moment(1)))
    second = deliver(item("1", last_modified_time=moment(2)))
    drain()
    receive_body({"items": [item("5")["item"], item("6")["item"]]})
    whole = InboxEvent.objects.get(state="split")
    child = whole.children.first()

    assert page_of(second) in links_on(admin_client, first)
    assert page_of(first) in links_on(admin_client, second)
    assert f"parent__id__exact={whole.pk}" in admin_client.get(page_of(whole)).content.decode()
    assert page_of(whole) in links_on(admin_client, child)


@pytest.mark.parametrize("label", ["catalog.product", "item"])
def test_a_record_is_reached_by_its_model_or_module(admin_client, label):
    deliver(item("1"))
    drain()

    answer = admin_client.get(reverse("zoho_sync:record", args=[label, "1"]))

    assert answer["Location"] == page_of(ZohoRecord.objects.get())


def test_a_record_is_reached_by_our_primary_key(admin_client):
    deliver(item("460000000026049"))
    drain()
    product = Product.objects.get()

    answer = admin_client.get(reverse("zoho_sync:record", args=["catalog.product", product.pk]))

    assert answer["Location"] == page_of(ZohoRecord.objects.get())


def test_a_contact_leads_to_the_customer_that_it_is(admin_client):
    deliver(contact("7"), path="customers")
    drain()

    answer = admin_client.get(reverse("zoho_sync:business-row", args=["contact", "7"]))

    assert answer["Location"] == page_of(Customer.objects.get())


@pytest.mark.parametrize("name", ["record", "business-row"])
def test_a_record_that_is_not_here_yet_is_no_error(admin_client, name):
    event = deliver(item("1", rate="abc"))

    answer = admin_client.get(
        reverse(f"zoho_sync:{name}", args=["item", "1"]), headers={"referer": f"http://testserver{page_of(event)}"}
    )

    assert answer["Location"] == f"http://testserver{page_of(event)}"
    assert said(answer)[0].endswith("yet.")


@pytest.mark.parametrize("label", ["auth.user", "nothing", "catalog.Product"])
def test_what_zoho_does_not_have_is_404(admin_client, label):
    assert admin_client.get(reverse("zoho_sync:record", args=[label, "1"])).status_code == 404
    assert admin_client.get(reverse("zoho_sync:business-row", args=[label, "1"])).status_code == 404


@pytest.mark.parametrize(("label", "key"), [("catalog.product", "404"), ("item", "404"), ("catalog.product", "x" * 60)])
def test_what_is_not_here_is_neither_fetched_nor_opened(admin_client, label, key):
    assert admin_client.post(reverse("zoho_sync:sync-again", args=[label, key])).status_code == 404
    assert admin_client.get(reverse("zoho_sync:open-in-zoho", args=[label, key])).status_code == 404


def test_a_record_without_a_business_row_says_so(admin_client):
    deliver(invoice("9"), path="invoices")

    answer = admin_client.get(reverse("zoho_sync:business-row", args=["invoice", "9"]))

    assert answer["Location"] == "/admin/zoho_sync/"
    assert said(answer) == ["This record has no business row yet."]


def test_strangers_are_sent_to_the_login(client):
    for name in ("record", "business-row", "sync-again", "open-in-zoho"):
        answer = client.get(reverse(f"zoho_sync:{name}", args=["item", "1"]))
        assert answer["Location"].startswith("/admin/login/")


@pytest.mark.usefixtures("zoho")
def test_sync_again_queues_a_fetch(admin_client):
    product = Product.objects.create(name="Cable", zoho_id="77")
    came_from = page_of(product) + "?_changelist_filters=q%3D1"

    answer = admin_client.post(reverse("zoho_sync:sync-again", args=["catalog.product", "77"]), {"next": came_from})

    job = SyncQueueItem.objects.get()
    assert (job.module, job.zoho_id, job.needs_fetch, job.status) == ("item", "77", True, "pending")
    assert answer["Location"] == came_from
    assert said(answer) == ["The record will be fetched from Zoho in a moment."]
    entry = LogEntry.objects.get()
    assert (entry.get_edited_object(), entry.change_message) == (product, "sync_again")


def test_sync_again_without_a_client_says_so(admin_client):
    product = Product.objects.create(name="Cable", zoho_id="77")

    answer = admin_client.post(
        reverse("zoho_sync:sync-again", args=["catalog.product", "77"]), {"next": "https://evil.example/"}
    )

    assert said(answer) == ["No Zoho client is configured, so no record can be fetched."]
    assert answer["Location"] == page_of(product)
    assert not SyncQueueItem.objects.exists()


def test_looking_never_queues_anything(admin_client):
    Product.objects.create(name="Cable", zoho_id="77")

    assert admin_client.get(reverse("zoho_sync:sync-again", args=["catalog.product", "77"])).status_code == 405


@pytest.mark.parametrize(
    ("region", "module", "address"),
    [
        ("com", "item", "https://inventory.zoho.com/app/123#/inventory/items/9"),
        ("eu", "invoice", "https://inventory.zoho.eu/app/123#/invoices/9"),
        ("ca", "vendorpayment", "https://books.zohocloud.ca/app/123#/paymentsmade/9"),
    ],
)
def test_open_in_zoho(admin_client, settings, region, module, address):
    settings.ZOHO_REGION, settings.ZOHO_ORGANIZATION_ID = region, "123"
    ZohoRecord.objects.create(module=module, zoho_id="9", observed_at=NOON)

    assert admin_client.get(reverse("zoho_sync:open-in-zoho", args=[module, "9"]))["Location"] == address


@pytest.mark.parametrize(("organization", "module"), [("", "item"), ("123", "tax")])
def test_open_in_zoho_says_when_there_is_nothing_to_open(admin_client, settings, organization, module):
    settings.ZOHO_ORGANIZATION_ID = organization
    record = ZohoRecord.objects.create(module=module, zoho_id="9", observed_at=NOON)

    answer = admin_client.get(reverse("zoho_sync:open-in-zoho", args=[module, "9"]))

    assert answer["Location"] == page_of(record)
    assert said(answer)[0].startswith("No page in Zoho is known")


def test_zohos_pages_are_of_registered_modules_and_known_data_centres(settings):
    assert set(PAGES) <= set(BY_MODULE)
    assert set(DOMAINS) == set(settings.ZOHO_DATA_CENTRES)


@pytest.mark.parametrize("label", sorted(MODULE_OF_MODEL))
def test_every_mirrored_table_offers_the_tools(admin_client, label):
    model = apps.get_model(label)
    row = model.objects.create(zoho_id="77", **necessary(model))

    page = admin_client.get(page_of(row)).content.decode()

    for name in ("sync-again", "open-in-zoho", "record"):
        assert reverse(f"zoho_sync:{name}", args=[label, "77"]) in page


def necessary(model):
    """Rows that a row of `model` cannot be without."""
    parents = [field for field in model._meta.fields if field.is_relation and not field.null]
    return {field.name: field.related_model.objects.create(zoho_id="1") for field in parents}


def test_a_row_that_zoho_does_not_have_offers_no_tools(admin_client):
    product = Product.objects.create(name="Ours alone")

    assert "/zoho/records/" not in admin_client.get(page_of(product)).content.decode()
