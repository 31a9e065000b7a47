"""Who is told what of an alert, and when: once when it begins, once when it is over, however the channels behave."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from django.db import transaction
from django_q.models import OrmQ

from zoho_sync import alerts, notifying
from zoho_sync.models import Alert, AlertDelivery, AlertRule
from zoho_sync.tests.road import NOON

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
