"""Staff who sign in with a real password, and the app on their phone."""

from __future__ import annotations

import time

from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

PASSWORD = "a-long-enough-word"


def staff(name: str = "amal", **flags: bool) -> User:
    return User.objects.create_user(name, password=PASSWORD, is_staff=True, **flags)


def type_password(client: Client, name: str = "amal", password: str = PASSWORD, **extra: str):
    return client.post(
        reverse("admin:login"), {"username": name, "password": password, "next": reverse("admin:index")}, **extra
    )


def app_code(user: User, *, steps: int = 0) -> str:
    """What the app shows now, or some half minutes later."""
    device = TOTPDevice.objects.filter(user=user).latest("pk")
    shown = TOTP(device.bin_key, drift=steps)
    shown.time = time.time()
    return f"{shown.token():06d}"


def enrol(client: Client, user: User) -> list[str]:
    """Set up a second factor for whoever is signed in; the recovery codes."""
    client.get(reverse("two-factor:enrol"))
    answer = client.post(reverse("two-factor:enrol"), {"code": app_code(user)})
    return list(answer.context["codes"])


def forget_wrong_codes(user: User) -> None:
    """As if the time had passed in which nothing is looked at, and the code of this moment were a new one."""
    TOTPDevice.objects.filter(user=user).update(
        throttling_failure_count=0, throttling_failure_timestamp=None, last_t=-1
    )
