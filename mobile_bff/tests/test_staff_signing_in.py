"""Staff on a phone pass the same gate as at the admin's door: lock-out and second factor."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from commerce.models import DeviceToken
from mobile_bff.tests.calling import PASSWORD, Phone, refusal

pytestmark = pytest.mark.django_db


@pytest.fixture
def ali():
    return User.objects.create_user("ali", password=PASSWORD, is_staff=True)


@pytest.fixture
def phone():
    return Phone()


def login(phone, password=PASSWORD, **more):
    return phone.sign_in("ali", password, **more)


def test_who_has_a_second_factor_gives_its_code(phone, ali):
    device = TOTPDevice.objects.create(user=ali, name="app", confirmed=True)

    assert refusal(login(phone)) == (401, "code_required")
    assert DeviceToken.objects.count() == 0
    assert login(phone, code=f"{totp(device.bin_key):06d}").status_code == 200


def test_a_wrong_code_signs_nobody_in_and_the_next_one_has_to_wait(phone, ali):
    device = TOTPDevice.objects.create(user=ali, name="app", confirmed=True)
    wrong = f"{(totp(device.bin_key) + 1) % 1_000_000:06d}"

    assert refusal(login(phone, code=wrong)) == (401, "invalid_code")
    assert refusal(login(phone, code=f"{totp(device.bin_key):06d}")) == (429, "rate_limited")
    assert DeviceToken.objects.count() == 0


def test_where_staff_must_have_one_nobody_signs_in_without(phone, ali, settings):
    settings.ADMIN_REQUIRE_TWO_FACTOR = "staff"

    assert refusal(login(phone)) == (403, "second_factor_required")


def test_too_many_wrong_passwords_lock_the_name_out_longer_than_a_minute(phone, ali, settings):
    settings.AXES_FAILURE_LIMIT = 3
    for _ in range(2):
        assert refusal(login(phone, password="wrong")) == (401, "invalid_credentials")
    assert refusal(login(phone, password="wrong")) == (429, "rate_limited")
    cache.clear()  # the limits of a minute

    locked = login(phone)

    assert refusal(locked) == (429, "rate_limited")
    assert int(locked["Retry-After"]) == 60 * settings.ADMIN_LOCK_OUT_MINUTES


def test_a_name_that_nobody_has_is_locked_out_as_well(phone, settings):
    settings.AXES_FAILURE_LIMIT = 3
    for _ in range(2):
        assert refusal(login(phone, password="wrong")) == (401, "invalid_credentials")
    assert refusal(login(phone, password="wrong")) == (429, "rate_limited")
    cache.clear()

    assert refusal(login(phone)) == (429, "rate_limited")
