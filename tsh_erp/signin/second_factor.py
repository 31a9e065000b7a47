"""The second factor: a code of an app (TOTP) or one of the recovery codes that were written down.

A session begins without it. Whether it is still due stands in the session itself, so that no page asks the database.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from datetime import timedelta
from secrets import choice
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, User
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.models import Session
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

STATE = "second_factor"
DUE, GIVEN = "due", "given"
RECOVERY_CODES = 10
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that is read as something else  # pragma: allowlist secret
CODE_LENGTH = 10
SALT = "tsh_erp.signin.recovery"
APP_NAME, RECOVERY_NAME = "app", "recovery"


class CodeRefused(Exception):
    """The code is wrong, or nothing is looked at before `wait` has passed because too many were wrong."""

    def __init__(self, wait: timedelta | None = None) -> None:
        super().__init__("wrong code" if wait is None else "too many wrong codes")
        self.wait = wait

    @property
    def seconds(self) -> int:
        return math.ceil(self.wait.total_seconds()) if self.wait else 0


@receiver(user_logged_in, dispatch_uid="second_factor_due")
def _begin(request: HttpRequest, user: Any, **rest: Any) -> None:
    """A new session of whoever has a second factor owes it."""
    if is_enrolled(user):
        request.session[STATE] = DUE
    else:
        request.session.pop(STATE, None)


def is_enrolled(user: AbstractBaseUser) -> bool:
    return bool(TOTPDevice.objects.filter(user_id=user.pk, confirmed=True).exists())


def must_have(user: Any) -> bool:
    """Whether the installation asks this person for a second factor."""
    if settings.ADMIN_REQUIRE_TWO_FACTOR == "staff":
        return bool(user.is_staff or user.is_superuser)
    return settings.ADMIN_REQUIRE_TWO_FACTOR == "superusers" and bool(user.is_superuser)


def is_due(request: HttpRequest) -> bool:
    """Whether this session may do nothing before its code is given."""
    return request.session.get(STATE) == DUE


def must_enrol(request: HttpRequest) -> bool:
    """Whether this session may do nothing before its owner has set up a second factor."""
    return request.session.get(STATE) is None and must_have(request.user)


def grant(request: HttpRequest) -> None:
    """The session has its second factor now, under a new key."""
    request.session.cycle_key()
    request.session[STATE] = GIVEN


def check_code(user: User, typed: str) -> None:
    """CodeRefused unless `typed` is the app's code of this moment or an unused recovery code, which is used up.

    After each wrong code the next one waits twice as long: 1, 2, 4 … seconds.
    """
    code = tidy(typed)
    with transaction.atomic():
        kind: type[TOTPDevice] | type[StaticDevice] = TOTPDevice if code.isdigit() else StaticDevice
        device = kind.objects.select_for_update().filter(user=user, confirmed=True).order_by("pk").first()
        if device is not None:
            wait = _wait(device)
            is_right = wait is None and device.verify_token(code if kind is TOTPDevice else _fingerprint(code))
        else:
            wait, is_right = None, False
    if not is_right:
        raise CodeRefused(wait)


def begin_enrolment(user: User) -> TOTPDevice:
    """The device that an app is to be joined with; the same until it is confirmed."""
    device, _ = TOTPDevice.objects.get_or_create(user=user, confirmed=False, defaults={"name": APP_NAME})
    return device


def enrol(user: User, typed: str) -> Sequence[str]:
    """Confirm the device by a code of its app: from now on every session owes one. The recovery codes, shown once.

    CodeRefused when the code is not the app's.
    """
    with transaction.atomic():
        device = TOTPDevice.objects.select_for_update().filter(user=user, confirmed=False).first()
        wait = _wait(device) if device is not None else None
        is_right = device is not None and wait is None and device.verify_token(tidy(typed))
        if device is not None and is_right:
            TOTPDevice.objects.filter(user=user, confirmed=True).delete()
            device.confirmed = True
            device.save(update_fields=["confirmed"])
            codes = make_recovery_codes(user)
    if not is_right:
        raise CodeRefused(wait)
    return codes


@transaction.atomic
def make_recovery_codes(user: User) -> Sequence[str]:
    """New codes in place of the old ones. Only fingerprints of them are kept."""
    StaticDevice.objects.filter(user=user).delete()
    device = StaticDevice.objects.create(user=user, name=RECOVERY_NAME, confirmed=True)
    codes = ["".join(choice(ALPHABET) for _ in range(CODE_LENGTH)) for _ in range(RECOVERY_CODES)]
    StaticToken.objects.bulk_create(StaticToken(device=device, token=_fingerprint(code)) for code in codes)
    return [f"{code[: CODE_LENGTH // 2]}-{code[CODE_LENGTH // 2 :]}" for code in codes]


def recovery_codes_left(user: User) -> int:
    return int(StaticToken.objects.filter(device__user=user).count())


@transaction.atomic
def remove(user: AbstractBaseUser) -> bool:
    """Take the second factor away; whether there was one."""
    had = is_enrolled(user)
    TOTPDevice.objects.filter(user_id=user.pk).delete()
    StaticDevice.objects.filter(user_id=user.pk).delete()
    return had


def end_sessions(user: AbstractBaseUser, *, besides: str | None = None) -> int:
    """Sign this person out everywhere, but for one session; how many sessions there were."""
    living = Session.objects.filter(expire_date__gt=timezone.now())
    keys = [one.pk for one in living if one.get_decoded().get("_auth_user_id") == str(user.pk) and one.pk != besides]
    Session.objects.filter(pk__in=keys).delete()
    return len(keys)


def tidy(typed: str) -> str:
    """The code as it is kept: ٤٢ is 42, and spaces, dashes and capitals make no difference."""
    plain = unicodedata.normalize("NFKC", typed).casefold()
    digits = (str(unicodedata.digit(one)) if one.isdigit() else one for one in plain)
    return "".join(one for one in digits if one.isalnum())[:64]


def _fingerprint(code: str) -> str:
    return salted_hmac(SALT, code, algorithm="sha256").hexdigest()[:16]


def _wait(device: TOTPDevice | StaticDevice) -> timedelta | None:
    is_allowed, why = device.verify_is_allowed()
    return None if is_allowed else max(why["locked_until"] - timezone.now(), timedelta(seconds=1))
