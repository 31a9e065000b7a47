"""The work on a bulk action by a worker for long jobs: range after range of keys until it is done, stopped or late."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.options import IS_FACETS_VAR, IncorrectLookupParameters
from django.contrib.admin.views.main import ALL_VAR, ERROR_FLAG, PAGE_VAR
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.utils import timezone

from tsh_erp.admin_site.operations import do_batch
from tsh_erp.jobs.heartbeat import beat
from zoho_sync import bulk_actions
from zoho_sync.admin.deeds import Deed, Doer, find_deed
from zoho_sync.bulk_actions import Taken
from zoho_sync.models import BulkAction
from zoho_sync.models.bulk_actions import State

log = structlog.get_logger(__name__)

BATCH, FIRST_BATCH = 500, 100
TURN_SECONDS = 10 * 60.0
WATCH_SECONDS, LOOK_SECONDS = 40.0, 0.5
WATCHED_FOR_MOST = timedelta(hours=1)


class CannotBeDone(Exception):
    """Its action is no more, or nobody may do it any more."""


def perform(pk: int) -> str:
    """Work on a bulk action for a while; the state it was left with."""
    try:
        mine = bulk_actions.take(pk, at=timezone.now())
    except Taken as error:
        return str(error)
    try:
        return _Work(mine).run()
    except Taken:
        return "taken over"
    except Exception as error:
        _fail(mine, error)
        if not isinstance(error, CannotBeDone):
            raise
        return State.FAILED.value


def _fail(mine: BulkAction, error: Exception) -> None:
    at = timezone.now()
    with bulk_actions.step(mine, at=at) as held:
        bulk_actions.end(held, State.FAILED, at=at, error=str(error)[:2000] or type(error).__name__)


class _Work:
    """One turn of a worker."""

    def __init__(self, mine: BulkAction, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self.mine, self._sleep = mine, sleep
        self._ends_at = time.monotonic() + TURN_SECONDS
        self.page, self.deed, self.user = _find(mine)
        self._told: list[str] = []
        self._rows: QuerySet[Any] | None = None
        self._operation = self.deed.operation(Doer(self.user, self._told.append), across=True)

    def run(self) -> str:
        while True:
            beat()
            state = self._watch() if self.mine.watched else self._do_some()
            if state:
                return state.value

    def _do_some(self) -> State | None:
        """The next batch; the state in which it leaves the bulk action, None to go on."""
        at = timezone.now()
        with bulk_actions.step(self.mine, at=at) as held:
            if state := self._stops(held, at):
                return state
            is_first = self.deed.watch is not None and held.watched_since is None
            keys = self._next_keys(held, FIRST_BATCH if is_first else BATCH)
            if not keys:
                bulk_actions.end(held, State.COMPLETED, at=at)
                return State.COMPLETED
            done = do_batch(self.page, keys, self._operation, held.answer, by=self.user)
            held.done, held.left_out, held.reached = held.done + done, held.left_out + len(keys) - done, keys[-1]
            held.error = "\n".join(dict.fromkeys([*filter(None, held.error.split("\n")), *self._told]))[:2000]
            if is_first:
                held.watched, held.watched_since = keys, at
        self.mine = held
        return None

    def _watch(self) -> State | None:
        """Wait until the first rows have shown whether the rest is worth it."""
        until = time.monotonic() + WATCH_SECONDS
        while True:
            at = timezone.now()
            with bulk_actions.step(self.mine, at=at) as held:
                state = self._stops(held, at) or self._judge(held, at)
                is_late = time.monotonic() >= until
                if state is None and held.watched and is_late:
                    state = State.WATCHING
                    bulk_actions.end(held, state, at=at)
            self.mine = held
            if state or not held.watched:
                return state
            beat()
            self._sleep(LOOK_SECONDS)

    def _judge(self, held: BulkAction, at: datetime) -> State | None:
        """Stop when most of the first rows have failed again; go on when that can no longer be."""
        since = held.watched_since or at
        seen = self.deed.watch(held.watched, since) if self.deed.watch else None
        if seen is None:
            held.watched = []
            return None
        held.failed_again = seen.failed
        few = len(held.watched) / 2
        if seen.failed > few:
            bulk_actions.end(held, State.STOPPED, at=at)
            return State.STOPPED
        if seen.good >= few:
            held.watched = []
        elif at - since > WATCHED_FOR_MOST:
            bulk_actions.end(held, State.STOPPED, at=at, error="no worker has tried the first rows within an hour")
            return State.STOPPED
        return None

    def _stops(self, held: BulkAction, at: datetime) -> State | None:
        if held.cancel_requested_at:
            bulk_actions.end(held, State.CANCELLED, at=at)
            return State.CANCELLED
        if time.monotonic() >= self._ends_at:
            bulk_actions.end(held, State.QUEUED, at=at)
            bulk_actions.call_again(held)
            return State.QUEUED
        return None

    def _next_keys(self, held: BulkAction, count: int) -> list[int]:
        """Of the rows not yet reached that still are in a state for it."""
        if self._rows is None:
            self._rows = _matching(self.page, held, self.user).filter(self.deed.can)
        ahead = self._rows.filter(pk__gt=held.reached, pk__lte=held.upto).order_by("pk")
        return list(ahead.values_list("pk", flat=True)[:count])


def _find(mine: BulkAction) -> tuple[Any, Deed, User]:
    """The page, the deed and who does it. CannotBeDone where one of them is no more, or may no more."""
    try:
        page = admin.site._registry.get(apps.get_model(mine.table))
    except LookupError:
        page = None
    deed = find_deed(page, mine.action)
    if page is None or deed is None:
        raise CannotBeDone(f"there is no action {mine.action} on {mine.table} any more")
    if mine.user is None or not mine.user.is_active or not mine.user.has_perm(deed.right):
        raise CannotBeDone("who began this may not do it any more")
    rows = page.model._default_manager.none()
    if why := deed.refuse(rows):
        raise CannotBeDone(str(why))
    return page, deed, mine.user


def _matching(page: Any, held: BulkAction, user: User) -> QuerySet[Any]:
    """The rows that the list shows with its filter. CannotBeDone where the filter makes no sense."""
    request = HttpRequest()
    asked = QueryDict(held.query, mutable=True)
    for name in (PAGE_VAR, ALL_VAR, ERROR_FLAG, IS_FACETS_VAR):
        asked.pop(name, None)
    request.GET, request.user = asked, user  # type: ignore[assignment]  # Django's admin does the same
    try:
        found: QuerySet[Any] = page.get_changelist_instance(request).get_queryset(request)
    except (IncorrectLookupParameters, DisallowedModelAdminLookup) as error:
        raise CannotBeDone(f"the filter is none: {error}") from error
    return found
