"""Versions of the apps, and where to get a newer one. Pure."""

from __future__ import annotations

import re

from commerce.models import AppSettings

_VERSION = re.compile(r"(\d{1,5}(?:\.\d{1,5}){0,3})(?:[-+].{0,50})?")


def is_older(told: str, minimum: str) -> bool:
    """Whether an app says of itself that it is older than `minimum`. What is no version proves nothing."""
    own, least = _parts(told), _parts(minimum)
    return own is not None and least is not None and own < least


def store_url(settings: AppSettings, platform: str) -> str | None:
    """Where the app of this platform is updated; None when it is not known."""
    stores = {"android": settings.android_store_url, "ios": settings.ios_store_url}
    return stores.get(platform.strip().lower()) or None


def _parts(version: str) -> tuple[int, ...] | None:
    """1.4 and 1.4.0 are the same; what follows a hyphen or a plus is a build, not a version."""
    match = _VERSION.fullmatch(version.strip())
    if match is None:
        return None
    numbers = [int(part) for part in match[1].split(".")]
    return tuple(numbers + [0] * (4 - len(numbers)))
