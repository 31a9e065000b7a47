"""Too many wrong passwords: nothing is tried for a while, for that name from that address."""

from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import Group
from django.utils import timezone

from tsh_erp.auditing.models import AuditEntry
from tsh_erp.signin.tests.people import PASSWORD, staff, type_password

pytestmark = pytest.mark.django_db


def fail(client, times, name="amal", **extra):
    return [type_password(client, name, "wrong", **extra).status_code for _ in range(times)]


def test_after_five_wrong_passwords_even_the_right_one_is_not_tried(client):
    staff()

    assert fail(client, 5) == [200, 200, 200, 200, 429]
    answer = type_password(client)

    assert answer.status_code == 429
    assert answer["Retry-After"] == "900"
    assert "For 15 minutes nothing is tried any more" in answer.content.decode()
    assert client.get("/admin/")["Location"].startswith("/admin/login/")
    assert client.get("/admin/login/").status_code == 200


def test_the_locked_out_read_it_in_arabic(client, settings):
    settings.LANGUAGE_CODE = "ar"
    staff()
    fail(client, 5, headers={"Accept-Language": "ar"})

    page = type_password(client, headers={"Accept-Language": "ar"}).content.decode()

    assert 'dir="rtl"' in page


def test_others_and_other_addresses_are_not_locked_out(client):
    staff()
    staff("badr")
    fail(client, 5)

    assert type_password(client, "badr").status_code == 302
    assert type_password(client, REMOTE_ADDR="10.1.1.1").status_code == 302


def test_another_browser_does_not_get_around_it(client):
    staff()
    for number in range(5):
        type_password(client, password="wrong", headers={"User-Agent": f"browser {number}"})

    assert type_password(client).status_code == 429


def test_a_forged_forwarding_header_does_not_get_around_it(client):
    staff()
    for number in range(5):
        type_password(client, password="wrong", headers={"X-Forwarded-For": f"10.0.0.{number}"})

    assert type_password(client, headers={"X-Forwarded-For": "10.9.9.9"}).status_code == 429


def test_it_ends_by_itself(client):
    staff()
    fail(client, 5)
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=16))

    assert type_password(client).status_code == 302


def test_signing_in_forgets_the_failures(client):
    staff()
    fail(client, 4)
    type_password(client)

    assert not AccessAttempt.objects.exists()


def test_an_owner_unlocks_and_it_is_written_down(client):
    staff()
    fail(client, 5)
    owner = staff("owner")
    owner.groups.add(Group.objects.get(name="Owner"))
    type_password(client, "owner")
    attempt = AccessAttempt.objects.get()
    page = client.get("/admin/axes/accessattempt/").content.decode()
    asked = {"action": "unlock", "index": "0", "_selected_action": [attempt.pk], "confirmed": "yes"}

    client.post("/admin/axes/accessattempt/", asked)
    client.post("/admin/logout/")

    assert "locked" in page
    assert AuditEntry.objects.get(action="unlock").username == "owner"
    assert type_password(client).status_code == 302


def test_no_password_is_kept_of_a_failed_attempt(client):
    staff()
    type_password(client, "amal", "my-secret-word")
    type_password(client, PASSWORD, "my-secret-word")  # somebody types the password as the name

    kept = [str(value) for row in AccessAttempt.objects.values_list("post_data", "get_data") for value in row]
    audit = [str(value) for row in AuditEntry.objects.values_list() for value in row]
    assert not [text for text in kept if "my-secret-word" in text or PASSWORD in text]
    assert not [text for text in audit if "my-secret-word" in text or PASSWORD in text]


@pytest.mark.parametrize("name", ["", "\x00", "x" * 1000, "' OR 1=1 --", "<script>", "علي"])
def test_odd_names_are_just_wrong(client, name):
    assert type_password(client, name, "wrong").status_code == 200
