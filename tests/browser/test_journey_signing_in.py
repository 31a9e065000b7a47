"""Coming in: by password, then with the code of an app; and what is refused to somebody who may less."""

from __future__ import annotations

import time

import pytest
from django.contrib.auth.models import Group, User
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from tests.browser.journeys import Person, Site, give_password
from tsh_erp.signin import second_factor
from zoho_sync.models import Alert
from zoho_sync.tests.seeding import alert, letter

pytestmark = pytest.mark.slow

STEP_SECONDS = 30


@pytest.fixture
def clerk(busy: Site) -> User:
    """A superuser who has a password and no second factor yet."""
    User.objects.filter(username="clerk").delete()
    return give_password(User.objects.create_superuser("clerk", "clerk@example.com"))


def code_of(user: User, *, steps_ahead: int = 0) -> str:
    """What the app shows now, or will show: a code counts once, and the next one a little early."""
    app = TOTP(TOTPDevice.objects.get(user=user).bin_key, step=STEP_SECONDS)
    app.time = time.time() + steps_ahead * STEP_SECONDS
    return f"{app.token():06d}"


def log_out(person: Person) -> None:
    person.page.locator("#logout-form button").click()
    person.page.wait_for_load_state("load")


def test_a_password_lets_in_and_a_wrong_one_does_not(person: Person, clerk: User) -> None:
    person.log_in(clerk, "wrong")
    assert person.path == "/admin/login/"
    assert person.page.locator(".errornote").is_visible()
    person.window.screenshot(f"login-refused-{person.window.language}")
    person.assert_page_is_in_order()

    person.log_in(clerk)
    person.arrive("/admin/")
    assert person.page.get_by_role("heading", level=1).inner_text() == person.say("Overview")
    person.assert_page_is_in_order()


def test_a_second_factor_is_set_up_and_asked_for_from_then_on(person: Person, clerk: User) -> None:
    language, page = person.window.language, person.page
    person.log_in(clerk)
    person.arrive("/admin/")

    person.open("/admin/two-factor/")
    person.assert_page_is_in_order()
    person.press("Set up two-factor login")
    person.window.screenshot(f"two-factor-enrol-{language}")
    person.assert_page_is_in_order()
    key = page.locator("code.key").inner_text().replace(" ", "")
    assert len(key) >= 32
    assert page.locator("img.qr").evaluate("(picture) => picture.naturalWidth > 0")
    page.locator("#id_code").fill(code_of(clerk))
    person.press_default()
    codes = page.locator(".recovery-codes code").all_inner_texts()
    assert len(set(codes)) == second_factor.RECOVERY_CODES
    person.window.screenshot(f"two-factor-codes-{language}")
    person.assert_page_is_in_order()
    person.press("I have kept them: go on")
    person.arrive("/admin/")
    log_out(person)

    # The password alone opens nothing.
    person.log_in(clerk)
    person.window.screenshot(f"two-factor-code-{language}")
    person.assert_page_is_in_order()
    person.page.goto(f"{person.window.site}/admin/zoho_sync/inboxevent/")
    assert person.path == "/admin/two-factor/code/"
    page.locator("#id_code").fill("000000" if code_of(clerk) != "000000" else "000001")
    person.press_default()
    assert page.locator("#code-error").is_visible()
    time.sleep(1.1)  # a wrong code makes the next one wait
    page.locator("#id_code").fill(code_of(clerk, steps_ahead=1))
    person.press_default()
    person.arrive("/admin/zoho_sync/inboxevent/")
    log_out(person)

    # A recovery code does too, once.
    for lets_in in (True, False):
        person.log_in(clerk)
        page.locator("#id_code").fill(codes[0])
        person.press_default()
        assert page.locator("#code-error").is_visible() is not lets_in
        assert (person.path == "/admin/") is lets_in
        if lets_in:
            log_out(person)


def test_a_lesser_role_is_shown_less_and_refused_the_rest(person: Person, busy: Site) -> None:
    User.objects.filter(username="seller").delete()
    Alert.objects.all().delete()
    seller = give_password(User.objects.create_user("seller", is_staff=True))
    seller.groups.add(Group.objects.get(name="Sales"))
    mine, theirs = alert("disk"), letter("1")
    person.log_in(seller)
    person.arrive("/admin/")

    menu = person.page.get_by_role("navigation", name=person.say("Menu"))
    assert menu.locator("a[href='/admin/commerce/invoice/']").count() == 1
    assert menu.locator("a[href*='/zoho_sync/deadletter/'], a[href*='/auth/']").count() == 0
    assert person.page.locator("#sync-health").count() == 0
    for path in (
        f"zoho_sync/deadletter/{theirs.pk}/change/",
        f"zoho_sync/alert/{mine.pk}/change/",
        "zoho_sync/syncrun/start/",
        "zoho_sync/dashboard/",
        "auth/user/",
    ):
        person.open(f"/admin/{path}", status=403)
    person.window.screenshot(f"refused-{person.window.language}")
    person.assert_page_is_in_order()
    theirs.delete()
