"""Dead letters: records that could not be brought in become cases for a person, who retries or discards them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, QuerySet
from django.db.models.functions import TruncDate

from zoho_sync import alerts, queue
from zoho_sync.models import Alert, DeadLetter, ErrorGroup, InboxEvent, SyncLog, SyncQueueItem
from zoho_sync.models.dead_letters import UNRESOLVED
from zoho_sync.models.queue import Status
from zoho_sync.queue import Work

# What differs between two errors of the same kind: ids, amounts, quoted values.
VARYING = re.compile(r"'[^']*'|\"[^\"]*\"|\[\d+\]|\d+")


def fingerprint(module: str, error_class: str, message: str) -> str:
    """The same text for errors with the same cause: class and message without what varies."""
    plain = VARYING.sub("#", message)[:300]
    return hashlib.sha256(f"{module}\x00{error_class}\x00{plain}".encode("utf-8", "replace")).hexdigest()


def bury(
    *,
    module: str,
    zoho_id: str,
    events: Sequence[InboxEvent],
    error_class: str,
    message: str,
    at: datetime,
    job_id: int | None = None,
    traceback: str = "",
    attempts: int = 0,
    payload: object = None,
) -> DeadLetter:
    """Open the record's dead letter, or bring the one that is unresolved up to date; its events are dead.

    Alerts, unless people have ignored errors of this kind. Runs in the caller's transaction, which holds the record.
    """
    message, traceback, payload = storable(message), storable(traceback), storable(payload)
    group, _ = ErrorGroup.objects.get_or_create(
        fingerprint=fingerprint(module, error_class, message),
        defaults={
            "module": module,
            "error_class": error_class,
            "sample": message,
            "first_seen_at": at,
            "last_seen_at": at,
        },
    )
    reopened = [ErrorGroup.State.RESOLVED]
    ErrorGroup.objects.filter(pk=group.pk, state__in=reopened).update(state=ErrorGroup.State.OPEN)
    ErrorGroup.objects.filter(pk=group.pk).update(count=F("count") + 1, last_seen_at=at, updated_at=at)
    newest = max(events, key=lambda event: event.pk, default=None)
    letter = DeadLetter.objects.select_for_update().unresolved().filter(module=module, zoho_id=zoho_id).first()
    letter = letter or DeadLetter(module=module, zoho_id=zoho_id)
    letter.state, letter.group, letter.job_id = DeadLetter.State.OPEN, group, job_id or letter.job_id
    letter.event, letter.error_class, letter.message = newest or letter.event, error_class, message
    letter.traceback, letter.attempts, letter.payload = traceback, letter.attempts + attempts, payload
    letter.save()
    InboxEvent.objects.filter(pk__in=[event.pk for event in events]).update(
        state=InboxEvent.State.DEAD, reason=message, settled_at=at
    )
    if group.state != ErrorGroup.State.IGNORED:
        alerts.raise_alert(
            code="dead_letter",
            cause=group.fingerprint,
            title=f"{module}: {error_class}",
            detail=message,
            severity=Alert.Severity.CRITICAL,
            at=at,
        )
    return letter


def storable(value: Any) -> Any:
    """`value` with what no column holds, NUL and half surrogates, spelled out in its texts and those inside it."""
    if isinstance(value, str):
        return value.replace("\0", "\\u0000").encode("utf-8", "backslashreplace").decode()
    if isinstance(value, Mapping):
        return {storable(key): storable(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [storable(one) for one in value]
    return value


def bury_poisoned(job: SyncQueueItem, *, at: datetime) -> None:
    """Give up a record that killed its worker again and again while it was worked on alone."""
    message = f"{job.deaths} workers died while they held this record"
    with transaction.atomic():
        held = SyncQueueItem.objects.select_for_update().filter(
            pk=job.pk, status=Status.PROCESSING, lock_token=job.lock_token
        )
        if not held.exists():
            return
        # What came after the claim, nobody has tried: it has made a job of its own.
        tried = InboxEvent.objects.queued().of_record(job.module, job.zoho_id).filter(received_at__lte=job.claimed_at)
        events = list(tried.order_by("id"))
        held.update(status=Status.DEAD_LETTER, lock_token=None, lock_expires_at=None, finished_at=at)
        SyncLog.objects.create(
            job=job,
            module=job.module,
            zoho_id=job.zoho_id,
            outcome=SyncLog.Outcome.DEAD,
            attempt=job.attempts,
            started_at=at,
            error_class="WorkerDied",
            message=message,
            worker=job.locked_by,
        )
        bury(
            module=job.module,
            zoho_id=job.zoho_id,
            job_id=job.pk,
            events=events,
            error_class="WorkerDied",
            message=message,
            attempts=job.attempts,
            at=at,
        )
        if InboxEvent.objects.queued().of_record(job.module, job.zoho_id).exists():
            # A delivery may have joined the job just before its claim, with a time just after it.
            queue.enqueue([Work(module=job.module, zoho_id=job.zoho_id, priority=job.priority)], at=at)


def close_settled(records: Sequence[tuple[str, str]], *, at: datetime) -> None:
    """Resolve the dead letters of records that have just been brought in, where no event of theirs is dead any more.

    One statement per module.
    """
    for module in sorted({module for module, _ in records}):
        ids = sorted(zoho_id for one, zoho_id in records if one == module)
        dead = InboxEvent.objects.filter(
            module=OuterRef("module"), zoho_id=OuterRef("zoho_id"), state=InboxEvent.State.DEAD
        )
        DeadLetter.objects.unresolved().filter(~Exists(dead), module=module, zoho_id__in=ids).update(
            state=DeadLetter.State.RESOLVED, closed_at=at, reason="the record was brought in", updated_at=at
        )


def find_buried(records: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of the records (module, Zoho id) that wait for a person. One query, none for no records."""
    if not records:
        return set()
    letters = DeadLetter.objects.open().filter(zoho_id__in=sorted({zoho_id for _, zoho_id in records}))
    return set(letters.values_list("module", "zoho_id")) & set(records)


def reopen_untried(records: Sequence[tuple[str, str]], *, at: datetime) -> None:
    """Open the dead letters again whose retry found nothing to try: no event, and nobody to fetch the record from."""
    for module in sorted({module for module, _ in records}):
        ids = sorted(zoho_id for one, zoho_id in records if one == module)
        DeadLetter.objects.filter(module=module, zoho_id__in=ids, state=DeadLetter.State.RETRIED).update(
            state=DeadLetter.State.OPEN, updated_at=at
        )


def retry(letters: QuerySet[DeadLetter], *, at: datetime, fetch: bool = False) -> int:
    """Queue the records of open dead letters again, with all their dead events; how many.

    With `fetch`, and where there is no event to try again, the record is first fetched from Zoho.
    """
    with transaction.atomic():
        chosen = list(letters.filter(state=DeadLetter.State.OPEN).select_for_update(of=("self",)).order_by("pk"))
        told: set[tuple[str, str]] = set()
        for dead in _dead_events(chosen):
            told |= set(dead.values_list("module", "zoho_id"))
            dead.update(state=InboxEvent.State.QUEUED, reason="", settled_at=None)
        DeadLetter.objects.filter(pk__in=[letter.pk for letter in chosen]).update(
            state=DeadLetter.State.RETRIED, updated_at=at
        )
        queue.enqueue(
            [
                Work(
                    module=letter.module,
                    zoho_id=letter.zoho_id,
                    priority=3,
                    needs_fetch=fetch or (letter.module, letter.zoho_id) not in told,
                )
                for letter in chosen
            ],
            at=at,
        )
    return len(chosen)


def replace_events(letter: int, *, by_event: InboxEvent, reason: str, at: datetime) -> bool:
    """A corrected copy takes the place of an open letter's dead events, and is tried. False when it is not open."""
    with transaction.atomic():
        chosen = list(DeadLetter.objects.open().filter(pk=letter).select_for_update(of=("self",)))
        for dead in _dead_events(chosen):
            dead.exclude(pk=by_event.pk).update(
                state=InboxEvent.State.SUPERSEDED, successor=by_event, reason=reason, settled_at=at
            )
        DeadLetter.objects.filter(pk__in=[one.pk for one in chosen]).update(
            state=DeadLetter.State.RETRIED, updated_at=at
        )
    return bool(chosen)


def annotate_groups(groups: QuerySet[ErrorGroup], *, note: str, at: datetime) -> int:
    """Write down what is known of the cause; how many groups."""
    return groups.update(note=note, updated_at=at)


def assign_groups(groups: QuerySet[ErrorGroup], *, to: AbstractBaseUser, at: datetime) -> int:
    """Say who looks after them; how many groups. Open ones count as acknowledged."""
    groups.filter(state=ErrorGroup.State.OPEN).update(state=ErrorGroup.State.ACKNOWLEDGED)
    return groups.update(owner=to, updated_at=at)


def new_letters_by_day(groups: Collection[int], *, since: datetime) -> dict[int, dict[date, int]]:
    """How many letters of each group were opened on each local day; days without are left out. One query."""
    opened = DeadLetter.objects.filter(group__in=groups, created_at__gte=since).annotate(day=TruncDate("created_at"))
    found: dict[int, dict[date, int]] = {}
    for group, day, count in opened.values_list("group", "day").annotate(Count("id")).order_by():
        found.setdefault(group, {})[day] = count
    return found


def discard(letters: QuerySet[DeadLetter], *, reason: str, by: AbstractBaseUser | None, at: datetime) -> int:
    """Close dead letters without applying their dead events, for a reason; how many. Nothing is deleted.

    What is being retried is not stopped by that: its job may yet bring the record in. ValueError without a reason.
    """
    if not reason.strip():
        raise ValueError("a reason is needed to discard a dead letter")
    with transaction.atomic():
        chosen = list(letters.filter(state__in=UNRESOLVED).select_for_update(of=("self",)).order_by("pk"))
        for dead in _dead_events(chosen):
            dead.update(state=InboxEvent.State.DISCARDED, reason=reason, settled_at=at)
        DeadLetter.objects.filter(pk__in=[letter.pk for letter in chosen]).update(
            state=DeadLetter.State.DISCARDED, reason=reason, closed_at=at, closed_by=by, updated_at=at
        )
    return len(chosen)


def _dead_events(letters: Sequence[DeadLetter]) -> Iterator[QuerySet[InboxEvent]]:
    """The dead events of these letters' records, a QuerySet for each module."""
    for module in sorted({letter.module for letter in letters}):
        ids = sorted(letter.zoho_id for letter in letters if letter.module == module)
        yield InboxEvent.objects.filter(module=module, zoho_id__in=ids, state=InboxEvent.State.DEAD)


def acknowledge_groups(groups: QuerySet[ErrorGroup], *, by: AbstractBaseUser, at: datetime) -> int:
    """Somebody is looking at the cause of these errors; how many groups."""
    return groups.filter(state=ErrorGroup.State.OPEN).update(
        state=ErrorGroup.State.ACKNOWLEDGED, owner=by, updated_at=at
    )


def ignore_groups(groups: QuerySet[ErrorGroup], *, reason: str, by: AbstractBaseUser, at: datetime) -> int:
    """These errors are known and nothing will be done; how many groups. New ones do not open the group again."""
    return groups.exclude(state=ErrorGroup.State.IGNORED).update(
        state=ErrorGroup.State.IGNORED, owner=by, note=reason, updated_at=at
    )


def resolve_groups(groups: QuerySet[ErrorGroup], *, reason: str, by: AbstractBaseUser, at: datetime) -> int:
    """The cause is gone; how many groups. A new error opens the group again."""
    return groups.exclude(state=ErrorGroup.State.RESOLVED).update(
        state=ErrorGroup.State.RESOLVED, owner=by, note=reason, updated_at=at
    )
