"""One open alert per cause, counted while the cause lasts."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection

from zoho_sync import alerts, wording
from zoho_sync.models import Alert, AlertRule
from zoho_sync.tests.road import NOON, seconds

pytestmark = pytest.mark.django_db


def raise_one(at=NOON, *, cause="products", **more):
    alerts.raise_alert(code="invalid_payload", cause=cause, title="Cannot be read", at=at, **more)


def test_an_alert_is_opened_once_and_counted(django_assert_num_queries):
    raise_one(detail="first")
    with django_assert_num_queries(1):
        raise_one(NOON + seconds(60), detail="second")
    raise_one(NOON + seconds(90), detail="third", severity=Alert.Severity.CRITICAL)

    alert = Alert.objects.get()
    assert (alert.state, alert.count, alert.fingerprint) == ("open", 3, "invalid_payload:products")
    assert (alert.first_seen_at, alert.last_seen_at) == (NOON, NOON + seconds(90))
    assert (alert.detail, alert.severity, alert.title) == ("third", "critical", "Cannot be read")
    assert (alert.code, alert.cause) == ("invalid_payload", "products")


def test_other_causes_are_other_alerts():
    raise_one()
    raise_one(cause="customers")
    raise_one(cause="")

    assert sorted(Alert.objects.values_list("fingerprint", flat=True)) == [
        "invalid_payload",
        "invalid_payload:customers",
        "invalid_payload:products",
    ]


def test_an_acknowledged_alert_is_still_the_same(admin_user):
    raise_one()
    assert alerts.acknowledge(Alert.objects.all(), by=admin_user, at=NOON) == 1
    raise_one(NOON + seconds(60))

    alert = Alert.objects.get()
    assert (alert.state, alert.count, alert.acknowledged_by) == ("acknowledged", 2, admin_user)
    assert alerts.acknowledge(Alert.objects.all(), by=admin_user, at=NOON) == 0


def test_an_alert_that_comes_back_soon_is_the_same_and_counts_on(admin_user):
    raise_one()
    raise_one(cause="customers")
    ours = Alert.objects.filter(fingerprint="invalid_payload:products")
    alerts.acknowledge(ours, by=admin_user, at=NOON)
    assert alerts.resolve(ours, at=NOON + seconds(5), by=admin_user, resolution="repaired") == 1
    assert alerts.resolve(ours, at=NOON + seconds(9)) == 0
    raise_one(NOON + seconds(60))

    alert = ours.get()
    assert (alert.state, alert.count, alert.first_seen_at) == ("open", 2, NOON)
    assert (alert.resolved_at, alert.resolved_by, alert.resolution) == (None, None, "")
    assert (alert.acknowledged_at, alert.acknowledged_by) == (None, None)
    assert Alert.objects.get(fingerprint="invalid_payload:customers").count == 1


def test_after_the_cooldown_it_is_a_new_one(admin_user):
    AlertRule.objects.create(code="invalid_payload", cooldown_minutes=10)
    raise_one()
    alerts.resolve(Alert.objects.all(), at=NOON, by=admin_user, resolution="repaired")
    raise_one(NOON + seconds(600))

    old, new = Alert.objects.order_by("id")
    assert (old.state, old.resolved_at, old.resolved_by, old.resolution) == ("resolved", NOON, admin_user, "repaired")
    assert (new.state, new.count, new.first_seen_at) == ("open", 1, NOON + seconds(600))


def test_the_clock_may_be_put_back():
    raise_one()
    raise_one(NOON - timedelta(hours=1))
    alerts.resolve(Alert.objects.all(), at=NOON - timedelta(hours=1))
    raise_one(NOON - timedelta(minutes=59))

    alert = Alert.objects.get()
    assert (alert.state, alert.count, alert.last_seen_at) == ("open", 3, NOON)


def test_staff_may_switch_a_code_off_or_make_it_graver():
    AlertRule.objects.create(code="invalid_payload", is_enabled=False)
    AlertRule.objects.create(code="test", severity="critical")

    raise_one()
    alerts.raise_alert(code="test", title="Trouble", at=NOON)
    alerts.raise_alert(code="test", title="Trouble", at=NOON)

    assert [(one.code, one.severity, one.count) for one in Alert.objects.all()] == [("test", "critical", 2)]


def test_what_it_says_is_said_in_the_readers_language():
    alerts.raise_alert(
        code="job_age",
        title="The oldest waiting job has been due for %(value)s",
        parameters={"value": wording.figure(5400, "seconds")},
        at=NOON,
    )

    alert = Alert.objects.get()
    assert alert.title == "The oldest waiting job has been due for 1 h 30 min"
    assert wording.shown_title(alert) == alert.title
    alert.texts["title"] = "a text of %(another)s release"
    assert wording.shown_title(alert) == alert.title


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (0, "count", "0"),
        (12, "count", "12"),
        (0.83, "share", "83.0 %"),
        (45, "seconds", "45 seconds"),
        (300, "seconds", "5 minutes"),
        (90, "minutes", "1 h 30 min"),
        (3 * 24 * 60, "minutes", "3 days"),
        (12.34, "gigabytes", "12.3 GB"),
        (float("nan"), "share", "nan"),
    ],
)
def test_figures_have_their_unit(value, unit, shown):
    assert wording.shown_figure(value, unit) == shown


def test_what_no_database_takes_is_no_reason_to_be_silent():
    alerts.raise_alert(code="c", title="a\x00b", detail="\ud800", cause="\x00", at=NOON)

    alert = Alert.objects.get()
    assert (alert.title, alert.detail, alert.fingerprint) == ("ab", "?", "c:")


def test_what_is_too_long_is_cut():
    alerts.raise_alert(code="c", cause="x" * 500, title="t" * 500, at=NOON)
    alerts.raise_alert(code="c", cause="x" * 500, title="t" * 500, at=NOON)

    alert = Alert.objects.get()
    assert (len(alert.fingerprint), len(alert.title), alert.count) == (200, 200, 2)


@pytest.mark.django_db(transaction=True)
def test_many_at_once_open_one():
    def shout():
        try:
            for _ in range(5):
                raise_one()
        finally:
            connection.close()

    threads = [threading.Thread(target=shout) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert Alert.objects.get().count == 20
