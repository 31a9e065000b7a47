"""What protects the pages whoever is signed in: forged forms, frames, cookies, passwords, formulas."""

import pytest
from django.conf import settings as project
from django.contrib.auth.models import User
from django.test import Client

from tsh_erp.auditing.models import AuditEntry
from tsh_erp.signin.tests.people import PASSWORD, staff, type_password
from tsh_erp.tests.test_settings import PRODUCTION, start

pytestmark = pytest.mark.django_db
PAGES = ["/admin/login/", "/admin/", "/admin/two-factor/", "/admin/two-factor/enrol/", "/admin/password_change/"]


@pytest.mark.parametrize("page", PAGES)
def test_no_site_may_frame_a_page_or_guess_its_type(client, page):
    client.force_login(staff())

    headers = client.get(page).headers

    assert headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


@pytest.mark.parametrize(
    ("page", "data"),
    [
        ("/admin/login/", {"username": "amal", "password": PASSWORD}),
        ("/admin/logout/", {}),
        ("/admin/two-factor/", {"switch_off": "1", "code": "123456"}),
        ("/admin/two-factor/code/", {"code": "123456"}),
        ("/admin/two-factor/enrol/", {"code": "123456"}),
        ("/admin/auth/user/", {"action": "reset_second_factor", "_selected_action": ["1"], "confirmed": "yes"}),
        ("/admin/password_change/", {"old_password": PASSWORD, "new_password1": "x", "new_password2": "x"}),
        ("/zoho/records/catalog.product/1/sync-again/", {}),
    ],
)
def test_a_forged_form_is_refused(page, data):
    boss = staff("boss", is_superuser=True)
    client = Client(enforce_csrf_checks=True)
    client.force_login(boss)

    assert client.post(page, data).status_code == 403
    assert client.post(page, data | {"csrfmiddlewaretoken": "a" * 64}).status_code == 403
    assert client.session.get("_auth_user_id") == str(boss.pk)


def test_a_forged_form_is_written_down():
    client = Client(enforce_csrf_checks=True)
    client.force_login(staff("boss", is_superuser=True))

    client.post("/admin/auth/user/", {"action": "end_sessions"})

    entry = AuditEntry.objects.latest("id")
    assert (entry.username, entry.status, entry.was_allowed) == ("boss", 403, False)


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(client):
    staff()
    answer = type_password(client)

    session = answer.cookies[project.SESSION_COOKIE_NAME]
    assert (session["httponly"], session["samesite"], session["path"]) == (True, "Lax", "/")


def test_cookies_travel_only_encrypted_in_production():
    code = (
        "from tsh_erp import settings as s; print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_HSTS_SECONDS)"
    )

    answer = start(code, **PRODUCTION)

    assert answer.stdout == "True True 31536000\n", answer.stderr


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"ADMIN_REQUIRE_TWO_FACTOR": "yes"}, "ADMIN_REQUIRE_TWO_FACTOR: 'yes' is not one of"),
        ({"ADMIN_LOCK_OUT_AFTER": "0"}, "ADMIN_LOCK_OUT_AFTER"),
        ({"ADMIN_REQUIRE_2FA": "staff"}, "ADMIN_REQUIRE_2FA: no such setting"),
        ({"AUDIT_RETENTION_DAYS": "soon"}, "AUDIT_RETENTION_DAYS"),
    ],
)
def test_a_wrong_setting_stops_the_start(change, complaint):
    answer = start("import tsh_erp.wsgi", **PRODUCTION, **change)

    assert answer.returncode == 1
    assert complaint in answer.stderr.splitlines()[-1]


def test_signing_in_begins_another_session(client):
    staff()
    client.get("/admin/login/")
    session = client.session
    session["planted"] = "yes"
    session.save()
    key = session.session_key

    type_password(client)

    assert client.session.session_key != key


@pytest.mark.parametrize(
    ("old", "new", "is_changed"),
    [
        (PASSWORD, "another-long-word-7", True),
        ("wrong", "another-long-word-7", False),
        (PASSWORD, "12345678", False),
        (PASSWORD, "amal", False),
        (PASSWORD, "short", False),
    ],
)
def test_a_password_is_changed_by_who_knows_it_into_a_good_one(client, old, new, is_changed):
    user = staff()
    other = Client()
    type_password(other)
    type_password(client)

    client.post("/admin/password_change/", {"old_password": old, "new_password1": new, "new_password2": new})

    user.refresh_from_db()
    assert user.check_password(new) is is_changed
    assert client.get("/admin/").status_code == 200
    assert (other.get("/admin/").status_code == 302) is is_changed  # the other session is over
    assert AuditEntry.objects.filter(action="admin:password_change").exists() is is_changed


def test_a_stale_form_of_a_row_that_is_gone_does_nothing(client):
    client.force_login(staff("boss", is_superuser=True))
    gone = User.objects.create_user("gone")
    page = f"/admin/auth/user/{gone.pk}/change/"
    gone.delete()

    answer = client.post(page, {"username": "gone"}, follow=True)

    assert answer.status_code == 200
    assert not User.objects.filter(username="gone").exists()


def test_the_way_on_after_signing_in_never_leads_to_another_host(client):
    staff()

    answer = client.post("/admin/login/", {"username": "amal", "password": PASSWORD, "next": "https://evil.example/"})

    assert answer["Location"] == "/admin/"
