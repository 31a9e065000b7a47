"""Channels that fail: tried again with patience, holding up nobody, and never telling a secret."""

from __future__ import annotations

import json
import logging
import logging.config
import smtplib
from datetime import timedelta

import pytest
import requests
from django.conf import settings as project
from django.core import mail
from django.db import connection

from tests.live.tables import find_in_tables
from tsh_erp.logs import logging_settings
from zoho_sync import alerts, notifying, wording
from zoho_sync.checks import check_alert_channels
from zoho_sync.models import Alert, AlertDelivery
from zoho_sync.notifying.sending import CLAIM, MOST_ATTEMPTS, back_off
from zoho_sync.tests.hook import SECRET_PATH
from zoho_sync.tests.road import NOON, seconds

pytestmark = pytest.mark.django_db

WARNING, CRITICAL = Alert.Severity.WARNING, Alert.Severity.CRITICAL


def raise_one(at=NOON, *, severity=WARNING, **more):
    alerts.raise_alert(code="test", title="Trouble <!channel>", detail="a & b", severity=severity, at=at, **more)


def resolve(at):
    return alerts.resolve(Alert.objects.all(), at=at)


def send(at=NOON):
    return notifying.send_due(at=at)


def messages():
    """What is written down, in order: what is said to whom, and what became of it."""
    return list(AlertDelivery.objects.order_by("id").values_list("channel", "kind", "state"))


def minutes(number):
    return timedelta(minutes=number)


def test_a_channel_that_fails_is_tried_again_with_patience_and_then_left(hook):
    hook.answers.extend([500] * 100)
    raise_one()
    at = NOON
    for attempt in range(1, MOST_ATTEMPTS + 1):
        assert send(at) == notifying.Sent(0, 1)
        assert send(at) == notifying.Sent(0, 0)
        at += back_off(attempt)
    send(at + timedelta(days=1))

    row = AlertDelivery.objects.get()
    assert (row.state, row.attempts, row.error) == ("failed", MOST_ATTEMPTS, "127.0.0.1: HTTP 500")
    assert len(hook.paths) == MOST_ATTEMPTS


def test_patience_grows_to_an_hour():
    assert [back_off(attempt).total_seconds() for attempt in (1, 2, 3, 8, 50)] == [30, 60, 120, 3600, 3600]


def test_a_message_arrives_after_failures(hook):
    hook.answers.extend([503, 404])
    raise_one()
    for after in (0, 30, 90):
        send(NOON + seconds(after))

    assert hook.said == [("opened", "test")]
    assert (AlertDelivery.objects.get().attempts, AlertDelivery.objects.get().error) == (3, "")


def test_a_dead_channel_costs_one_try_a_round_and_stops_no_other(hook, email):
    hook.answers.extend([500] * 100)
    for number in range(20):
        alerts.raise_alert(code="test", cause=str(number), title="Trouble", severity=CRITICAL, at=NOON)

    assert send() == notifying.Sent(20, 1)

    assert (len(email), len(hook.paths)) == (20, 1)


def test_whoever_may_have_heard_of_the_beginning_hears_of_the_end(hook):
    hook.answers.extend([500])  # taken, and the answer lost
    raise_one()
    send()
    resolve(NOON + minutes(1))
    send(NOON + minutes(1))

    assert [kind for kind, _ in hook.said] == ["resolved"]
    assert messages() == [("webhook", "opened", "dropped"), ("webhook", "resolved", "sent")]


def test_nobody_hears_of_the_end_of_what_could_never_be_told(hook):
    raise_one()
    AlertDelivery.objects.update(state="failed", attempts=20, settled_at=NOON, next_attempt_at=None)
    resolve(NOON + minutes(5))

    assert messages() == [("webhook", "opened", "failed")]


def test_two_senders_never_send_the_same_message(hook):
    raise_one()
    AlertDelivery.objects.update(attempts=1, scheduled_at=NOON, next_attempt_at=NOON + CLAIM)  # as another has it
    send(NOON + seconds(1))
    assert hook.received == []

    send(NOON + CLAIM)  # it died

    assert len(hook.received) == 1


def test_the_clock_put_back_holds_no_message_up(hook):
    hook.answers.extend([500])
    raise_one()
    send()
    an_hour_earlier = NOON - timedelta(hours=1)

    assert send(an_hour_earlier) == notifying.Sent(1, 0)
    resolve(an_hour_earlier + minutes(1))
    assert send(an_hour_earlier + minutes(1)) == notifying.Sent(1, 0)


def test_a_redirect_is_not_followed(hook):
    hook.answers.extend([302])
    raise_one()
    send()

    assert AlertDelivery.objects.get().error == "127.0.0.1: HTTP 302"


def test_messages_for_a_channel_that_was_taken_away_are_dropped(hook, settings):
    raise_one()
    settings.ALERT_WEBHOOK_URL = ""
    send()

    assert messages() == [("webhook", "opened", "dropped")]


@pytest.mark.lesson("L14")
@pytest.mark.parametrize("port", ["1", "not-a-port"])
def test_no_secret_of_a_channel_is_logged_or_stored(settings, capsys, port):
    settings.ALERT_WEBHOOK_URL = f"http://127.0.0.1:{port}{SECRET_PATH}"
    raise_one()
    send()

    row = AlertDelivery.objects.get()
    assert row.error.startswith("127.0.0.1: ")
    assert list(find_in_tables(["verysecretpath"])) == []
    assert "verysecretpath" not in "".join(capsys.readouterr())


@pytest.mark.lesson("L14")
def test_not_even_a_log_for_debugging_names_the_address(hook, capsys):
    before = logging.getLogger("urllib3").level
    logging.config.dictConfig(logging_settings(level="DEBUG", log_format="json"))
    try:
        raise_one()
        send()
        logging.getLogger("test").debug("this one is shown")
    finally:
        with capsys.disabled():  # a handler keeps the stream that it finds, and this one is closed after the test
            logging.config.dictConfig(project.LOGGING)
        logging.getLogger("urllib3").setLevel(before)

    logged = capsys.readouterr().err
    assert "this one is shown" in logged
    assert "verysecretpath" not in logged
    assert len(hook.received) == 1


@pytest.mark.parametrize(
    ("url", "emails", "said"),
    [
        (True, [], ["ALERT_EMAILS is missing: no alert is sent by e-mail."]),
        (False, ["a@example.com"], ["EMAIL_URL is missing: no alert is sent by e-mail."]),
        (True, ["a@example.com"], []),
        (False, [], []),
    ],
)
def test_half_a_channel_is_pointed_out(settings, url, emails, said):
    settings.EMAIL_IS_CONFIGURED, settings.ALERT_EMAILS = url, emails

    assert [one.msg for one in check_alert_channels(None)] == said


def test_a_mail_server_that_refuses_is_quoted_by_number_only(email, settings, monkeypatch):
    def refuse(*args, **kwargs):
        raise smtplib.SMTPAuthenticationError(535, b"5.7.8 bad password hunter2")

    monkeypatch.setattr(mail, "send_mail", refuse)
    raise_one(severity=CRITICAL)
    send()

    assert AlertDelivery.objects.get().error == "SMTPAuthenticationError 535"


def test_a_mail_server_that_is_not_there(email, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    raise_one(severity=CRITICAL)
    send()

    assert AlertDelivery.objects.get().error == "ConnectionRefusedError"


def test_the_secrets_of_webhooks_are_not_passed_on(hook, settings):
    settings.WEBHOOK_API_KEYS = ["key-of-zoho"]
    alerts.raise_alert(code="test", title="Trouble", detail="sent key-of-zoho", at=NOON)
    send()

    assert "key-of-zoho" not in json.dumps(hook.received)


def test_a_text_that_does_not_fit_its_parameters_is_sent_in_english(hook):
    alerts.raise_alert(code="test", title="%(a)s", parameters={"a": wording.figure(1, "count")}, at=NOON)
    Alert.objects.update(texts={"title": "%(b)s %", "parameters": {"a": 1}})
    send()

    assert hook.received[0]["text"].startswith("🟠 warning: 1")


@pytest.mark.django_db(transaction=True)
def test_nothing_is_sent_in_a_transaction(hook, monkeypatch):
    inside = []
    post = requests.post
    monkeypatch.setattr(
        requests, "post", lambda *args, **kwargs: (inside.append(connection.in_atomic_block), post(*args, **kwargs))[1]
    )
    raise_one()
    send()

    assert inside == [False]
