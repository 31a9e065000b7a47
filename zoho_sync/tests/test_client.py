"""The client against a real (make-believe) Zoho over HTTP."""

from __future__ import annotations

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, connections
from django.utils import timezone

from zoho_sandbox.server import Sandbox
from zoho_sandbox.world.build import Size
from zoho_sync import client
from zoho_sync.client import Client
from zoho_sync.client.configuration import read_configuration
from zoho_sync.client.http import NoSuchAddress, open_session
from zoho_sync.client.token import TokenKeeper
from zoho_sync.entities import BY_MODULE
from zoho_sync.errors import GoneFromZoho, NotConfigured, OrganisationMustWait, PermanentError, TemporaryError
from zoho_sync.models import ZohoConnection
from zoho_sync.tests.conftest import point_at

pytestmark = pytest.mark.django_db
ITEM, USER = BY_MODULE["item"], BY_MODULE["user"]


@pytest.fixture
def reader(zoho):
    made = Client(read_configuration())
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


def test_the_client_of_a_thread_changes_with_the_settings(zoho, settings):
    first = client.configured_client()
    same = client.configured_client()
    settings.ZOHO_CLIENT_SECRET = "another"

    assert same is first
    assert client.configured_client() is not first


# --- the token --------------------------------------------------------------------------------------


def test_one_token_serves_every_client_and_lies_encrypted(zoho, reader):
    every_row(reader, USER)
    every_row(Client(read_configuration()), USER)

    assert zoho.calls("/oauth/") == 1
    assert ZohoConnection.objects.get().access_token == "1000.sandbox.access.1"
    with connection.cursor() as cursor:
        cursor.execute("SELECT access_token FROM zoho_sync_zohoconnection")
        assert "sandbox" not in cursor.fetchone()[0]


def test_a_token_is_renewed_minutes_before_it_ends(zoho, reader):
    every_row(reader, USER)
    ZohoConnection.objects.update(access_token_expires_at=timezone.now() + timedelta(minutes=4))

    every_row(Client(read_configuration()), USER)

    assert ZohoConnection.objects.get().access_token == "1000.sandbox.access.2"
    assert ZohoConnection.objects.get().access_token_expires_at > timezone.now() + timedelta(minutes=59)


def test_an_expired_token_is_replaced_once_and_the_call_repeated(zoho, reader):
    every_row(reader, USER)
    zoho.control.expire_tokens()

    rows = every_row(reader, USER)

    assert len(rows) == 5
    assert (zoho.calls("/oauth/"), reader.calls) == (2, 3)


def test_what_another_process_has_got_meanwhile_is_used(zoho, reader):
    every_row(reader, USER)
    zoho.control.expire_tokens()
    every_row(Client(read_configuration()), USER)

    every_row(reader, USER)

    assert zoho.calls("/oauth/") == 2


def test_a_server_that_always_answers_401_gets_one_refresh_and_one_retry(zoho, reader):
    zoho.control.fault("unauthorized")

    with pytest.raises(OrganisationMustWait, match=r"/users: Zoho rejects a fresh token: .* lacks the scope"):
        every_row(reader, USER)

    assert (zoho.calls("/oauth/"), zoho.calls("/users")) == (2, 2)


@pytest.mark.django_db(transaction=True)
def test_eight_threads_without_a_token_ask_for_one(zoho):
    configuration = read_configuration()
    found, barrier = [], threading.Barrier(8)

    def ask():
        with open_session() as session:
            barrier.wait()
            found.append(TokenKeeper(configuration, session).token())
        connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == ["1000.sandbox.access.1"] * 8
    assert zoho.calls("/oauth/") == 1


def test_a_refresh_that_somebody_began_is_waited_for_and_taken_over_when_it_is_abandoned(zoho, settings):
    began = timezone.now()
    ZohoConnection.objects.create(organization_id=settings.ZOHO_ORGANIZATION_ID, refreshed_at=began)
    now, slept = [began], []

    def sleep(seconds):
        slept.append(seconds)
        assert zoho.calls("/oauth/") == 0
        now[0] += timedelta(seconds=1)

    with open_session() as session:
        token = TokenKeeper(read_configuration(), session, now=lambda: now[0], sleep=sleep).token()

    assert (token, len(slept)) == ("1000.sandbox.access.1", 30)


def test_access_denied_is_not_asked_again_for_ten_minutes(zoho, reader):
    zoho.control.fault("token_denied", times=1)

    with pytest.raises(OrganisationMustWait, match="Access Denied") as first:
        every_row(reader, USER)
    with pytest.raises(OrganisationMustWait, match="Access Denied") as second:
        every_row(Client(read_configuration()), USER)

    assert first.value.retry_after == 600
    assert 590 < second.value.retry_after <= 600
    assert zoho.calls("/oauth/") == 1

    ZohoConnection.objects.update(refreshed_at=timezone.now() - timedelta(minutes=11))
    assert len(every_row(reader, USER)) == 5


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("ZOHO_REFRESH_TOKEN", "invalid_code): ZOHO_REFRESH_TOKEN is revoked"),
        ("ZOHO_CLIENT_ID", "invalid_client): ZOHO_CLIENT_ID is unknown"),
        ("ZOHO_CLIENT_SECRET", "invalid_client_secret): ZOHO_CLIENT_SECRET is wrong"),
    ],
)
def test_a_refused_login_says_what_to_do_and_no_secret(zoho, settings, setting, says):
    setattr(settings, setting, "s3cr3t-value")

    with pytest.raises(OrganisationMustWait) as caught:
        every_row(Client(read_configuration()), USER)

    assert says in str(caught.value)
    assert "s3cr3t-value" not in str(caught.value) + ZohoConnection.objects.get().last_error
    assert "s3cr3t-value" not in repr(read_configuration()) or setting == "ZOHO_CLIENT_ID"

    point_at(zoho, settings)
    assert len(every_row(Client(read_configuration()), USER)) == 5


@pytest.mark.parametrize("fault", ["token_html"])
def test_an_accounts_server_in_trouble_is_temporary(zoho, reader, fault):
    zoho.control.fault(fault)

    with pytest.raises(TemporaryError, match="accounts server answered HTTP 502 without JSON") as caught:
        reader.fetch(USER, "me")

    assert not isinstance(caught.value, OrganisationMustWait)


def test_a_zoho_that_is_not_there_is_temporary(zoho, settings):
    settings.ZOHO_ACCOUNTS_URL = settings.ZOHO_API_URL = "http://127.0.0.1:9"

    with pytest.raises(TemporaryError, match="accounts server did not answer: ConnectionError"):
        Client(read_configuration()).fetch(USER, "me")


# --- what answers mean ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "error", "retry_after"),
    [
        ("minute_limit", OrganisationMustWait, 60),
        ("minute_limit_under_200", OrganisationMustWait, 60),
        ("daily_limit", OrganisationMustWait, 34881),
        ("too_many_at_once", OrganisationMustWait, 5),
        ("retry_after", OrganisationMustWait, 17),
        ("internal_error", TemporaryError, None),
        ("html", TemporaryError, None),
        ("html_under_200", TemporaryError, None),
        ("cut_off", TemporaryError, None),
    ],
)
def test_answers_that_are_not_success(zoho, reader, fault, error, retry_after):
    zoho.control.fault(fault)

    with pytest.raises(error) as caught:
        reader.fetch(USER, "me")

    assert type(caught.value) is error
    assert caught.value.retry_after == retry_after
    assert "/users/me" in str(caught.value)


def test_a_missing_record_is_gone_and_another_organisation_is_not(zoho, reader, settings):
    with pytest.raises(GoneFromZoho):
        reader.fetch(ITEM, "1")
    with pytest.raises(NoSuchAddress):
        reader.fetch(ITEM, "../users/me")

    settings.ZOHO_ORGANIZATION_ID = "999"
    with pytest.raises(OrganisationMustWait, match=r"6041.*Check ZOHO_ORGANIZATION_ID"):
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


def test_a_moment_of_trouble_is_sat_out_in_a_list(zoho, reader):
    zoho.control.fault("html", times=1)

    assert len(every_row(reader, USER)) == 5
    assert zoho.calls("/users") == 2


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
