"""Forget sessions that are over and failed sign-ins that count no longer."""

from __future__ import annotations

from datetime import datetime, timedelta

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.sessions.models import Session


def prune_sign_ins(*, at: datetime) -> int:
    """How many rows were deleted."""
    ended = Session.objects.filter(expire_date__lt=at).delete()[0]
    counted_since = at - timedelta(minutes=settings.ADMIN_LOCK_OUT_MINUTES)
    return ended + int(AccessAttempt.objects.filter(attempt_time__lt=counted_since).delete()[0])
