"""Who is told what of an alert, and when: once when it begins, once when it is over, however the channels behave."""

from __future__ import annotations

import json
import smtplib
from datetime import time, timedelta

import pytest
import requests
from django.core import mail
from django.db import connection, transaction
from django_q.models import OrmQ

from tests.live.tables import find_in_tables
from zoho_sync import alerts, notifying, wording
from zoho_sync.models import Alert, AlertDelivery, AlertRule
from zoho_sync.notifying.sending import CLAIM, MOST_ATTEMPTS, back_off
from zoho_sync.tests.hook import SECRET_PATH, running_hook
from zoho_sync.tests.road import NOON, seconds

pytestmark = pytest.mark.django_db

WARNING, CRITICAL = Alert.Severity.WARNING, Alert.Severity.CRITICAL


@pytest.fixture
def hook(settings):
    with running_hook() as hook:
        settings.ALERT_WEBHOOK_URL = hook.url
        yield hook


@pytest.fixture
def email(settings):
    settings.EMAIL_IS_CONFIGURED = True
    settings.ALERT_EMAILS = ["ops@example.com", "boss@example.com"]
    return mail.outbox


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


# --- one message each way -------------------------------------------------------------------------


def test_one_message_when_it_begins_and_one_when_it_is_over(hook):
    raise_one()
    send()
    for minute in range(1, 4):
        raise_one(NOON + minutes(minute))
        send(NOON + minutes(minute))
    resolve(NOON + minutes(10))
    send(NOON + minutes(10))
    send(NOON + minutes(11))

    assert hook.said == [("opened", "test"), ("resolved", "test")]
    opened, resolved = hook.received
    assert opened["text"].startswith("🟠 warning: Trouble ‹!channel›\na & b")
    assert {name: opened[name] for name in ("severity", "state", "title", "cause", "count")} == {
        "severity": "warning",
        "state": "open",
        "title": "Trouble <!channel>",
        "cause": "",
        "count": 1,
    }
    assert resolved["text"].startswith("✅ Over: Trouble ‹!channel›\nIt began at 2026-03-01 12:00.")
    assert (resolved["count"], resolved["resolved_at"]) == (4, "2026-03-01T09:10:00+00:00")
    assert opened["delivery"] != resolved["delivery"]


def test_a_message_says_it_in_every_language_and_where_to_look(hook, settings):
    settings.LANGUAGE_CODE = "ar"
    settings.CSRF_TRUSTED_ORIGINS = ["https://*.example.com", "https://erp.example.com"]
    raise_one(severity=CRITICAL)
    send()

    [body] = hook.received
    first, second, address = body["text"].split("\n\n")
    assert first.startswith("🔴 حرج")
    assert second == "🔴 critical: Trouble ‹!channel›\na & b"
    assert address == body["url"] == f"https://erp.example.com/admin/zoho_sync/alert/{body['alert']}/change/"


def test_by_severity_by_mail_too(hook, email):
    alerts.raise_alert(code="a", title="Small", severity=Alert.Severity.INFO, at=NOON)
    alerts.raise_alert(code="b", title="Middle", severity=WARNING, at=NOON)
    alerts.raise_alert(code="c", title="Great\nbig", detail="It burns.", severity=CRITICAL, at=NOON)
    send()

    assert hook.said == [("opened", "b"), ("opened", "c")]
    [letter] = email
    assert letter.subject == "TSH ERP System: 🔴 critical: Great"
    assert letter.to == ["ops@example.com", "boss@example.com"]
    assert "big\nIt burns." in letter.body


@pytest.mark.parametrize(
    ("routing", "told"), [("email", ["email"]), ("webhook", ["webhook"]), ("both", ["email", "webhook"]), ("none", [])]
)
def test_staff_decide_who_is_told(hook, email, routing, told):
    AlertRule.objects.create(code="test", routing=routing)
    raise_one()

    assert sorted(AlertDelivery.objects.values_list("channel", flat=True)) == told


def test_what_becomes_worse_is_told_to_those_who_did_not_know(hook, email):
    raise_one()
    send()
    raise_one(NOON + minutes(5), severity=CRITICAL)
    send(NOON + minutes(5))
    raise_one(NOON + minutes(10))
    send(NOON + minutes(10))

    assert (len(hook.received), len(email)) == (1, 1)
    assert "critical" in email[0].subject


def test_without_a_channel_nothing_is_written_down():
    raise_one(severity=CRITICAL)

    assert messages() == []


def test_messages_are_written_with_the_alert_or_not_at_all(hook, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as callbacks:
        raise_one()
    assert len(callbacks) == 1
    callbacks[0]()
    assert [one.func() for one in OrmQ.objects.all()] == ["zoho_sync.tasks.send_alert_messages"]

    with django_capture_on_commit_callbacks() as callbacks:
        raise_one(NOON + minutes(1))
    assert callbacks == []


@pytest.mark.django_db(transaction=True)
def test_a_message_is_not_sent_when_the_transaction_fails(hook):
    def half_done():
        with transaction.atomic():
            raise_one()
            raise InterruptedError

    with pytest.raises(InterruptedError):
        half_done()
    send()

    assert (hook.received, messages(), OrmQ.objects.count()) == ([], [], 0)


# --- flapping, snoozing, quiet hours ---------------------------------------------------------------


def test_an_alert_that_flaps_is_one_message_each_way_in_a_cooldown(hook):
    for round_ in range(5):
        start = NOON + minutes(10 * round_)
        raise_one(start)
        send(start)
        resolve(start + minutes(5))
        send(start + minutes(5))

    assert hook.said == [("opened", "test"), ("resolved", "test")]
    assert Alert.objects.get().count == 5


def test_what_lasts_after_it_came_back_is_told_when_the_cooldown_is_over(hook):
    raise_one()
    send()
    resolve(NOON + minutes(5))
    send(NOON + minutes(5))
    raise_one(NOON + minutes(10))
    send(NOON + minutes(59))
    assert len(hook.received) == 2

    send(NOON + minutes(60))

    assert [kind for kind, _ in hook.said] == ["opened", "resolved", "opened"]


def test_what_ends_and_comes_back_before_anybody_was_told_of_the_end_goes_on(hook):
    raise_one()
    send()
    resolve(NOON + minutes(5))
    raise_one(NOON + minutes(6))
    send(NOON + minutes(90))

    assert [kind for kind, _ in hook.said] == ["opened"]


def test_what_is_over_before_anybody_was_told_is_not_told(hook):
    raise_one()
    resolve(NOON + minutes(1))
    send(NOON + minutes(2))

    assert hook.received == []
    assert messages() == [("webhook", "opened", "dropped")]


def test_a_snoozed_alert_is_silent_and_comes_back_after(hook):
    raise_one()
    send()
    assert alerts.snooze(Alert.objects.all(), until=NOON + minutes(120), at=NOON + minutes(1)) == 1
    for minute in (5, 60, 119):
        raise_one(NOON + minutes(minute))
        send(NOON + minutes(minute))
    assert len(hook.received) == 1

    send(NOON + minutes(120))
    send(NOON + minutes(121))

    assert [kind for kind, _ in hook.said] == ["opened", "opened"]
    assert hook.received[1]["count"] == 4


def test_a_snoozed_alert_that_ends_says_so_when_it_would_have_come_back(hook):
    raise_one()
    send()
    alerts.snooze(Alert.objects.all(), until=NOON + minutes(120), at=NOON + minutes(1))
    resolve(NOON + minutes(30))
    send(NOON + minutes(119))
    assert len(hook.received) == 1

    send(NOON + minutes(120))

    assert [kind for kind, _ in hook.said] == ["opened", "resolved"]


def test_what_comes_back_while_it_is_snoozed_stays_snoozed(hook):
    raise_one()
    send()
    alerts.snooze(Alert.objects.all(), until=NOON + timedelta(days=1), at=NOON + minutes(1))
    resolve(NOON + minutes(30))
    raise_one(NOON + minutes(200))
    send(NOON + minutes(200))

    assert len(hook.received) == 1
    assert Alert.objects.get().count == 2


def test_nobody_is_woken_in_quiet_hours(hook):
    AlertRule.objects.create(code="test", quiet_from=time(11, 0), quiet_until=time(13, 0))  # NOON is 12:00 in Baghdad
    raise_one()
    send()
    send(NOON + minutes(59))
    assert hook.received == []

    send(NOON + minutes(60))

    assert [kind for kind, _ in hook.said] == ["opened"]


# --- channels that fail ----------------------------------------------------------------------------


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
