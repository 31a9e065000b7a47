"""Do what a request asks once, however often it comes: its key is taken first, its answer kept with its effect."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from commerce.models import IdempotencyKey
from commerce.refusals import KeyRefused

KEPT = timedelta(hours=24)
LEASE = timedelta(seconds=60)  # longer than any order takes; who is killed is waited for so long


@dataclass(frozen=True)
class Answer:
    """A status and a body, as they go over the wire. `is_replay`: it was given before, nothing was done now."""

    status: int
    body: str
    is_replay: bool = False

    @property
    def may_be_kept(self) -> bool:
        return self.status < 500 and self.status != 429


def fingerprint_of(body: Any) -> str:
    """The same for the same request, whatever the order of its members; `body` as JSON was read."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def answer_once(
    *, principal: str, route: str, key: str, fingerprint: str, at: datetime, work: Callable[[], Answer]
) -> Answer:
    """Call `work` in a transaction and keep its answer there, or give the answer that was kept.

    `principal` is who asks ("user:5"), for whom the key is theirs. Whatever `work` refuses it answers as a
    4xx, having undone its own part (a savepoint is enough); that is kept too. An answer of 5xx or 429, or
    an exception, undoes everything and leaves the key free. KeyRefused when the same request is being
    worked on, or when another one had this key. Not to be called inside a transaction.
    """
    taken = _take(principal=principal, route=route, key=key, fingerprint=fingerprint, at=at)
    if isinstance(taken, Answer):
        return taken
    try:
        with transaction.atomic(durable=True):
            row = IdempotencyKey.objects.select_for_update().filter(token=taken, status__isnull=True).first()
            if row is None:  # somebody thought that we were dead
                raise KeyRefused("request_in_progress")
            answer = work()
            if not answer.may_be_kept:
                raise _NotKept(answer)
            IdempotencyKey.objects.filter(pk=row.pk).update(status=answer.status, body=answer.body)
    except _NotKept as outcome:
        _release(taken)
        return outcome.answer
    except BaseException:
        _release(taken)
        raise
    return answer


def prune_idempotency_keys(*, at: datetime) -> int:
    """Forget the answers of yesterday; how many."""
    return IdempotencyKey.objects.expired(at).delete()[0]


class _NotKept(Exception):
    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def _take(*, principal: str, route: str, key: str, fingerprint: str, at: datetime) -> uuid.UUID | Answer:
    """Our token on the key, or the answer that is kept. A short transaction of its own."""
    token = uuid.uuid4()
    mine = {"fingerprint": fingerprint, "token": token, "lease_ends_at": at + LEASE}
    fresh = {**mine, "created_at": at, "expires_at": at + KEPT}
    with transaction.atomic(durable=True):
        whose = {"principal": principal, "route": route, "key": key}
        IdempotencyKey.objects.bulk_create([IdempotencyKey(**whose, **fresh)], ignore_conflicts=True)
        row = IdempotencyKey.objects.get(**whose)
        if row.token == token:
            return token
        same = IdempotencyKey.objects.filter(pk=row.pk, token=row.token)
        if row.expires_at <= at:
            if same.filter(Q(status__isnull=False) | Q(lease_ends_at__lte=at)).update(**fresh, status=None, body=""):
                return token
            raise KeyRefused("request_in_progress")
        if row.fingerprint != fingerprint:
            raise KeyRefused("idempotency_key_reused", field="Idempotency-Key")
        if row.status is not None:
            return Answer(row.status, row.body, is_replay=True)
        if same.filter(status__isnull=True, lease_ends_at__lte=at).update(**mine):
            return token
        raise KeyRefused("request_in_progress")


def _release(token: uuid.UUID) -> None:
    IdempotencyKey.objects.filter(token=token, status__isnull=True).delete()
