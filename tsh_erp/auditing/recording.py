"""Write down what was done or refused: a door says what with `note`, the middleware writes the row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError, transaction
from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone

from tsh_erp.auditing.models import LONGEST_DETAILS, AuditEntry
from tsh_erp.callers import client_address
from tsh_erp.request_log import request_id

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Deed:
    """What a request was about. `rows` is None where it was about one row, which `object_id` names, or about none."""

    action: str
    table: str = ""
    object_id: str = ""
    row_name: str = ""
    rows: int | None = None
    details: str = ""
    was_allowed: bool = True


def note(
    request: HttpRequest,
    action: str,
    *,
    model: type[Model] | None = None,
    rows: Sequence[Model] = (),
    count: int | None = None,
    details: object = "",
    was_allowed: bool = True,
) -> None:
    """Say what the request did, or tried to. What is noted last counts; it is written when the request is answered."""
    one = rows[0] if len(rows) == 1 else None
    table = model._meta.label_lower if model else rows[0]._meta.label_lower if rows else ""
    request.audit_deed = Deed(  # type: ignore[attr-defined]
        action=action,
        table=table,
        object_id=str(one.pk) if one is not None else "",
        row_name=_plain(one)[:200] if one is not None else "",
        rows=count if count is not None else len(rows) if len(rows) > 1 else None,
        details=_plain(details)[:LONGEST_DETAILS],
        was_allowed=was_allowed,
    )


def noted(request: HttpRequest) -> Deed | None:
    return getattr(request, "audit_deed", None)


def write(
    request: HttpRequest,
    deed: Deed,
    *,
    door: AuditEntry.Door,
    user: Any = None,
    username: str = "",
    status: int | None = None,
) -> None:
    """Add the row. A database that cannot take it is an error in the log, not one of whoever asked."""
    known = user if user is not None and not isinstance(user, AnonymousUser) else None
    entry = AuditEntry(
        at=timezone.now(),
        user_id=known.pk if known else None,
        username=(known.get_username() if known else username)[:150],
        door=door,
        action=deed.action[:100],
        table=deed.table[:100],
        object_id=deed.object_id[:64],
        row_name=deed.row_name,
        rows=deed.rows,
        was_allowed=deed.was_allowed,
        status=status,
        method=(request.method or "")[:10],
        path=_plain(request.path)[:255],
        address=client_address(request),
        request_id=request_id(request)[:64],
        details=deed.details,
    )
    try:
        with transaction.atomic():
            entry.save(force_insert=True)
    except DatabaseError:
        log.exception("audit_failed", action=entry.action, table=entry.table, user=entry.username)
    if not deed.was_allowed:
        log.warning("denied", action=entry.action, table=entry.table, row=entry.object_id, user=entry.username)


def _plain(value: object) -> str:
    """Text that PostgreSQL can keep."""
    return str(value).replace("\x00", "")
