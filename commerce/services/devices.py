"""The devices that are signed in: each holds one token, of which only the digest is kept."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from knox.models import get_digest_token
from knox.settings import CONSTANTS, knox_settings

from commerce.models import DeviceToken

GRACE = timedelta(seconds=60)
"""How long a token lives after a refresh replaced it: the answer may have been lost on the way."""

MOST_DEVICES = 20
"""More devices than this, and the one unused for longest is signed out."""

SEEN_EVERY = timedelta(hours=1)
"""How exactly it is known when a device was last used; a write for each request would be too many."""

FORGOTTEN_AFTER = timedelta(days=30)
"""How long an expired token is still told apart from one that never was."""


@dataclass(frozen=True, kw_only=True)
class DeviceInfo:
    """What a device says of itself, cut to what is kept; nothing of it is believed."""

    device_id: str = ""
    name: str = ""
    app: str = ""
    app_version: str = ""
    platform: str = ""
    address: str | None = None


@dataclass(frozen=True)
class IssuedToken:
    """A token that can be read this once."""

    token: str
    device: DeviceToken

    @property
    def expires_in(self) -> int:
        """Seconds that it lives when it is not used."""
        return int(lifetime().total_seconds())


def lifetime() -> timedelta:
    """How long a token lives after it was last used."""
    ttl: timedelta = knox_settings.TOKEN_TTL
    return ttl


def password_stamp(user: User) -> str:
    """Says nothing about the password, and is another as soon as the password is."""
    return str(user.get_session_auth_hash())


def start_device(user: User, info: DeviceInfo, *, at: datetime) -> IssuedToken:
    """Sign a device in. If the app names a device that was signed in before, this is a new start for it."""
    with transaction.atomic():
        _lock(user)
        if info.device_id:
            DeviceToken.objects.filter(user=user, device_id=info.device_id).delete()
        issued = _issue(user, uuid.uuid4(), info, signed_in_at=at, at=at)
        _end_surplus(user)
    return issued


def refresh_device(held: DeviceToken, info: DeviceInfo, *, at: datetime) -> IssuedToken | None:
    """A new token for the device of `held`, which ends after `GRACE`; None when it has ended meanwhile.

    Whoever lost the answer asks again with the same token and gets another. All older tokens of the
    device end as soon as a token is refreshed for the first time: by then it is the one in use.
    """
    with transaction.atomic():
        _lock(held.user)
        stored = DeviceToken.objects.live(at).filter(pk=held.pk).first()
        if stored is None:
            return None
        if stored.replaced_at is None:
            DeviceToken.objects.of_device(stored.device).filter(user=held.user).exclude(pk=stored.pk).delete()
            ends_at = min(stored.expiry, at + GRACE)
            DeviceToken.objects.filter(pk=stored.pk).update(replaced_at=at, expiry=ends_at)
        known = DeviceInfo(
            device_id=info.device_id or stored.device_id,
            name=info.name or stored.name,
            app=info.app or stored.app,
            app_version=info.app_version or stored.app_version,
            platform=info.platform or stored.platform,
            address=info.address,
        )
        return _issue(held.user, stored.device, known, signed_in_at=stored.signed_in_at, at=at)


def touch_device(held: DeviceToken, info: DeviceInfo, *, at: datetime) -> None:
    """Note that a device is in use, which lengthens its token's life; at most once in `SEEN_EVERY`."""
    if held.replaced_at is not None or at - held.last_used_at < SEEN_EVERY:
        return
    changes = {"last_used_at": at, "expiry": at + lifetime(), "address": info.address}
    if info.app_version:
        changes["app_version"] = info.app_version
    # A token that was replaced or ended meanwhile stays so.
    DeviceToken.objects.current().filter(pk=held.pk).update(**changes)


def end_device(user: User, device: uuid.UUID) -> bool:
    """Sign one device out, at once; whether the login had such a device."""
    ended, _ = DeviceToken.objects.of_device(device).filter(user=user).delete()
    return ended > 0


def end_devices(user: User) -> int:
    """Sign all devices of a login out, at once; how many tokens ended."""
    ended, _ = DeviceToken.objects.filter(user=user).delete()
    return ended


def prune_devices(*, at: datetime) -> int:
    """Forget tokens that expired long ago; how many."""
    pruned, _ = DeviceToken.objects.filter(expiry__lt=at - FORGOTTEN_AFTER).delete()
    return pruned


def _lock(user: User) -> None:
    """One change at a time to the devices of a login."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)


def _issue(user: User, device: uuid.UUID, info: DeviceInfo, *, signed_in_at: datetime, at: datetime) -> IssuedToken:
    digest, token = get_digest_token()
    row = DeviceToken(
        digest=digest,
        token_key=token[: CONSTANTS.TOKEN_KEY_LENGTH],
        user=user,
        expiry=at + lifetime(),
        device=device,
        device_id=info.device_id,
        name=info.name,
        app=info.app,
        app_version=info.app_version,
        platform=info.platform,
        address=info.address,
        signed_in_at=signed_in_at,
        last_used_at=at,
        password_stamp=password_stamp(user),
    )
    row.save(force_insert=True)
    return IssuedToken(token, row)


def _end_surplus(user: User) -> None:
    tokens = DeviceToken.objects.filter(user=user).current().order_by("-last_used_at", "digest")
    surplus = [row.device for row in tokens[MOST_DEVICES:]]
    if surplus:
        DeviceToken.objects.filter(user=user, device__in=surplus).delete()
