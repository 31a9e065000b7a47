"""One open alert per cause, counted while the cause lasts."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from zoho_sync import alerts
from zoho_sync.models import Alert
from zoho_sync.tests.road import NOON, seconds

pytestmark = pytest.mark.django_db


def raise_one(at=NOON, *, cause="products", **more):
    alerts.raise_alert(code="invalid_payload", cause=cause, title="Cannot be read", at=at, **more)


def test_an_alert_is_opened_once_and_counted(django_assert_num_queries):
    with django_assert_num_queries(1):
        raise_one(detail="first")
    raise_one(NOON + seconds(60), detail="second", severity=Alert.Severity.CRITICAL)

    alert = Alert.objects.get()
    assert (alert.state, alert.count, alert.fingerprint) == ("open", 2, "invalid_payload:products")
    assert (alert.first_seen_at, alert.last_seen_at) == (NOON, NOON + seconds(60))
    assert (alert.detail, alert.severity, alert.title) == ("second", "critical", "Cannot be read")


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


def test_a_resolved_alert_stays_so_and_the_next_time_is_a_new_one(admin_user):
    raise_one()
    raise_one(cause="customers")
    ours = Alert.objects.filter(fingerprint="invalid_payload:products")
    assert alerts.resolve(ours, at=NOON + seconds(5), by=admin_user, resolution="repaired") == 1
    assert alerts.resolve(ours, at=NOON + seconds(9)) == 0
    raise_one(NOON + seconds(60))

    old, new = ours.order_by("id")
    assert (old.state, old.resolved_at, old.resolved_by, old.resolution) == (
        "resolved",
        NOON + seconds(5),
        admin_user,
        "repaired",
    )
    assert (new.state, new.count) == ("open", 1)
    assert Alert.objects.get(fingerprint="invalid_payload:customers").state == "open"


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
