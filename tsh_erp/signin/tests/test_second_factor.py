"""Signing in with a password and a code, setting that up, and losing the phone."""

import re

import pytest
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from tsh_erp.auditing.models import AuditEntry
from tsh_erp.signin import second_factor
from tsh_erp.signin.tests.people import app_code, enrol, forget_wrong_codes, staff, type_password

pytestmark = pytest.mark.django_db

INDEX, CODE, ENROL, MANAGE = "/admin/", "/admin/two-factor/code/", "/admin/two-factor/enrol/", "/admin/two-factor/"


@pytest.fixture
def amal():
    return staff()


@pytest.fixture
def enrolled(client, amal):
    """Amal with a second factor, signed out; her recovery codes."""
    type_password(client)
    codes = enrol(client, amal)
    client.post(reverse("admin:logout"))
    forget_wrong_codes(amal)
    return codes


def test_without_a_second_factor_the_password_is_enough(client, amal):
    type_password(client)

    assert client.get(INDEX).status_code == 200


def test_the_password_alone_opens_nothing_once_there_is_a_second_factor(client, enrolled):
    type_password(client)

    answers = [
        client.get("/admin/catalog/product/"),
        client.post("/admin/catalog/product/", {}),
        client.get(MANAGE),
        client.get(ENROL),
        client.get("/admin/password_change/"),
    ]

    assert {answer.status_code for answer in answers} == {302}
    assert all(answer["Location"].startswith(CODE) for answer in answers)
    assert client.get("/api/zoho/dashboard/health").json()["code"] == "second_factor_required"


def test_the_code_lets_in_and_leads_to_where_one_was_going(client, amal, enrolled):
    type_password(client)
    page = client.get("/admin/password_change/", follow=True)
    key = client.session.session_key

    answer = client.post(CODE, {"code": app_code(amal), "next": page.context["next"]})

    assert answer["Location"] == "/admin/password_change/"
    assert client.get(INDEX).status_code == 200
    assert client.session.session_key != key


def test_a_code_may_be_typed_in_arabic_digits_with_a_space(client, amal, enrolled):
    type_password(client)
    code = app_code(amal).translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))

    client.post(CODE, {"code": f" {code[:3]} {code[3:]} "})

    assert client.get(INDEX).status_code == 200


def test_a_code_counts_only_once(client, amal, enrolled):
    type_password(client)
    code = app_code(amal)
    client.post(CODE, {"code": code})
    client.post(reverse("admin:logout"))
    type_password(client)

    answer = client.post(CODE, {"code": code})

    assert "This code is not right" in answer.content.decode()
    assert client.get(INDEX).status_code == 302


def test_wrong_codes_have_to_wait(client, amal, enrolled):
    type_password(client)
    client.post(CODE, {"code": "000000" if app_code(amal) != "000000" else "111111"})

    answer = client.post(CODE, {"code": app_code(amal)})

    assert "Too many wrong codes: try again in 1 second." in answer.content.decode()
    assert client.get(INDEX).status_code == 302
    assert AuditEntry.objects.filter(action="second_factor_failed", was_allowed=False, user=amal).count() == 2


@pytest.mark.parametrize("typed", ["", "12345", "abc", "x" * 41, "\x00", "123456789012345678901234567890", "²²²²²²"])
def test_what_is_no_code_is_refused(client, enrolled, typed):
    type_password(client)

    assert client.post(CODE, {"code": typed}).status_code == 200
    assert client.get(INDEX).status_code == 302


def test_a_recovery_code_lets_in_once(client, amal, enrolled):
    type_password(client)
    client.post(CODE, {"code": enrolled[0].upper().replace("-", " ")})
    assert client.get(INDEX).status_code == 200
    client.post(reverse("admin:logout"))
    type_password(client)

    client.post(CODE, {"code": enrolled[0]})

    assert client.get(INDEX).status_code == 302
    assert second_factor.recovery_codes_left(amal) == 9


def test_recovery_codes_are_kept_as_fingerprints_only(enrolled):
    kept = set(StaticToken.objects.values_list("token", flat=True))

    assert len(enrolled) == len(set(enrolled)) == 10
    assert all(re.fullmatch("[a-z2-9]{5}-[a-z2-9]{5}", code) for code in enrolled)
    assert not kept & {code.replace("-", "") for code in enrolled}


def test_the_way_on_never_leads_to_another_host(client, amal, enrolled):
    type_password(client)

    answer = client.post(CODE, {"code": app_code(amal), "next": "https://evil.example/"})

    assert answer["Location"] == INDEX


def test_setting_it_up_shows_a_picture_that_the_csp_allows(client, amal):
    type_password(client)

    answer = client.get(ENROL)
    page = answer.content.decode()

    assert 'src="data:image/svg+xml' in page
    assert "img-src 'self' data:" in answer["Content-Security-Policy"]
    assert "no-store" in answer["Cache-Control"]
    assert "<script" not in page.partition('id="content"')[2]
    assert client.get(ENROL).context["key"] == answer.context["key"]  # the same until it is confirmed


def test_a_wrong_code_does_not_set_it_up(client, amal):
    type_password(client)
    client.get(ENROL)

    answer = client.post(ENROL, {"code": "000000" if app_code(amal) != "000000" else "111111"})

    assert "This code is not right" in answer.content.decode()
    assert not second_factor.is_enrolled(amal)
    assert client.get(INDEX).status_code == 200


def test_setting_it_up_ends_the_other_sessions(client, amal):
    other = Client()
    type_password(other)
    type_password(client)

    enrol(client, amal)

    assert client.get(INDEX).status_code == 200
    assert other.get(INDEX)["Location"].startswith("/admin/login/")


@pytest.mark.parametrize(
    ("required", "is_superuser", "must"),
    [("none", True, False), ("superusers", False, False), ("superusers", True, True), ("staff", False, True)],
)
def test_who_must_set_it_up_can_do_nothing_before(client, settings, required, is_superuser, must):
    user = staff("boss", is_superuser=is_superuser)
    settings.ADMIN_REQUIRE_TWO_FACTOR = required
    type_password(client, "boss")

    answer = client.get(INDEX)

    assert answer.status_code == (302 if must else 200)
    if must:
        assert answer["Location"] == ENROL
        enrol(client, user)
        assert client.get(INDEX).status_code == 200


def test_switching_it_off_asks_for_a_code(client, amal, enrolled):
    type_password(client)
    client.post(CODE, {"code": enrolled[0]})

    client.post(MANAGE, {"switch_off": "1", "code": "nonsense"})
    assert second_factor.is_enrolled(amal)

    second_factor.StaticDevice.objects.update(throttling_failure_count=0)
    client.post(MANAGE, {"switch_off": "1", "code": enrolled[1]})
    assert not second_factor.is_enrolled(amal)
    assert client.get(INDEX).status_code == 200


def test_it_cannot_be_switched_off_where_it_is_required(client, settings, amal, enrolled):
    settings.ADMIN_REQUIRE_TWO_FACTOR = "staff"
    type_password(client)
    client.post(CODE, {"code": enrolled[0]})

    answer = client.post(MANAGE, {"switch_off": "1", "code": enrolled[1]})

    assert answer.status_code == 403
    assert second_factor.is_enrolled(amal)


def test_new_recovery_codes_end_the_old_ones(client, amal, enrolled):
    type_password(client)
    client.post(CODE, {"code": enrolled[0]})

    answer = client.post(MANAGE, {"new_codes": "1", "code": enrolled[1]})

    assert len(answer.context["codes"]) == 10
    with pytest.raises(second_factor.CodeRefused):
        second_factor.check_code(amal, enrolled[2])


def test_an_owner_resets_a_lost_device_and_it_is_written_down(client, amal, enrolled):
    type_password(Client())
    owner = staff("owner")
    owner.groups.add(Group.objects.get(name="Owner"))
    type_password(client, "owner")
    asked = {"action": "reset_second_factor", "index": "0", "_selected_action": [amal.pk]}

    client.post("/admin/auth/user/", asked | {"confirmed": "yes", "reason": "Phone lost"})

    assert not TOTPDevice.objects.filter(user=amal).exists()
    entry = AuditEntry.objects.get(action="reset_second_factor")
    assert (entry.username, entry.table, entry.rows, entry.details) == ("owner", "auth.user", 1, "Phone lost")
    assert str(amal.pk) not in {one.get_decoded().get("_auth_user_id") for one in Session.objects.all()}
    assert type_password(Client()).status_code == 302


def test_an_owner_neither_becomes_a_superuser_nor_touches_one(client):
    boss = staff("boss", is_superuser=True)
    TOTPDevice.objects.create(user=boss, confirmed=True, name="app")
    owner = staff("owner")
    owner.groups.add(Group.objects.get(name="Owner"))
    type_password(client, "owner")
    page = f"/admin/auth/user/{owner.pk}/change/"
    form = client.get(page).context["adminform"].form
    sent = {name: form[name].value() or "" for name in form.fields if name != "password"}

    client.post(
        page,
        sent
        | {"is_superuser": "on", "is_staff": "on", "is_active": "on", "groups": [owner.groups.get().pk]}
        | {"date_joined_0": "2026-01-01", "date_joined_1": "10:00", "last_login_0": "", "last_login_1": ""},
    )
    refused = client.post(f"/admin/auth/user/{boss.pk}/change/", {"username": "boss"})
    password = client.post(f"/admin/auth/user/{boss.pk}/password/", {"password1": "x", "password2": "x"})
    asked = {"action": "reset_second_factor", "index": "0", "_selected_action": [boss.pk], "confirmed": "yes"}
    client.post("/admin/auth/user/", asked | {"reason": "x"})

    owner.refresh_from_db()
    assert not owner.is_superuser
    assert (refused.status_code, password.status_code) == (403, 403)
    assert TOTPDevice.objects.filter(user=boss).exists()


def test_no_page_of_the_admin_shows_the_keys_of_apps(client):
    staff("boss", is_superuser=True)
    type_password(client, "boss")

    assert client.get("/admin/otp_totp/totpdevice/").status_code == 404
    assert client.get("/admin/otp_static/staticdevice/").status_code == 404


def test_pages_of_the_second_factor_are_for_staff(client, django_user_model):
    client.force_login(django_user_model.objects.create_user("customer"))

    for page in (CODE, ENROL, MANAGE):
        assert client.get(page)["Location"].startswith("/admin/login/")


def test_the_gate_costs_no_query(client, amal, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    type_password(client)
    client.get(MANAGE)
    with CaptureQueriesContext(
        connection,
    ) as before:
        client.get(INDEX)
    second_factor.is_enrolled(amal)
    enrol(client, amal)
    client.get(INDEX)
    with CaptureQueriesContext(connection) as after:
        client.get(INDEX)

    assert len(after) == len(before)
