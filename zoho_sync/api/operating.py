"""What staff do over HTTP to alerts, dead letters and the queue; each leaves a line in the history of its row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.db import models, transaction
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from tsh_erp.jobs.ring import ring
from tsh_erp.problems import problem
from tsh_erp.rest.strict import StrictBooleanField, StrictIntegerField, StrictSerializer, refuse_unknown_parameters
from zoho_sync import alerts, dead_letters, queue, tasks
from zoho_sync.api import rows
from zoho_sync.api.filters import KINDS
from zoho_sync.api.permissions import (
    CanAcknowledgeAlerts,
    CanDiscardDeadLetters,
    CanManageQueue,
    CanRetryDeadLetters,
    CanViewDashboard,
    StaffView,
    caller,
)
from zoho_sync.entities import find_entity
from zoho_sync.models import Alert, DeadLetter, SyncQueueItem

M = TypeVar("M", bound=models.Model)

# One request does so many, in transactions of so many; whoever has more asks again.
MOST, BATCH = 10_000, 500
PROBLEMS = dict.fromkeys((400, 401, 403, 404, 409, 429), OpenApiTypes.OBJECT)  # problem+json: tsh_erp.problems
DASHBOARD, QUEUE = ["dashboard"], ["queue"]


class Reason(StrictSerializer):
    reason = serializers.CharField(max_length=500, help_text=gettext_lazy("Why. It is kept."))


class RetryWish(StrictSerializer):
    fetch = StrictBooleanField(
        default=False, help_text=gettext_lazy("Fetch the record from Zoho first, instead of trying what was sent.")
    )


class _Chosen(StrictSerializer):
    ids = serializers.ListField(
        child=StrictIntegerField(min_value=1, max_value=2**63 - 1), default=None, min_length=1, max_length=MOST
    )
    entity = serializers.ChoiceField(choices=KINDS, default=None)

    def choose(self, jobs: QuerySet[SyncQueueItem]) -> QuerySet[SyncQueueItem]:
        """Of `jobs`, those that were asked for by id and kind of record."""
        wish = self.validated_data
        if wish["ids"] is not None:
            jobs = jobs.filter(pk__in=wish["ids"])
        if wish["entity"] is not None:
            entity = find_entity(wish["entity"])
            jobs = jobs.filter(module=entity.module) if entity else jobs.none()
        return jobs


class QueueRetry(_Chosen):
    """Which waiting jobs to try now: by id, by kind of record; without either, all that are due."""


class QueueClear(_Chosen):
    """Which waiting jobs to discard, and why; without ids and kind of record, all of them."""

    reason = serializers.CharField(max_length=500, help_text=gettext_lazy("Why. It is kept."))


class Done(serializers.Serializer[Any]):
    success = serializers.BooleanField()
    message = serializers.CharField()
    count = serializers.IntegerField(help_text="to how many it was done")
    left = serializers.IntegerField(help_text="how many of those asked for it was not done to")


class AcknowledgeAlert(StaffView):
    """Somebody has seen this alert and looks after it."""

    permission_classes = (CanViewDashboard, CanAcknowledgeAlerts)

    @extend_schema(request=None, responses={200: rows.AlertRow, **PROBLEMS}, tags=DASHBOARD)
    def post(self, request: Request, alert: int) -> Response | HttpResponse:
        _read(StrictSerializer, request)
        found = _row(Alert.objects.all(), alert)
        by, at = caller(request), timezone.now()
        chosen = Alert.objects.filter(pk=found.pk)
        if not _with_history(chosen, lambda rows_: alerts.acknowledge(chosen, by=by, at=at), by, "acknowledge"):
            return _wrong_state(request, found.state, found.get_state_display())
        return Response(rows.AlertRow(_row(Alert.objects.all(), alert)).data)


class RetryDeadLetter(StaffView):
    """Queue the record of a dead letter again, with all its dead events."""

    permission_classes = (CanViewDashboard, CanRetryDeadLetters)

    @extend_schema(request=RetryWish, responses={202: rows.DeadLetterRow, **PROBLEMS}, tags=DASHBOARD)
    def post(self, request: Request, letter: int) -> Response | HttpResponse:
        wish = _read(RetryWish, request)
        found = _row(DeadLetter.objects.all(), letter)
        at = timezone.now()

        def act(letters: QuerySet[DeadLetter]) -> int:
            return dead_letters.retry(letters, at=at, fetch=wish["fetch"])

        if not _with_history(DeadLetter.objects.filter(pk=found.pk), act, caller(request), "retry"):
            return _wrong_state(request, found.state, found.get_state_display())
        _ring()
        return Response(rows.DeadLetterRow(_row(DeadLetter.objects.all(), letter)).data, status=202)


class DiscardDeadLetter(StaffView):
    """Close a dead letter without applying its events, for a reason. Nothing is deleted."""

    permission_classes = (CanViewDashboard, CanDiscardDeadLetters)

    @extend_schema(request=Reason, responses={200: rows.DeadLetterRow, **PROBLEMS}, tags=DASHBOARD)
    def post(self, request: Request, letter: int) -> Response | HttpResponse:
        reason = _read(Reason, request)["reason"]
        found = _row(DeadLetter.objects.all(), letter)
        by, at = caller(request), timezone.now()

        def act(letters: QuerySet[DeadLetter]) -> int:
            return dead_letters.discard(letters, reason=reason, by=by, at=at)

        if not _with_history(DeadLetter.objects.filter(pk=found.pk), act, by, f"discard: {reason}"):
            return _wrong_state(request, found.state, found.get_state_display())
        return Response(rows.DeadLetterRow(_row(DeadLetter.objects.all(), letter)).data)


class RetryQueue(StaffView):
    """Make waiting jobs due at once, with all their attempts before them, and call the workers."""

    permission_classes = (CanManageQueue,)

    @extend_schema(request=QueueRetry, responses={200: Done, **PROBLEMS}, tags=QUEUE)
    def post(self, request: Request) -> Response:
        refuse_unknown_parameters(request, ())
        wish = QueueRetry(data=request.data)
        wish.is_valid(raise_exception=True)
        at = timezone.now()
        is_chosen = wish.validated_data["ids"] is not None or wish.validated_data["entity"] is not None
        jobs = SyncQueueItem.objects.waiting() if is_chosen else SyncQueueItem.objects.due(at)
        done, left = _carry_out(
            wish.choose(jobs),
            lambda chosen: queue.retry_now(chosen, at=at),
            caller(request),
            "retry_now",
            wanted=wish.validated_data["ids"],
        )
        _ring()
        message = ngettext("%(count)d job is due now.", "%(count)d jobs are due now.", done) % {"count": done}
        return Response({"success": True, "message": message, "count": done, "left": left})


class ClearQueue(StaffView):
    """Discard waiting jobs and the events that wait for them, for a reason. Nothing is deleted."""

    permission_classes = (CanManageQueue,)

    @extend_schema(request=QueueClear, responses={200: Done, **PROBLEMS}, tags=QUEUE)
    def post(self, request: Request) -> Response:
        refuse_unknown_parameters(request, ())
        wish = QueueClear(data=request.data)
        wish.is_valid(raise_exception=True)
        reason, at = wish.validated_data["reason"], timezone.now()
        done, left = _carry_out(
            wish.choose(SyncQueueItem.objects.filter(queue.can_be_discarded())),
            lambda chosen: queue.discard(chosen, reason=reason, at=at),
            caller(request),
            f"clear: {reason}",
            wanted=wish.validated_data["ids"],
        )
        message = ngettext("%(count)d job was discarded.", "%(count)d jobs were discarded.", done) % {"count": done}
        return Response({"success": True, "message": message, "count": done, "left": left})


def _read(wish: type[StrictSerializer], request: Request) -> Any:
    """The body, strictly; ValidationError."""
    refuse_unknown_parameters(request, ())
    read = wish(data=request.data)
    read.is_valid(raise_exception=True)
    return read.validated_data


def _row(table: QuerySet[M], pk: int) -> M:
    found = table.filter(pk=pk).first() if pk < 2**63 else None
    if found is None:
        raise Http404
    return found


def _with_history(chosen: QuerySet[M], act: Callable[[QuerySet[M]], int], by: User, history: str) -> int:
    """Do it and write it down, both or neither; to how many rows it was done."""
    with transaction.atomic():
        done = act(chosen)
        if done:
            LogEntry.objects.log_actions(by.pk, chosen, CHANGE, change_message=history)
    return done


def _carry_out(
    jobs: QuerySet[SyncQueueItem],
    act: Callable[[QuerySet[SyncQueueItem]], int],
    by: User,
    history: str,
    *,
    wanted: list[int] | None,
) -> tuple[int, int]:
    """Batch by batch; to how many jobs it was done, and to how many not that were wanted by id, or are left over."""
    keys = list(jobs.order_by("pk").values_list("pk", flat=True)[: MOST + 1])
    table, done = SyncQueueItem.objects.defer("last_traceback"), 0
    for start in range(0, min(len(keys), MOST), BATCH):
        with transaction.atomic():
            batch = table.waiting().filter(pk__in=keys[start : min(start + BATCH, MOST)])
            locked = list(batch.select_for_update(of=("self",)).order_by("pk"))
            count = act(table.filter(pk__in=[job.pk for job in locked]))
            if count:
                LogEntry.objects.log_actions(by.pk, locked, CHANGE, change_message=history)
            done += count
    left = max(len(set(wanted)) - done, 0) if wanted is not None else 0
    return done, left or (jobs.count() if len(keys) > MOST else 0)


def _ring() -> None:
    ring(tasks.DRAIN, at_most=settings.TDS_WORKERS)


def _wrong_state(request: Request, state: str, shown: str) -> HttpResponse:
    detail = _("It is in another state: %(state)s.") % {"state": shown}
    return problem(request._request, 409, "wrong_state", detail, [{"field": "state", "code": state, "detail": shown}])
