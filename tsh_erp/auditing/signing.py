"""Sign-ins, sign-outs and failed attempts, as Django and its lock-out tell of them."""

from __future__ import annotations

from typing import Any

from axes.signals import user_locked_out
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from tsh_erp.auditing.models import AuditEntry
from tsh_erp.auditing.recording import Deed, write

SIGN_IN = AuditEntry.Door.SIGN_IN
UNKNOWN = "no such account"


@receiver(user_logged_in, dispatch_uid="audit_signed_in")
def _signed_in(request: HttpRequest, user: Any, **rest: Any) -> None:
    write(request, Deed(action="signed_in"), door=SIGN_IN, user=user)


@receiver(user_logged_out, dispatch_uid="audit_signed_out")
def _signed_out(request: HttpRequest, user: Any, **rest: Any) -> None:
    if user is not None:
        write(request, Deed(action="signed_out"), door=SIGN_IN, user=user)


@receiver(user_login_failed, dispatch_uid="audit_sign_in_failed")
def _failed(credentials: Any, request: HttpRequest | None = None, **rest: Any) -> None:
    if request is not None:
        _refused(request, str(credentials.get("username") or ""), "sign_in_failed")


@receiver(user_locked_out, dispatch_uid="audit_locked_out")
def _locked(request: HttpRequest, username: str, **rest: Any) -> None:
    _refused(request, username, "locked_out")


def _refused(request: HttpRequest, typed: str, action: str) -> None:
    """A name that is nobody's is not written down: people type their password there."""
    user = User.objects.filter(username=typed.replace("\x00", "")).first()
    deed = Deed(action=action, details="" if user else UNKNOWN, was_allowed=False)
    write(request, deed, door=SIGN_IN, user=user)
