"""The client against a real (make-believe) Zoho over HTTP."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import InterfaceError, OperationalError, connection, connections, transaction

from zoho_sandbox.server import Sandbox
from zoho_sandbox.world.build import Size
from zoho_sync import client
from zoho_sync.client import Client, NoSuchAddress, Priority
from zoho_sync.client.configuration import read_configuration
from zoho_sync.client.limits import Limiter
from zoho_sync.client.token import TokenKeeper
from zoho_sync.entities import BY_MODULE
from zoho_sync.errors import (
    GoneFromZoho,
    LimitReached,
    NotConfigured,
    PermanentError,
    QuotaSpent,
    TemporaryError,
    WrongOrganisation,
)
from zoho_sync.models import ApiSlot, ApiUsage, ZohoConnection
from zoho_sync.tests.conftest import point_at

pytestmark = pytest.mark.django_db
ITEM, USER = BY_MODULE["item"], BY_MODULE["user"]


@pytest.fixture
def reader(zoho):
    made = Client(read_configuration(), patience=0)
    yield made
    made.close()


def every_row(reader, entity, **options):
    return {zoho_id: row for page in reader.pages(entity, **options) for zoho_id, row in page.rows.items()}


# --- configuration ----------------------------------------------------------------------------------


def test_without_settings_the_missing_ones_are_named(settings):
    settings.ZOHO_CLIENT_ID, settings.ZOHO_ORGANIZATION_ID = "1000.X", ""

    with pytest.raises(NotConfigured) as caught:
        client.configured_client()

    assert str(caught.value) == (
        "Zoho is not configured: set ZOHO_CLIENT_SECRET, ZOHO_REFRESH_TOKEN, ZOHO_ORGANIZATION_ID"
    )
    assert not client.is_configured()


def test_a_stored_refresh_token_stands_in_for_the_setting(zoho, settings):
    ZohoConnection.objects.create(
        organization_id=settings.ZOHO_ORGANIZATION_ID, refresh_token=settings.ZOHO_REFRESH_TOKEN
    )
    settings.ZOHO_REFRESH_TOKEN = ""

    assert client.is_configured()
    assert client.fetch_one(USER, "me")["user_role"] == "admin"


def test_the_client_of_a_process_changes_with_the_settings(zoho, settings):
    first = client.configured_client()
    same = client.configured_client()
    other = client.configured_client(Priority.STOCK)
    settings.ZOHO_CLIENT_SECRET = "another"

    assert same is first
    assert (first.priority, other.priority) == (Priority.WEBHOOK, Priority.STOCK)
    assert client.configured_client() not in (first, other)


@pytest.mark.django_db(transaction=True)
def test_threads_share_a_client_and_its_connections(zoho):
    shared = Client(read_configuration(), Priority.FULL)
    ids = [row["item_id"] for row in zoho.control.records("item")[:24]]
    found, barrier = [], threading.Barrier(4)

    def fetch(mine):
        barrier.wait()
        found.extend(shared.fetch(ITEM, zoho_id)["item_id"] for zoho_id in mine)
        connections.close_all()

    threads = [threading.Thread(target=fetch, args=(ids[n::4],)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    shared.close()

    assert sorted(found) == sorted(ids)
    assert (shared.calls, zoho.stats()["tokens"]["issued"]) == (24, 1)


@pytest.mark.django_db(transaction=True)
def test_a_forked_process_opens_connections_of_its_own(zoho):
    parent = client.configured_client()
    assert parent.fetch(USER, "me")["user_role"] == "admin"
    connections.close_all()

    child = os.fork()
    if not child:
        try:
            same = client.configured_client() is parent
            role = parent.fetch(USER, "me")["user_role"]  # even through the parent's own client
            os._exit(0 if (same, role) == (False, "admin") else 1)
        finally:
            os._exit(2)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert parent.fetch(USER, "me")["user_role"] == "admin"


# --- the database -----------------------------------------------------------------------------------


def hiccup(monkeypatch, owner, name, *errors):
    """Let the method fail with these errors, one at a time, before it works again."""
    real, left = getattr(owner, name), list(errors)

    def method(self, *arguments, **options):
        if left:
            raise left.pop(0)
        return real(self, *arguments, **options)

    monkeypatch.setattr(owner, name, method)


LOST = "server closed the connection unexpectedly"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("owner", "name"), [(Limiter, "enter"), (Limiter, "check"), (TokenKeeper, "token"), (TokenKeeper, "_row")]
)
def test_a_hiccup_of_the_database_is_waited_out(zoho, monkeypatch, owner, name):
    monkeypatch.setattr("zoho_sync.client.http.STALE_SECONDS", -1.0)
    real = Limiter.enter
    monkeypatch.setattr(Limiter, "enter", lambda self, **options: replace(real(self, **options), wait=0.001))
    patient = Client(read_configuration(), Priority.FULL, patience=30)
    hiccup(monkeypatch, owner, name, OperationalError(LOST), InterfaceError("connection already closed"))

    assert patient.fetch(USER, "me")["user_role"] == "admin"

    assert zoho.calls("/users") == 1
    assert not ApiSlot.objects.filter(token__isnull=False).exists()
    patient.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("error", [OperationalError(LOST), InterfaceError("connection already closed")])
def test_an_answer_is_worth_more_than_what_the_database_says_after_it(zoho, reader, monkeypatch, error):
    hiccup(monkeypatch, Limiter, "leave", error)

    assert reader.fetch(USER, "me")["user_role"] == "admin"

    assert zoho.calls("/users") == 1


@pytest.mark.django_db(transaction=True)
def test_a_hiccup_in_a_thread_that_fetches_pages_is_waited_out(monkeypatch, settings):
    with Sandbox(size=Size.scaled(900, contacts=12, invoices=10)) as zoho:
        point_at(zoho, settings)
        patient = Client(read_configuration(), Priority.FULL, patience=30)
        real, failed = Limiter.enter, []

        def enter(self, **options):
            name = threading.current_thread().name
            if name.startswith("zoho-page-") and name not in failed:
                failed.append(name)
                raise OperationalError(LOST)
            return real(self, **options)

        monkeypatch.setattr(Limiter, "enter", enter)

        assert len(every_row(patient, ITEM, at_once=4, expected=900)) == 900
        assert failed
        patient.close()


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_the_database_cut_is_opened_anew(zoho, monkeypatch):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no server that could cut a connection")
    patient = Client(read_configuration(), Priority.FULL, patience=30)
    patient.fetch(USER, "me")
    with connection.cursor() as cursor, pytest.raises(OperationalError):
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    assert patient.fetch(USER, "me")["user_role"] == "admin"
    patient.close()


@pytest.mark.django_db(transaction=True)
def test_a_database_that_stays_away_is_told_when_patience_ends(zoho, monkeypatch):
    impatient = Client(read_configuration(), Priority.FULL, patience=0)
    hiccup(monkeypatch, Limiter, "enter", OperationalError(LOST))

    with pytest.raises(OperationalError, match="closed the connection"):
        impatient.fetch(USER, "me")
    impatient.close()


@pytest.mark.django_db(transaction=True)
def test_a_broken_transaction_is_not_gone_on_with(zoho, monkeypatch):
    patient = Client(read_configuration(), Priority.FULL, patience=30)
    hiccup(monkeypatch, Limiter, "enter", OperationalError(LOST))
    monkeypatch.setattr(connections["default"], "is_usable", lambda: False)

    with pytest.raises(OperationalError, match="closed the connection"), transaction.atomic():
        patient.fetch(USER, "me")
    patient.close()


# --- what answers mean ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "error", "retry_after"),
    [
        ("minute_limit", LimitReached, 60),
        ("minute_limit_under_200", LimitReached, 60),
        ("daily_limit", QuotaSpent, 34881),
        ("too_many_at_once", LimitReached, 1),
        ("retry_after", LimitReached, 17),
        ("internal_error", TemporaryError, None),
        ("html", TemporaryError, None),
        ("html_under_200", TemporaryError, None),
        ("cut_off", TemporaryError, None),
        ("broken_off", TemporaryError, None),
        ("hung_up", TemporaryError, None),
        ("bad_parameter", PermanentError, None),
    ],
)
def test_answers_that_are_not_success(zoho, reader, fault, error, retry_after):
    zoho.control.fault(fault)

    with pytest.raises(error) as caught:
        reader.fetch(USER, "me")

    assert type(caught.value) is error
    assert getattr(caught.value, "retry_after", None) == retry_after
    assert "/users/me" in str(caught.value)
    assert zoho.calls("/users") == 1


@pytest.mark.parametrize("fault", ["internal_error", "html", "html_under_200", "cut_off", "broken_off", "hung_up"])
def test_long_work_bears_with_a_moment_of_trouble(zoho, fault):
    zoho.control.fault(fault, times=2)
    patient = Client(read_configuration(), Priority.FULL, patience=20)

    rows = every_row(patient, USER)

    assert (len(rows), patient.calls, zoho.calls("/users")) == (5, 3, 3)
    usage = ApiUsage.objects.get()
    assert (usage.priority, usage.calls, usage.failed) == (Priority.FULL, 3, 2)
    patient.close()


def test_too_many_at_once_is_a_matter_of_a_moment_for_everybody(zoho):
    zoho.control.fault("too_many_at_once", times=1)
    patient = Client(read_configuration(), patience=5)

    assert patient.fetch(USER, "me")["user_role"] == "admin"
    assert (patient.calls, ApiUsage.objects.get().limited) == (2, 1)
    patient.close()


def test_a_limit_that_lasts_longer_than_patience_is_not_waited_for(zoho):
    zoho.control.fault("minute_limit", times=1)
    patient = Client(read_configuration(), Priority.FULL, patience=30)

    started = time.monotonic()
    with pytest.raises(LimitReached):
        patient.fetch(USER, "me")

    assert time.monotonic() - started < 10
    assert zoho.calls("/users") == 1
    patient.close()


def test_a_missing_record_is_gone_and_another_organisation_is_not(zoho, reader, settings):
    with pytest.raises(GoneFromZoho):
        reader.fetch(ITEM, "1")
    with pytest.raises(NoSuchAddress):
        reader.fetch(ITEM, "../users/me")

    settings.ZOHO_ORGANIZATION_ID = "999"
    with pytest.raises(WrongOrganisation, match=r"6041.*Check ZOHO_ORGANIZATION_ID"):
        Client(read_configuration()).fetch(ITEM, "1")


def test_fractions_are_decimals_with_all_their_digits(zoho, reader):
    item = next(row for row in zoho.control.records("item") if row["track_inventory"])

    payload = reader.fetch(ITEM, item["item_id"])

    assert isinstance(payload["rate"], Decimal)
    assert str(payload["rate"]) == str(item["rate"])
    assert str(payload["stock_on_hand"]) == str(item["stock_on_hand"])


# --- lists ------------------------------------------------------------------------------------------


def test_a_list_is_read_to_its_end(settings):
    with Sandbox(size=Size.scaled(450, contacts=12, invoices=10)) as sandbox:
        point_at(sandbox, settings)
        reader = Client(read_configuration())
        pages = list(reader.pages(ITEM))
        reader.close()

    assert [(page.number, len(page.rows)) for page in pages] == [(1, 200), (2, 200), (3, 50)]
    assert reader.calls == 3


def test_newest_first_only_where_the_api_sorts(zoho, reader):
    item = zoho.control.records("item")[7]
    zoho.control.patch("item", item["item_id"], {"description": "x"})

    (page,) = reader.pages(ITEM, newest_first=True)
    (unsorted,) = reader.pages(USER, newest_first=True)

    assert next(iter(page.rows)) == item["item_id"]
    assert (page.is_newest_first, unsorted.is_newest_first) == (True, False)


def test_inactive_ones_are_listed_though_zoho_hides_them_by_default(zoho, reader):
    zoho.control.switch(active_by_default=True)

    assert len(every_row(reader, ITEM)) == 60


def test_a_list_without_its_key_is_an_error(zoho, reader):
    zoho.control.fault("missing_list_key")

    with pytest.raises(PermanentError, match="/users: none of users in an answer with code, message, page_context"):
        every_row(reader, USER)


def test_rows_that_come_twice_come_once(zoho, reader):
    zoho.control.fault("doubled_rows")

    assert [len(page.rows) for page in reader.pages(USER)] == [5]


def test_an_empty_page_ends_a_list_that_claims_to_go_on(zoho, reader):
    zoho.control.fault("endless")

    assert [len(page.rows) for page in reader.pages(USER)] == [5, 0]


def test_both_spellings_of_lists_and_details(zoho, reader):
    order, group = BY_MODULE["purchaseorder"], BY_MODULE["itemgroup"]
    wire = [next(iter(every_row(reader, entity))) for entity in (order, group)]
    plain = [reader.fetch(entity, zoho_id) for entity, zoho_id in zip((order, group), wire, strict=True)]
    zoho.control.switch(documented_spellings=True)

    documented = [reader.fetch(entity, zoho_id) for entity, zoho_id in zip((order, group), wire, strict=True)]

    assert documented == plain
    assert plain[1].keys() & {"code", "message"} == set()


def test_an_organisation_of_before_has_warehouses(zoho, reader):
    zoho.control.switch(legacy_warehouses=True)
    location = BY_MODULE["location"]

    rows = every_row(reader, location)
    one = reader.fetch(location, next(iter(rows)))

    assert next(iter(rows.values()))["warehouse_name"] == one["warehouse_name"]
    assert all(zoho_id == row["warehouse_id"] for zoho_id, row in rows.items())


def test_an_address_that_zoho_does_not_have(zoho, reader):
    class Nowhere:
        api, path, id_key, list_keys, detail_keys = "inventory", "/nowhere", "id", ("rows",), ("row",)
        filter_all = sorts_by_modified = False

    with pytest.raises(NoSuchAddress):
        list(reader.pages(Nowhere()))


# --- details of many items --------------------------------------------------------------------------


def test_dead_ids_are_found_by_halving(zoho, reader):
    ids = [row["item_id"] for row in zoho.control.records("item")]
    asked = [*ids[:20], "1", *ids[20:], "2"]

    found, gone = reader.fetch_items(asked)

    assert gone == {"1", "2"}
    assert set(found) == set(ids)
    assert reader.calls < 30


def test_details_are_asked_for_a_hundred_at_a_time(settings):
    with Sandbox(size=Size.scaled(250, contacts=12, invoices=10)) as sandbox:
        point_at(sandbox, settings)
        reader = Client(read_configuration())
        found, gone = reader.fetch_items([row["item_id"] for row in sandbox.control.records("item")])
        reader.close()

    assert (len(found), gone, reader.calls) == (250, frozenset(), 3)
