"""The access token: one for all, refreshed by one at a time, never more than ten times in ten minutes."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.utils import timezone

from zoho_sync import alerts, client, queue, tasks
from zoho_sync.client import Client
from zoho_sync.client.accounts import InvalidCredentials
from zoho_sync.client.configuration import read_configuration
from zoho_sync.client.sessions import Sessions
from zoho_sync.client.token import TokenKeeper, forget_refusals
from zoho_sync.entities import BY_MODULE
from zoho_sync.errors import LimitReached, LoginRefused, MissingScope, OrganisationMustWait, TemporaryError
from zoho_sync.models import Alert, SyncQueueItem, ZohoConnection
from zoho_sync.queue import Work
from zoho_sync.tests.conftest import point_at
from zoho_sync.tests.road import NOON, drain

pytestmark = pytest.mark.django_db
USER, ITEM = BY_MODULE["user"], BY_MODULE["item"]


@pytest.fixture
def reader(zoho):
    made = Client(read_configuration(), patience=0)
    yield made
    made.close()


@pytest.fixture
def sessions():
    made = Sessions()
    yield made
    made.close()


def every_row(reader, entity):
    return {zoho_id: row for page in reader.pages(entity) for zoho_id, row in page.rows.items()}


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


@pytest.mark.lesson("L22")
def test_a_server_that_always_answers_401_gets_one_refresh_and_one_retry(zoho):
    zoho.control.fault("unauthorized")
    patient = Client(read_configuration(), client.Priority.FULL, patience=60)

    with pytest.raises(MissingScope, match=r"/users: Zoho rejects a fresh token: .* lacks the scope"):
        every_row(patient, USER)

    assert (zoho.calls("/oauth/"), zoho.calls("/users")) == (2, 2)
    patient.close()


@pytest.mark.lesson("L22")
def test_a_right_that_is_missing_costs_one_refresh_for_all_who_miss_it(zoho, reader):
    zoho.control.fault("unauthorized", path="/users")

    for _ in range(3):
        with pytest.raises(MissingScope):
            every_row(Client(read_configuration(), patience=0), USER)

    assert len(every_row(reader, ITEM)) == 60
    assert (zoho.calls("/oauth/"), zoho.calls("/users")) == (2, 4)

    alerts.watch_connection(at=timezone.now())
    assert "users" in Alert.objects.get(code="zoho_rights").detail
    alerts.watch_connection(at=timezone.now() + timedelta(hours=3))
    assert Alert.objects.get(code="zoho_rights").state == "resolved"


@pytest.mark.lesson("L22")
def test_two_rights_that_are_missing_cost_one_refresh_each(zoho):
    zoho.control.fault("unauthorized", path="/users")
    zoho.control.fault("unauthorized", path="/items")
    readers = [Client(read_configuration(), patience=0) for _ in range(2)]  # as two processes have them

    for _ in range(3):
        for reader in readers:
            for entity in (USER, ITEM):
                with pytest.raises(MissingScope):
                    every_row(reader, entity)

    assert zoho.calls("/oauth/") == 3  # the first token, and one for each right
    assert set(ZohoConnection.objects.get().forbidden) == {"users", "items"}


def test_a_right_is_missed_by_the_login_and_for_ten_minutes(zoho, settings, sessions):
    now = [timezone.now()]
    keeper = TokenKeeper(read_configuration(), sessions, now=lambda: now[0])
    older = keeper.token()
    token = keeper.replace(older)
    keeper.note_lack(token, "users")

    assert keeper.is_known_to_lack(token, "users")
    assert not keeper.is_known_to_lack(token, "items")
    assert not keeper.is_known_to_lack(older, "users")  # perhaps it is only outdated
    assert keeper.is_known_to_lack(keeper.replace(token), "users")

    now[0] += timedelta(minutes=9, seconds=59)
    keeper.note_lack(keeper.token(), "users")  # without a new token: it is told, and no reason to wait for longer
    assert keeper.is_known_to_lack(keeper.token(), "users")
    assert ZohoConnection.objects.get().forbidden["users"]["at"] == now[0].isoformat()
    now[0] += timedelta(seconds=1)
    assert not keeper.is_known_to_lack(keeper.token(), "users")

    keeper.note_lack(keeper.token(), "users")
    settings.ZOHO_REFRESH_TOKEN = "another login"
    assert not TokenKeeper(read_configuration(), sessions).is_known_to_lack(keeper.token(), "users")
    ZohoConnection.objects.update(access_token_expires_at=now[0] + timedelta(minutes=5))
    assert not keeper.is_known_to_lack(keeper._row().access_token, "users")


@pytest.mark.django_db(transaction=True)
def test_rights_that_are_missed_at_the_same_time_are_all_remembered(zoho, sessions):
    configuration, barrier = read_configuration(), threading.Barrier(4)
    token = TokenKeeper(configuration, sessions).token()

    def note(mine):
        keeper = TokenKeeper(configuration, sessions)
        barrier.wait()
        for number in range(5):
            keeper.note_lack(token, f"area-{mine}-{number}")
        connections.close_all()

    threads = [threading.Thread(target=note, args=(mine,)) for mine in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(ZohoConnection.objects.get().forbidden) == 20


@pytest.mark.django_db(transaction=True)
@pytest.mark.lesson("L33")
def test_eight_threads_without_a_token_ask_for_one(zoho, sessions):
    configuration = read_configuration()
    found, barrier = [], threading.Barrier(8)

    def ask():
        barrier.wait()
        found.append(TokenKeeper(configuration, sessions).token())
        connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == ["1000.sandbox.access.1"] * 8
    assert zoho.calls("/oauth/") == 1


def test_a_refresh_that_somebody_began_is_waited_for_and_taken_over_when_it_is_abandoned(zoho, settings, sessions):
    began = timezone.now()
    ZohoConnection.objects.create(
        organization_id=settings.ZOHO_ORGANIZATION_ID,
        refreshed_at=began,
        refresh_lease_until=began + timedelta(seconds=30),
    )
    now, slept = [began], []

    def sleep(seconds):
        slept.append(seconds)
        assert zoho.calls("/oauth/") == 0
        now[0] += timedelta(seconds=1)

    token = TokenKeeper(read_configuration(), sessions, now=lambda: now[0], sleep=sleep).token()

    assert (token, len(slept)) == ("1000.sandbox.access.1", 30)


def test_access_denied_is_not_asked_again_for_ten_minutes(zoho, reader):
    zoho.control.fault("token_denied", times=1)

    with pytest.raises(LimitReached, match="Access Denied") as first:
        every_row(reader, USER)
    with pytest.raises(LimitReached, match="Access Denied") as second:
        every_row(Client(read_configuration(), patience=0), USER)

    assert first.value.retry_after == 600
    assert 590 < second.value.retry_after <= 600
    assert zoho.calls("/oauth/") == 1

    ZohoConnection.objects.update(denied_until=timezone.now())
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

    for _ in range(3):
        with pytest.raises(InvalidCredentials) as caught:
            every_row(Client(read_configuration()), USER)

    assert says in str(caught.value)
    assert "s3cr3t-value" not in str(caught.value) + ZohoConnection.objects.get().last_error
    assert "s3cr3t-value" not in repr(read_configuration()) or setting == "ZOHO_CLIENT_ID"
    assert zoho.calls("/oauth/") == 1  # nobody asks again with what was refused

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

    with pytest.raises(TemporaryError, match=r"accounts server http://127\.0\.0\.1:9 did not answer: ConnectionError"):
        Client(read_configuration()).fetch(USER, "me")


def test_ten_tokens_in_ten_minutes_and_not_one_more(zoho, settings, sessions):
    began = timezone.now()
    now = [began]
    keeper = TokenKeeper(read_configuration(), sessions, now=lambda: now[0])
    token = keeper.token()
    for _ in range(9):
        now[0] += timedelta(seconds=10)
        token = keeper.replace(token)

    now[0] += timedelta(seconds=10)
    with pytest.raises(LimitReached, match="10 tokens were asked for in the last ten minutes") as caught:
        keeper.replace(token)

    assert caught.value.retry_after == 10 * 60 + 30 - 100  # half a minute of margin for other clocks
    assert zoho.calls("/oauth/") == 10

    now[0] = began + timedelta(minutes=10, seconds=31)
    with pytest.raises(LimitReached):  # the sandbox's own clock has not moved
        keeper.replace(token)
    assert zoho.calls("/oauth/") == 11


def test_a_process_that_was_overtaken_does_not_overwrite_the_newer_token(zoho, sessions, settings):
    began = timezone.now()
    now = [began]
    slow = TokenKeeper(read_configuration(), sessions, now=lambda: now[0])
    quick = TokenKeeper(read_configuration(), sessions, now=lambda: began + timedelta(minutes=1))
    row = slow._row()
    assert slow._claim(row)

    assert quick.token() == "1000.sandbox.access.1"
    slow._refresh(row)

    assert ZohoConnection.objects.get().access_token == "1000.sandbox.access.1"


def test_the_schedule_renews_a_token_that_has_less_than_ten_minutes_left(zoho):
    assert tasks.refresh_token_early() == "refreshed"
    assert tasks.refresh_token_early() == "good for longer"

    ZohoConnection.objects.update(access_token_expires_at=timezone.now() + timedelta(minutes=9))
    assert tasks.refresh_token_early() == "refreshed"

    assert zoho.calls("/oauth/") == 2
    assert ZohoConnection.objects.get().access_token == "1000.sandbox.access.2"


def test_while_one_renews_it_early_the_others_use_the_old_token(zoho, sessions):
    keeper = TokenKeeper(read_configuration(), sessions)
    keeper.token()
    now = timezone.now()
    ZohoConnection.objects.update(
        access_token_expires_at=now + timedelta(minutes=9), refresh_lease_until=now + timedelta(seconds=30)
    )

    assert TokenKeeper(read_configuration(), sessions).token() == "1000.sandbox.access.1"
    assert not keeper.refresh_early(left=timedelta(minutes=10))
    assert zoho.calls("/oauth/") == 1


def test_the_schedule_does_nothing_where_nothing_is_configured(settings):
    settings.ZOHO_CLIENT_ID = ""

    assert tasks.refresh_token_early().startswith("Zoho is not configured: set ZOHO_CLIENT_ID")
    assert not ZohoConnection.objects.exists()


def test_a_refused_login_is_one_alert_until_a_token_is_given(zoho, settings):
    settings.ZOHO_CLIENT_SECRET = "s3cr3t-value"
    for _ in range(3):
        assert "ZOHO_CLIENT_SECRET is wrong" in tasks.refresh_token_early()

    alert = Alert.objects.get()
    assert (alert.code, alert.severity, alert.state, alert.count) == ("zoho_login", "critical", "open", 3)
    assert alert.detail == "Zoho refuses the login (invalid_client_secret): ZOHO_CLIENT_SECRET is wrong"

    point_at(zoho, settings)
    tasks.refresh_token_early()
    alert.refresh_from_db()
    assert (alert.state, alert.resolution, alert.resolved_by) == ("resolved", "over by itself", None)


def test_a_worker_that_meets_a_refused_login_says_so_at_once(zoho):
    zoho.control.fault("token_revoked")
    queue.enqueue([Work(module="contact", zoho_id="1", needs_fetch=True)], at=NOON)

    drain()

    job = SyncQueueItem.objects.get()
    assert (job.status, job.attempts) == ("retry", 0)
    assert Alert.objects.get().code == "zoho_login"


def test_what_was_refused_can_be_tried_again_by_hand(zoho, reader):
    zoho.control.fault("token_revoked", times=1)
    with pytest.raises(LoginRefused):
        every_row(reader, USER)

    assert forget_refusals(ZohoConnection.objects.all()) == 1

    assert len(every_row(reader, USER)) == 5
