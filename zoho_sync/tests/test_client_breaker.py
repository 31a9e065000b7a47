"""The breaker: Zoho in trouble is left alone, tried once, and taken back when it answers."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections
from django.utils import timezone

from zoho_sync import alerts
from zoho_sync.client import Client, Priority
from zoho_sync.client.breaker import FAILURES, close_breaker, open_seconds
from zoho_sync.client.configuration import read_configuration
from zoho_sync.client.http import ZohoHttp
from zoho_sync.client.limits import Limiter
from zoho_sync.entities import BY_MODULE
from zoho_sync.errors import BreakerOpen, OrganisationMustWait, TemporaryError
from zoho_sync.models import Alert, ZohoConnection

pytestmark = pytest.mark.django_db
USER = BY_MODULE["user"]
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def reader(zoho):
    made = Client(read_configuration(), patience=0)
    yield made
    made.close()


def fail(reader, times=1):
    for _ in range(times):
        with pytest.raises(TemporaryError) as caught:
            reader.fetch(USER, "me")
        assert not isinstance(caught.value, OrganisationMustWait)


def let_it_try():
    ZohoConnection.objects.update(breaker_until=timezone.now() - timedelta(seconds=1))


def breaker():
    row = ZohoConnection.objects.get()
    return row.breaker_state, row.breaker_failures, row.breaker_openings


def test_it_stays_open_for_longer_each_time():
    assert [open_seconds(openings) for openings in range(9)] == [5, 10, 20, 20, 20, 20, 20, 20, 20]


@pytest.mark.parametrize("fault", ["internal_error", "html", "cut_off", "hung_up"])
def test_five_failures_in_a_row_open_it_for_everybody(zoho, reader, fault):
    zoho.control.fault(fault)
    fail(reader, FAILURES)

    assert breaker() == ("open", 5, 1)
    for priority in Priority:
        with pytest.raises(BreakerOpen, match="Zoho is left alone for a while: /users/me: ") as caught:
            Client(read_configuration(), priority, patience=0).fetch(USER, "me")
        assert 3 < caught.value.retry_after <= 5
    assert zoho.calls("/users") == FAILURES


def test_failures_that_are_not_in_a_row_do_not(zoho, reader):
    for _ in range(3):
        zoho.control.fault("html", times=FAILURES - 1)
        fail(reader, FAILURES - 1)
        reader.fetch(USER, "me")

    assert breaker() == ("closed", 0, 0)


@pytest.mark.parametrize("fault", ["bad_parameter", "too_many_at_once", "unauthorized"])
def test_a_refusal_is_an_answer_and_no_failure(zoho, reader, fault):
    zoho.control.fault(fault)

    for _ in range(FAILURES + 1):
        with pytest.raises(Exception, match="/users/me"):
            reader.fetch(USER, "me")

    assert breaker() == ("closed", 0, 0)


def test_when_its_time_is_up_one_call_tries_and_an_answer_closes_it(zoho, reader):
    zoho.control.fault("html", times=FAILURES)
    fail(reader, FAILURES)
    let_it_try()

    reader.fetch(USER, "me")

    assert breaker() == ("closed", 0, 0)
    reader.fetch(USER, "me")
    assert zoho.calls("/users") == FAILURES + 2


def test_a_probe_that_fails_opens_it_for_twice_as_long(zoho, reader):
    zoho.control.fault("html")
    fail(reader, FAILURES)
    let_it_try()

    fail(reader)

    assert breaker() == ("open", 6, 2)
    left = ZohoConnection.objects.get().breaker_until - timezone.now()
    assert timedelta(seconds=8) < left <= timedelta(seconds=10)


def test_while_a_probe_is_out_nobody_else_calls_and_a_lost_probe_is_replaced():
    now = [NOON]
    limiter = Limiter("1", Priority.FULL, clock=lambda: now[0])
    with pytest.raises(OrganisationMustWait, match="being set up"):
        limiter.enter(most_wait=0)
    for _ in range(FAILURES):
        limiter.breaker.note_failure("HTTP 502", is_probe=False)
    now[0] += timedelta(seconds=5)

    first = limiter.enter(most_wait=1)
    with pytest.raises(BreakerOpen) as caught:
        limiter.enter(most_wait=1)
    now[0] += timedelta(seconds=29.5)
    with pytest.raises(BreakerOpen) as last:
        limiter.enter(most_wait=1)
    now[0] += timedelta(seconds=0.5)
    second = limiter.enter(most_wait=1)

    assert (first.is_probe, second.is_probe) == (True, True)
    # A probe is over in a moment as a rule: its lease says nothing of how long the others wait.
    assert (caught.value.retry_after, last.value.retry_after) == (1.0, 0.5)
    limiter.give_back(second)
    assert limiter.enter(most_wait=1).is_probe


def test_what_was_under_way_when_it_opened_changes_nothing():
    limiter = Limiter("1", Priority.FULL, clock=lambda: NOON)
    ZohoConnection.objects.create(organization_id="1", breaker_state="open", breaker_openings=1, breaker_until=NOON)

    limiter.breaker.note_failure("HTTP 502", is_probe=False)
    limiter.breaker.note_success(is_probe=False)

    assert breaker() == ("open", 0, 1)


def test_long_work_waits_for_it(zoho, monkeypatch):
    monkeypatch.setattr("zoho_sync.client.breaker.OPEN_SECONDS", 1)
    monkeypatch.setattr("zoho_sync.client.http.FIRST_PAUSE", 0.02)
    zoho.control.fault("html", times=FAILURES)
    patient = Client(read_configuration(), Priority.FULL, patience=30)

    assert patient.fetch(USER, "me")["user_role"] == "admin"

    assert (patient.calls, breaker()) == (FAILURES + 1, ("closed", 0, 0))
    patient.close()


@pytest.mark.django_db(transaction=True)
def test_while_a_slow_probe_is_out_long_work_waits_for_it(zoho, monkeypatch):
    patient = Client(read_configuration(), Priority.FULL, patience=30)
    patient.fetch(USER, "me")
    ZohoConnection.objects.update(breaker_state="open", breaker_failures=FAILURES, breaker_openings=1)
    let_it_try()
    receive, is_out, may_answer, told = ZohoHttp._receive, threading.Event(), threading.Event(), []

    def answer_slowly(self, *request):
        if not is_out.is_set():
            is_out.set()
            assert may_answer.wait(20)
        return receive(self, *request)

    def refuse(self, pause):
        may_answer.set()  # the other was turned away while the probe was out
        told.append(pause)
        is_over.wait(20)

    def probe():
        patient.fetch(USER, "me")
        is_over.set()
        connections.close_all()

    monkeypatch.setattr(ZohoHttp, "_receive", answer_slowly)
    is_over, prober = threading.Event(), threading.Thread(target=probe)
    other = Client(read_configuration(), Priority.FULL, patience=30)
    monkeypatch.setattr(other._http, "_sleep", lambda pause: refuse(other, pause))
    prober.start()
    assert is_out.wait(20)

    assert other.fetch(USER, "me")["user_role"] == "admin"

    prober.join()
    assert len(told) == 1
    assert told[0] <= 3
    assert breaker() == ("closed", 0, 0)
    patient.close()
    other.close()


def test_an_open_breaker_is_one_alert_until_it_closes(zoho, reader):
    zoho.control.fault("html")
    fail(reader, FAILURES)
    with pytest.raises(BreakerOpen) as caught:
        reader.fetch(USER, "me")

    for _ in range(2):
        alerts.tell_of(caught.value, at=NOON)
    alert = Alert.objects.get()
    assert (alert.code, alert.title, alert.state, alert.count) == ("zoho_breaker", "Zoho does not answer", "open", 2)
    assert alert.detail == "/users/me: HTTP 502. It is tried again by itself."

    assert close_breaker(ZohoConnection.objects.all(), at=NOON) == 1
    alerts.watch_connection(at=NOON)
    alert.refresh_from_db()
    assert (alert.state, alert.resolution) == ("resolved", "over by itself")
