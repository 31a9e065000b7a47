"""`manage.py zoho_alerts`, and the settings that it tries."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from zoho_sync import alerts
from zoho_sync.models import Alert, AlertDelivery, AlertRule, SyncQueueItem
from zoho_sync.rulebook import DEFINITIONS
from zoho_sync.tests.road import NOON

pytestmark = pytest.mark.django_db


def call(capsys, *arguments):
    call_command("zoho_alerts", *arguments)
    return capsys.readouterr().out


def test_the_list_begins_with_the_worst(capsys):
    assert call(capsys) == "no alerts\n"
    alerts.raise_alert(code="small", title="Small", severity=Alert.Severity.INFO, at=NOON)
    alerts.raise_alert(code="great", title="Great", severity=Alert.Severity.CRITICAL, at=NOON)
    alerts.raise_alert(code="over", title="Over", at=NOON)
    alerts.resolve(Alert.objects.filter(code="over"), at=NOON)

    shown = call(capsys)
    assert shown.index("Great") < shown.index("Small")
    assert "Over" not in shown
    assert [one["code"] for one in json.loads(call(capsys, "--json"))] == ["great", "small"]


def test_check_looks_at_the_rules_and_tells(capsys, hook):
    SyncQueueItem.objects.create(module="item", zoho_id="1", next_attempt_at=timezone.now() - timedelta(minutes=20))

    shown = call(capsys, "--check", "--rule", "job_age")

    assert "due for 20 minutes" in " ".join(shown.split())
    assert hook.said == [("opened", "job_age")]


def test_check_ends_with_1_when_a_rule_is_broken(capsys):
    AlertRule.objects.create(code="job_age", threshold=-1)

    with pytest.raises(CommandError, match="not looked at: job_age") as failed:
        call_command("zoho_alerts", "--check", "--rule", "job_age")

    assert failed.value.returncode == 1
    assert "job_age: BrokenRule: threshold -1" in capsys.readouterr().err


def test_a_test_message_goes_to_every_channel_that_there_is(capsys, hook, email):
    assert call(capsys, "--test") == "email: sent\nwebhook: sent\n"

    assert hook.said == [("test", "")]
    assert hook.received[0]["text"].startswith("This is a test")
    assert len(email) == 1
    assert call(capsys, "--test", "--channel", "webhook") == "webhook: sent\n"
    assert set(AlertDelivery.objects.values_list("kind", "state")) == {("test", "sent")}


def test_a_channel_that_fails_the_test_is_named_and_tried_once(capsys, hook):
    hook.answers.extend([500])

    with pytest.raises(CommandError) as failed:
        call_command("zoho_alerts", "--test")

    assert failed.value.returncode == 1
    assert capsys.readouterr().out == "webhook: 127.0.0.1: HTTP 500\n"
    assert list(AlertDelivery.objects.values_list("state", "attempts")) == [("failed", 1)]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--test"],
        ["--test", "--channel", "email"],
        ["--check", "--rule", "nonsense"],
        ["--rule", "job_age"],
        ["--channel", "email"],
        ["--check", "--test"],
    ],
)
def test_wrong_use_ends_with_2(capsys, arguments):
    with pytest.raises((CommandError, SystemExit)) as failed:
        call_command("zoho_alerts", *arguments)

    assert getattr(failed.value, "returncode", 2) in (1, 2)  # called from code, argparse's own errors are 1


def test_a_deploy_writes_the_rules():
    call_command("sync_schedules")
    call_command("sync_schedules")

    assert AlertRule.objects.count() == len(DEFINITIONS)


# --- settings -----------------------------------------------------------------------------------------

READ = "from django.conf import settings as s; print({})"


def read_settings(what, **environment):
    return subprocess.run(
        [sys.executable, "-c", READ.format(what)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_mail_server_is_an_address():
    told = read_settings(
        "s.EMAIL_HOST, s.EMAIL_PORT, s.EMAIL_HOST_PASSWORD, s.EMAIL_USE_TLS, s.DEFAULT_FROM_EMAIL, s.ALERT_EMAILS",
        EMAIL_URL="smtp+tls://erp%40example.com:p%40ss@mail.example.com:587",
        ALERT_EMAILS="a@example.com, b@example.com",
    )

    assert told.stdout == ("mail.example.com 587 p@ss True erp@example.com ['a@example.com', 'b@example.com']\n"), (
        told.stderr
    )


def test_without_a_mail_server_nothing_is_sent():
    told = read_settings("s.EMAIL_BACKEND, s.EMAIL_IS_CONFIGURED", EMAIL_URL="")

    assert told.stdout == "django.core.mail.backends.dummy.EmailBackend False\n"


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("EMAIL_URL", "gopher://user:hunter2@mail", "EMAIL_URL: not a mail server's address"),
        ("ALERT_WEBHOOK_URL", "hooks.example.com/hunter2", "ALERT_WEBHOOK_URL: not an http(s) address"),
        ("ALERT_EMAIL", "a@example.com", "ALERT_EMAIL: no such setting; did you mean ALERT_EMAILS?"),
    ],
)
def test_nonsense_stops_the_start_and_is_not_repeated(name, value, complaint):
    told = read_settings("s.DEBUG", **{name: value})

    assert told.returncode == 1
    assert complaint in told.stderr.splitlines()[-1]
    assert "hunter2" not in told.stderr.splitlines()[-1]
