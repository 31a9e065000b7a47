"""The page of the connection: what is used of the limits, and how to set it going again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.urls import reverse
from django.utils import timezone

from zoho_sync import client
from zoho_sync.entities import BY_MODULE
from zoho_sync.errors import LimitReached
from zoho_sync.models import Alert, ZohoConnection
from zoho_sync.tests.test_admin_actions import act, said

pytestmark = pytest.mark.django_db
USER = BY_MODULE["user"]


def page_of(browser, row, language="en"):
    address = reverse("admin:zoho_sync_zohoconnection_change", args=[row.pk])
    return browser.get(address, headers={"accept-language": language}).content.decode()


def test_it_shows_what_is_used(admin_client, zoho):
    for _ in range(3):
        client.configured_client().fetch(USER, "me")
    zoho.control.fault("minute_limit", times=1)
    with pytest.raises(LimitReached):
        client.configured_client(client.Priority.STOCK).fetch(USER, "me")

    page = page_of(admin_client, ZohoConnection.objects.get())

    assert "4 of 1000000" in page
    assert "fetches for webhooks: 3 (failed 0, limited 0, held back 0; to 1000000)<br>" in page
    assert "stock: 1 (failed 0, limited 1, held back 0; to 850000)<br>" in page
    assert "0 of 5" in page
    assert "a limit of Zoho&#x27;s is reached (code 44)" in page
    assert '<span class="badge badge-good">closed</span>' in page


def test_what_zoho_says_is_shown_while_it_holds(admin_client):
    row = ZohoConnection.objects.create(
        organization_id="1", zoho_limit=7500, zoho_remaining=-1, zoho_resets_at=timezone.now() + timedelta(hours=1)
    )
    assert "0 of 7500 until" in page_of(admin_client, row)

    ZohoConnection.objects.update(zoho_resets_at=timezone.now())
    assert "0 of 7500 until" not in page_of(admin_client, row)


def test_the_breaker_is_reset_after_a_question(admin_client, zoho):
    row = ZohoConnection.objects.create(
        organization_id=zoho.credentials.organization_id,
        breaker_state="open",
        breaker_reason="HTTP 502",
        breaker_openings=9,
        breaker_until=timezone.now() + timedelta(hours=1),
        blocked_until=timezone.now() + timedelta(hours=1),
    )
    assert "HTTP 502" in page_of(admin_client, row)
    question = act(admin_client, [row], "release", confirmed=False).content.decode()
    assert "Reset the breaker and what Zoho said of limits?" in question
    row.refresh_from_db()
    assert row.breaker_state == "open"

    answer = act(admin_client, [row], "release")

    assert said(answer) == ["1 connection was reset."]
    row.refresh_from_db()
    assert (row.breaker_state, row.breaker_openings, row.blocked_until) == ("closed", 0, None)
    assert LogEntry.objects.get().change_message == "release"
    assert client.configured_client().fetch(USER, "me")


def test_a_refused_login_is_tried_again_after_a_question(admin_client):
    row = ZohoConnection.objects.create(organization_id="1", refused_credentials="f" * 64, last_error="refused")
    fine = ZohoConnection.objects.create(organization_id="2")

    answer = act(admin_client, [row, fine], "forget_refusal")

    assert said(answer) == [
        "1 login will be tried again.",
        "1 selected row was left as it is: its state does not allow it.",
    ]
    row.refresh_from_db()
    assert (row.refused_credentials, row.last_error) == ("", "")
    assert not Alert.objects.unresolved().exists()


def test_who_only_looks_is_offered_nothing(client):
    looker = User.objects.create_user("looker", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_zohoconnection"))
    client.force_login(looker)
    row = ZohoConnection.objects.create(organization_id="1", breaker_state="open")

    assert 'value="release"' not in client.get(reverse("admin:zoho_sync_zohoconnection_changelist")).content.decode()
    act(client, [row], "release")

    row.refresh_from_db()
    assert row.breaker_state == "open"


def post(browser, row, name):
    return said(browser.post(reverse(f"admin:zoho_sync_zohoconnection_{name}", args=[row.pk])))[-1]


def test_the_connection_is_tested_and_a_token_fetched_by_a_button(admin_client, zoho):
    row = ZohoConnection.objects.create(organization_id=zoho.credentials.organization_id)

    assert post(admin_client, row, "test").startswith("Zoho answers, and knows us: ")
    row.refresh_from_db()
    before = row.access_token
    assert post(admin_client, row, "refresh") == "There is a new access token."

    row.refresh_from_db()
    assert row.access_token != before
    assert list(LogEntry.objects.order_by("pk").values_list("change_message", flat=True)) == ["test", "refresh"]


def test_what_zoho_says_against_it_is_told(admin_client, zoho):
    row = ZohoConnection.objects.create(organization_id=zoho.credentials.organization_id)
    zoho.control.fault("html", times=5)

    assert post(admin_client, row, "test").startswith("Zoho said no, or nothing: ")


def test_without_a_client_the_missing_settings_are_named(admin_client):
    row = ZohoConnection.objects.create(organization_id="1")

    assert "Missing settings: ZOHO_CLIENT_ID" in post(admin_client, row, "test")


def test_only_who_manages_the_queue_may_test(client):
    reader = User.objects.create_user("reader", is_staff=True)
    reader.user_permissions.add(Permission.objects.get(codename="view_zohoconnection"))
    client.force_login(reader)
    row = ZohoConnection.objects.create(organization_id="1")

    for name in ("test", "refresh"):
        assert client.post(reverse(f"admin:zoho_sync_zohoconnection_{name}", args=[row.pk])).status_code == 403
    assert "Test the connection" not in page_of(client, row)


def test_all_calls_are_paused_and_resumed(admin_client, zoho):
    row = ZohoConnection.objects.create(organization_id=zoho.credentials.organization_id)
    assert "This field is required." in act(admin_client, [row], "pause_calls").content.decode()
    assert said(act(admin_client, [row], "pause_calls", reason="month end"))[-1] == "1 connection was paused."

    with pytest.raises(LimitReached, match="all calls to Zoho are paused: month end") as caught:
        client.configured_client().fetch(USER, "me")
    assert caught.value.retry_after == 60
    assert "month end" in page_of(admin_client, row)

    assert said(act(admin_client, [row], "resume_calls"))[-1] == "1 connection goes on."
    assert client.configured_client().fetch(USER, "me")


def test_it_shows_the_scopes_that_are_missing_and_the_addresses_of_webhooks(admin_client, settings):
    settings.ZOHO_CLIENT_ID = "1000.ABCDEFGHIJKLMNOPQRST"
    row = ZohoConnection.objects.create(organization_id="1", scopes=["ZohoInventory.fullaccess.all"])

    page = page_of(admin_client, row)

    assert "ZohoBooks.settings.READ, ZohoBooks.vendorpayments.READ" in page
    assert "1000.ABC…QRST" in page
    assert settings.ZOHO_CLIENT_ID not in page
    assert "http://testserver/api/zoho/webhooks/products" in page
    assert "silent for a day" in page
    assert "Too little was measured to say." in page
