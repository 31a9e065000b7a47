"""Alerts, their rules and their messages on the admin's pages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone

from zoho_sync import alerts, wording
from zoho_sync.models import Alert, AlertDelivery, AlertRule
from zoho_sync.rulebook import rule_for, write_rules
from zoho_sync.tests.hook import SECRET_PATH

pytestmark = pytest.mark.django_db


@pytest.fixture
def alert(settings):
    settings.ALERT_WEBHOOK_URL = f"http://127.0.0.1:1{SECRET_PATH}"
    alerts.raise_alert(
        code="job_age",
        title="The oldest waiting job has been due for %(value)s",
        parameters={"value": wording.figure(600, "seconds")},
        at=timezone.now(),
    )
    return Alert.objects.get()


def list_page(model):
    return reverse(f"admin:zoho_sync_{model._meta.model_name}_changelist")


def row_page(row):
    return reverse(f"admin:zoho_sync_{row._meta.model_name}_change", args=[row.pk])


def text_of(client, address):
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def form_of(**values):
    empty = dict.fromkeys(
        (
            "threshold",
            "critical_threshold",
            "window_minutes",
            "severity",
            "cooldown_minutes",
            "routing",
            "quiet_from",
            "quiet_until",
            "active_from",
            "active_until",
        ),
        "",
    )
    return empty | {"is_enabled": "on"} | values


@pytest.mark.parametrize("language", ["ar", "en"])
def test_every_page_opens_in_both_languages(admin_client, alert, language):
    write_rules()
    pages = [list_page(model) for model in (Alert, AlertRule, AlertDelivery)]
    pages += [row_page(row) for row in (alert, AlertDelivery.objects.get(), *AlertRule.objects.all())]

    for page in pages:
        answer = admin_client.get(page, headers={"accept-language": language})
        assert answer.status_code == 200
        assert f'lang="{language}"' in answer.content.decode()


def test_an_alert_says_what_to_do_and_who_was_told(admin_client, alert):
    page = text_of(admin_client, row_page(alert))

    assert "The oldest waiting job has been due for 10 minutes" in page
    assert "See whether the queue workers run" in page
    assert "web address: began (pending)" in page
    assert "verysecretpath" not in page + text_of(admin_client, row_page(AlertDelivery.objects.get()))


@pytest.mark.parametrize(
    ("action", "length"),
    [
        ("snooze_hour", timedelta(hours=1)),
        ("snooze_day", timedelta(days=1)),
        ("snooze_week", timedelta(weeks=1)),
    ],
)
def test_alerts_are_snoozed(admin_client, alert, action, length):
    before = timezone.now()
    answer = admin_client.post(
        list_page(Alert), {"action": action, "index": "0", "_selected_action": [alert.pk], "confirmed": "yes"}
    )

    alert.refresh_from_db()
    assert [str(one) for one in get_messages(answer.wsgi_request)] == ["1 alert was snoozed."]
    assert before + length <= alert.snoozed_until <= timezone.now() + length


def test_messages_can_only_be_looked_at(admin_client, alert):
    row = AlertDelivery.objects.get()

    assert admin_client.post(row_page(row), {"state": "sent"}).status_code == 403
    assert admin_client.get(reverse("admin:zoho_sync_alertdelivery_add")).status_code == 403


def test_a_rule_shows_what_holds_and_what_was_delivered(admin_client):
    row = AlertRule.objects.create(code="job_age", threshold=60, quiet_from="22:00", quiet_until="07:00")

    assert "≥ 60 seconds" in text_of(admin_client, list_page(AlertRule))
    page = text_of(admin_client, row_page(row))
    assert "In seconds. Empty: as delivered, ≥ 5 minutes." in page
    assert 'value="60' in page
    assert "Oldest waiting job" in page


def test_staff_change_a_rule(admin_client):
    row = AlertRule.objects.create(code="webhook_silence")
    answer = admin_client.post(
        row_page(row),
        form_of(
            threshold="90",
            severity="warning",
            routing="both",
            active_from="08:00",
            active_until="17:00",
            active_days=["0", "1"],
            quiet_from="22:00",
            quiet_until="07:00",
        ),
    )

    assert answer.status_code == 302, answer.context["adminform"].form.errors
    row.refresh_from_db()
    rule = rule_for(row.code, row)
    rule.check()
    assert (rule.threshold, rule.severity, rule.routing, rule.active_days) == (90, "warning", "both", (0, 1))
    assert f"{rule.active_from:%H:%M} {rule.quiet_until:%H:%M}" == "08:00 07:00"
    assert "changed" in text_of(admin_client, reverse("admin:zoho_sync_alertrule_history", args=[row.pk])).lower()


def test_what_is_left_empty_is_as_delivered(admin_client):
    row = AlertRule.objects.create(code="webhook_silence", threshold=90, active_days=[1])
    admin_client.post(row_page(row), form_of())

    row.refresh_from_db()
    assert rule_for(row.code, row) == rule_for(row.code)


@pytest.mark.parametrize(
    "values",
    [
        {"threshold": "-1"},
        {"threshold": "inf"},
        {"threshold": "NaN"},
        {"threshold": "100", "critical_threshold": "50"},
        {"quiet_from": "22:00"},
        {"window_minutes": "-5"},
    ],
)
def test_nonsense_is_refused(admin_client, values):
    row = AlertRule.objects.create(code="dead_letters" if "window_minutes" in values else "job_age")

    answer = admin_client.post(row_page(row), form_of(**values))

    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors
    row.refresh_from_db()
    assert (row.threshold, row.quiet_from, row.window_minutes) == (None, None, None)


def test_nonsense_that_came_in_elsewhere_does_not_break_the_page(admin_client):
    row = AlertRule.objects.create(code="webhook_silence", threshold=-5, active_days=[9], severity="awful")

    text_of(admin_client, list_page(AlertRule))
    text_of(admin_client, row_page(row))


def test_nobody_adds_or_removes_a_rule(admin_client):
    row = AlertRule.objects.create(code="job_age")

    assert admin_client.get(reverse("admin:zoho_sync_alertrule_add")).status_code == 403
    assert (
        admin_client.post(reverse("admin:zoho_sync_alertrule_delete", args=[row.pk]), {"post": "yes"}).status_code
        == 403
    )


@pytest.mark.parametrize(
    ("group", "sees", "changes"), [("Owner", 200, 302), ("Sync operator", 200, 403), ("Sales", 403, 403)]
)
def test_who_may_see_and_change_rules(client, django_user_model, group, sees, changes):
    user = django_user_model.objects.create_user("member", is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client.force_login(user)
    row = AlertRule.objects.create(code="job_age")

    assert client.get(list_page(AlertRule)).status_code == sees
    assert client.get(list_page(AlertDelivery)).status_code == sees
    assert client.post(row_page(row), form_of(threshold="60")).status_code == changes
