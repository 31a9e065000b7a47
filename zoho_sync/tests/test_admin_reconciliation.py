"""The admin's pages of reconciliations: numbers that lead to differences, the trend, and what can be done."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from commerce.models import Tax
from zoho_sandbox.server import Sandbox
from zoho_sync import tasks
from zoho_sync.models import Difference, Reconciliation, ReconciliationResult, SyncRun

pytestmark = pytest.mark.django_db

LIST = "admin:zoho_sync_reconciliation_changelist"
DIFFERENCES = "admin:zoho_sync_difference_changelist"


@pytest.fixture
def staff(client: Client) -> Client:
    user = User.objects.create_user("operator", is_staff=True)
    names = ("view_reconciliation", "view_difference", "view_syncrun", "run_sync", "manage_queue")
    user.user_permissions.set(Permission.objects.filter(codename__in=names, content_type__app_label="zoho_sync"))
    client.force_login(user)
    return client


def report(days_ago: int = 0, match: str = "99.5", **changes: Any) -> Reconciliation:
    at = timezone.now() - timedelta(days=days_ago)
    told = {"modules": ["tax"], "started_at": at, "finished_at": at, "match": Decimal(match)}
    return Reconciliation.objects.create(**told | changes)


def difference(of: Reconciliation, **changes: Any) -> Difference:
    told = {"module": "tax", "subject": "tax", "zoho_id": "1", "kind": "different", "field": "name"}
    return Difference.objects.create(report=of, **told | changes)


def confirm(staff: Client, name: str, action: str, *rows: Any, **more: str) -> str:
    data = {"action": action, "_selected_action": [row.pk for row in rows], "confirmed": "yes", **more}
    return staff.post(reverse(name), data, follow=True).content.decode()


def test_the_list_shows_the_state_of_each_report_and_the_trend(staff: Client) -> None:
    report(2, "98.25")
    report(1, "100")
    report(0, finished_at=None)

    page = staff.get(reverse(LIST)).content.decode()

    assert "cut off" in page
    assert "98.25 %" in page
    assert '<polyline fill="none"' in page
    assert "<title>98.25 %</title>" in page


def test_the_list_costs_the_same_for_one_report_and_many(staff: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            staff.get(reverse(LIST))
        return len(captured)

    report()
    report()
    few = queries()
    for number in range(20):
        report(number)

    assert queries() == few


def test_a_report_shows_its_matrix_and_leads_to_the_differences(staff: Client) -> None:
    one = report()
    ReconciliationResult.objects.create(
        report=one,
        module="tax",
        subject="tax",
        theirs=10,
        ours=10,
        compared=10,
        different=2,
        settled=1,
        is_complete=True,
        totals=[{"name": "total", "key": "IQD 2026-11", "theirs": "1500", "ours": "1400"}],
        totals_differing=1,
    )
    difference(one, theirs="<b>Zoho</b>", ours="ours")

    page = staff.get(reverse("admin:zoho_sync_reconciliation_change", args=[one.pk])).content.decode()

    assert "10.00%" in page
    assert "IQD 2026-11" in page
    assert "1,500" in page
    link = reverse(DIFFERENCES, query={"report__id__exact": one.pk, "subject": "tax", "kind__exact": "different"})
    assert link.replace("&", "&amp;") in page
    listed = staff.get(link).content.decode()
    assert "&lt;b&gt;Zoho&lt;/b&gt;" in listed
    row = Difference.objects.get()
    assert staff.get(reverse("admin:zoho_sync_difference_change", args=[row.pk])).status_code == 200


def test_differences_are_accepted_with_a_reason(staff: Client) -> None:
    row = difference(report())

    confirm(staff, DIFFERENCES, "accept", row, reason="entered so on purpose")

    row.refresh_from_db()
    assert (row.state, row.reason, row.settled_by.username) == ("accepted", "entered so on purpose", "operator")


def test_differences_are_pulled_by_a_run(staff: Client, zoho: Sandbox) -> None:
    tax = zoho.control.records("tax")[0]
    Tax.objects.create(zoho_id=tax["tax_id"], name="ours")
    row = difference(report(), zoho_id=tax["tax_id"])

    told = confirm(staff, DIFFERENCES, "pull", row)

    assert "1 difference is being repaired." in told
    run = SyncRun.objects.get()
    assert (run.kind, run.mode, run.module, run.trigger) == ("reconcile", "chosen", "tax", "admin")
    tasks.perform_run(run.pk)
    row.refresh_from_db()
    assert (row.state, row.settled_by.username) == ("repaired", "operator")
    assert Tax.objects.get().name == tax["tax_name"]


def test_without_a_client_nothing_is_pulled(staff: Client, settings: Any) -> None:
    settings.ZOHO_CLIENT_ID = ""
    row = difference(report())

    told = confirm(staff, DIFFERENCES, "pull", row)

    assert "No Zoho client is configured" in told
    assert not SyncRun.objects.exists()


def test_a_reconciliation_is_started_with_its_cost_in_view(staff: Client, zoho: Sandbox) -> None:
    page = reverse("admin:zoho_sync_reconciliation_start")

    assert "Taxes: about 1 API calls" in staff.get(page).content.decode()
    answer = staff.post(page, {"what": "tax", "repair": "on"})

    started = Reconciliation.objects.get()
    assert answer.headers["Location"] == reverse("admin:zoho_sync_reconciliation_change", args=[started.pk])
    assert (started.modules, started.repairs, started.user.username) == (["tax"], True, "operator")
    again = staff.post(page, {"what": "tax"}).content.decode()
    assert "already under way" in again
    tasks.perform_run(SyncRun.objects.get().pk)
    assert Reconciliation.objects.get().state == "finished"
    assert Tax.objects.count() == len(zoho.control.records("tax"))


def test_one_that_was_cut_off_is_resumed(staff: Client, zoho: Sandbox) -> None:
    started = tasks.start_reconciliation(tasks.ENTITIES[1:2], trigger=SyncRun.Trigger.ADMIN)
    zoho.control.fault("missing_list_key", path="/settings/taxes")
    tasks.perform_run(SyncRun.objects.get().pk)
    assert started.state == "cut_off"
    zoho.control.fault()

    told = confirm(staff, LIST, "resume", started)

    assert "1 reconciliation goes on." in told
    tasks.perform_run(SyncRun.objects.get().pk)
    assert Reconciliation.objects.get().state == "finished"


def test_who_may_only_look_cannot_start_pull_or_accept(client: Client, zoho: Sandbox) -> None:
    user = User.objects.create_user("looker", is_staff=True)
    names = ("view_reconciliation", "view_difference")
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(user)
    row = difference(report())

    assert client.get(reverse("admin:zoho_sync_reconciliation_start")).status_code == 403
    assert "Reconcile with Zoho" not in client.get(reverse(LIST)).content.decode()
    confirm(client, DIFFERENCES, "pull", row)
    confirm(client, DIFFERENCES, "accept", row, reason="no")

    row.refresh_from_db()
    assert row.state == "open"
    assert not SyncRun.objects.exists()
