"""`manage.py zoho_connect`: a login is stored once it has proved right, and what is wrong is one clear line."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from tests.live.environment import project_environment
from tests.live.processes import run_manage
from zoho_sandbox.server import Sandbox
from zoho_sandbox.tokens import Credentials
from zoho_sync import client
from zoho_sync.client.connecting import missing_scopes
from zoho_sync.entities import BY_MODULE
from zoho_sync.models import Alert, ZohoConnection
from zoho_sync.tests.conftest import point_at

pytestmark = pytest.mark.django_db
CODE = Credentials().grant_code


@pytest.fixture
def no_login(zoho, settings):
    """Everything is configured but the refresh token."""
    settings.ZOHO_REFRESH_TOKEN = ""
    return zoho


def connect(*arguments):
    out, err = io.StringIO(), io.StringIO()
    call_command("zoho_connect", *arguments, stdout=out, stderr=err)
    return out.getvalue().splitlines(), err.getvalue()


def refusal(*arguments):
    with pytest.raises(CommandError) as caught:
        connect(*arguments)
    assert caught.value.returncode == 2
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_code_becomes_a_stored_login_that_works(no_login):
    lines, warning = connect("--code", CODE)

    row = ZohoConnection.objects.get()
    assert (row.refresh_token, row.region) == ("1000.sandbox.refresh", "com")
    assert lines[:3] == [
        f"organisation: {row.organization_name} (770000001)",
        f"data centre: com, {no_login.address}",
        "scopes: ZohoInventory.FullAccess.all ZohoBooks.fullaccess.all",
    ]
    assert row.organization_name
    assert "requests today: 1 of 1000000 (webhook 1)" in lines
    assert warning == ""
    with connection.cursor() as cursor:
        cursor.execute("SELECT refresh_token FROM zoho_sync_zohoconnection")
        assert "sandbox" not in cursor.fetchone()[0]
    assert client.fetch_one(BY_MODULE["user"], "me")["user_role"] == "admin"
    assert no_login.calls("/oauth/") == 1


def test_the_code_is_asked_for(no_login, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{CODE}\n"))

    lines, _ = connect("--code")

    assert lines[0].endswith("(770000001)")
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    assert refusal("--code") == "--code: no code was given"


def test_a_setting_that_wins_over_the_new_login_is_named(zoho, settings):
    settings.ZOHO_REFRESH_TOKEN = "1000.old"

    _, warning = connect("--code", CODE)

    assert warning.startswith("ZOHO_REFRESH_TOKEN is set and wins over the new login")


def test_without_a_code_the_connection_is_tested(zoho):
    lines, _ = connect()

    assert lines[0].startswith("organisation: ")
    assert lines[2] == "scopes: Zoho did not say"
    assert lines[3].startswith("access token: good until 20")
    assert lines[5] == "breaker: closed"


def test_a_refused_login_is_tried_again_and_its_alert_resolved(zoho, settings):
    zoho.control.fault("token_revoked", times=1)
    assert "Zoho refuses the login (invalid_code)" in refusal()

    connect()

    assert ZohoConnection.objects.get().last_error == ""
    assert not Alert.objects.unresolved().exists()


def test_a_code_works_once(no_login):
    connect("--code", CODE)

    assert refusal("--code", CODE) == (
        "Zoho refuses the login (invalid_code): the code is used up, too old or not made for this client"
    )
    assert ZohoConnection.objects.get().refresh_token == "1000.sandbox.refresh"


def test_what_is_missing_is_named(settings):
    settings.ZOHO_CLIENT_ID = settings.ZOHO_ORGANIZATION_ID = ""
    settings.ZOHO_CLIENT_SECRET = "x"

    assert refusal("--code", CODE) == "Zoho is not configured: set ZOHO_CLIENT_ID, ZOHO_ORGANIZATION_ID"
    assert refusal() == "Zoho is not configured: set ZOHO_CLIENT_ID, ZOHO_REFRESH_TOKEN, ZOHO_ORGANIZATION_ID"


@pytest.mark.parametrize("arguments", [("--code", CODE), ()])
def test_another_organisation_is_named_and_nothing_is_stored(zoho, settings, arguments):
    settings.ZOHO_ORGANIZATION_ID = "999"

    said = refusal(*arguments)

    assert said.startswith("the login does not belong to organisation 999 (code 6041), it sees 770000001 (")
    assert said.endswith("): check ZOHO_ORGANIZATION_ID")
    assert set(ZohoConnection.objects.values_list("refresh_token", "organization_name")) == {("", "")}


def test_a_login_without_the_right_is_refused(zoho):
    zoho.control.fault("unauthorized")

    assert refusal() == (
        "/organizations: Zoho rejects a fresh token: the login lacks the scope or the right to read this; "
        "connect again with all scopes (code 57)"
    )


def test_a_code_that_lacks_scopes_is_not_stored(settings):
    few = replace(Credentials(), scopes=("ZohoInventory.FullAccess.all", "ZohoBooks.settings.READ"))
    with Sandbox(credentials=few) as zoho:
        point_at(zoho, settings)
        settings.ZOHO_REFRESH_TOKEN = ""
        said = refusal("--code", CODE)

    assert said == "the code lacks scopes (code 57): make a new one with ZohoBooks.vendorpayments.READ too"
    assert not ZohoConnection.objects.exists()


def test_scopes_are_compared_as_zoho_writes_them():
    assert missing_scopes([]) == []
    assert missing_scopes(["zohoinventory.fullaccess.ALL", "ZohoBooks.FullAccess.all"]) == []
    assert missing_scopes(["ZohoInventory.fullaccess.all", "ZohoBooks.vendorpayments.ALL"]) == [
        "ZohoBooks.settings.READ"
    ]


@pytest.mark.parametrize("arguments", [("--code", CODE), ()])
def test_a_host_that_cannot_be_reached_is_named(zoho, settings, arguments):
    settings.ZOHO_ACCOUNTS_URL = settings.ZOHO_API_URL = "http://127.0.0.1:9"

    assert refusal(*arguments) == "the Zoho accounts server http://127.0.0.1:9 did not answer: ConnectionError"


def test_an_unknown_region_is_one_line_and_exit_code_2():
    done = run_manage("zoho_connect", environment=project_environment(ZOHO_REGION="moon"))

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "ZOHO_REGION: 'moon' is not one of com, eu, in, com.au, jp, ca, sa, com.cn\n"
