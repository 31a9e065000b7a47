"""Starting syncs over HTTP, watching them, stopping them, and letting them go on."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from typing import Any, ClassVar

from django.core.cache import cache
from django.http import Http404, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from tsh_erp.problems import problem
from tsh_erp.rest.filters import StrictFilterBackend
from tsh_erp.rest.strict import StrictBooleanField, StrictSerializer, refuse_unknown_parameters
from zoho_sync import runs, tasks
from zoho_sync.api.filters import RunFilter
from zoho_sync.api.orders import SyncRequest, orders_for
from zoho_sync.api.permissions import CanRunSync, StaffView, caller
from zoho_sync.api.runs import (
    BatchSerializer,
    Ended,
    RunDetailSerializer,
    RunSerializer,
    Started,
    address_of,
    tell_batch,
    tell_end,
    tell_start,
)
from zoho_sync.errors import NotConfigured
from zoho_sync.models import SyncRun
from zoho_sync.runs import AlreadyRunning, NotResumable

# Below gunicorn's 30 s. One caller at a time waits: a web worker that waits takes no webhooks.
WAIT_SECONDS = 20
LOOK_SECONDS = 0.2
WAITING = "zoho_sync:bulk-sync:waiting"

WAIT = OpenApiParameter("wait", bool, description=f"Wait for the end, {WAIT_SECONDS} s at the most.")
TAGS = ["bulk sync"]
PROBLEMS = dict.fromkeys((400, 401, 403, 409, 429, 503), OpenApiTypes.OBJECT)  # problem+json: tsh_erp.problems


class StartSync(StaffView):
    """Starts the sync of one module (None: of all) and answers at once; with `?wait=true` when it has ended."""

    permission_classes = (CanRunSync,)
    module: ClassVar[str | None] = None

    @extend_schema(request=SyncRequest, parameters=[WAIT], responses={202: Started, 200: Ended, **PROBLEMS}, tags=TAGS)
    def post(self, request: Request) -> Response | HttpResponse:
        refuse_unknown_parameters(request, ["wait"])
        waits = _wants_to_wait(request)
        wish = SyncRequest(data=_body(request), context={"without_products": self.module not in (None, "item")})
        wish.is_valid(raise_exception=True)
        try:
            started = tasks.start(
                orders_for(self.module, wish.validated_data), trigger=SyncRun.Trigger.API, user=caller(request)
            )
        except NotConfigured as error:
            return _not_configured(request, error)
        except AlreadyRunning as error:
            return _already_running(request, error)
        if waits:
            started = _wait_for(started)
            if not any(run.is_open for run in started):
                return Response(tell_end(started))
            message = _("The sync has not ended yet.")
        else:
            message = _("The sync was started.")
        return _accepted(tell_start(started, message))


class StartProducts(StartSync):
    """Sync products."""

    module = "item"


class StartCustomers(StartSync):
    """Sync customers and vendors, which are one list in Zoho."""

    module = "contact"


class StartPriceLists(StartSync):
    """Sync price lists and their prices."""

    module = "pricebook"


class StartAll(StartSync):
    """Sync everything: one run for each kind of record, one after the other, and the stock at the end."""


class RunList(ListAPIView[SyncRun]):
    """Runs, the newest first."""

    authentication_classes = StaffView.authentication_classes
    permission_classes = (CanRunSync,)
    queryset = SyncRun.objects.order_by("-id")
    serializer_class = RunSerializer
    filter_backends = (StrictFilterBackend,)
    filterset_class = RunFilter

    @extend_schema(tags=TAGS)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class RunStatus(StaffView):
    """How far one run has come, and what went wrong."""

    permission_classes = (CanRunSync,)

    @extend_schema(responses={200: RunDetailSerializer}, tags=TAGS)
    def get(self, request: Request, run: int) -> Response:
        return Response(RunDetailSerializer(_run(run)).data)


class BatchStatus(StaffView):
    """How far the runs have come that were started together."""

    permission_classes = (CanRunSync,)

    @extend_schema(operation_id="zoho_bulk_sync_batch_retrieve", responses={200: BatchSerializer}, tags=TAGS)
    def get(self, request: Request, batch: uuid.UUID) -> Response:
        return Response(tell_batch(_batch(batch), at=timezone.now()))


class CancelRun(StaffView):
    """Asks a run to stop after its present step; it can be resumed."""

    permission_classes = (CanRunSync,)

    @extend_schema(request=None, responses={202: Started, **PROBLEMS}, tags=TAGS)
    def post(self, request: Request, run: int) -> Response | HttpResponse:
        if not runs.request_cancel(_run(run).pk):
            return _wrong_state(request, _run(run))
        return _accepted(tell_start([_run(run)], _("The run stops after its present step.")))


class CancelBatch(StaffView):
    """Asks all runs that were started together to stop."""

    permission_classes = (CanRunSync,)

    @extend_schema(
        operation_id="zoho_bulk_sync_batch_cancel", request=None, responses={202: Started, **PROBLEMS}, tags=TAGS
    )
    def post(self, request: Request, batch: uuid.UUID) -> Response | HttpResponse:
        # From the end, so that none of them begins meanwhile.
        asked = [runs.request_cancel(run.pk) for run in reversed(_batch(batch))]
        if not any(asked):
            return _wrong_state(request, _batch(batch)[-1])
        return _accepted(tell_start(_batch(batch), _("The runs stop, the present one after its step.")))


class ResumeRun(StaffView):
    """Lets a run that ended early go on where it stopped."""

    permission_classes = (CanRunSync,)

    @extend_schema(request=None, responses={202: Started, **PROBLEMS}, tags=TAGS)
    def post(self, request: Request, run: int) -> Response | HttpResponse:
        try:
            resumed = tasks.resume(_run(run).pk)
        except NotConfigured as error:
            return _not_configured(request, error)
        except AlreadyRunning as error:
            return _already_running(request, error)
        except NotResumable:
            return _wrong_state(request, _run(run))
        return _accepted(tell_start([resumed], _("The run goes on where it stopped.")))


class ResumeBatch(StaffView):
    """Lets all runs that were started together and failed or were cancelled go on, one after the other."""

    permission_classes = (CanRunSync,)

    @extend_schema(
        operation_id="zoho_bulk_sync_batch_resume", request=None, responses={202: Started, **PROBLEMS}, tags=TAGS
    )
    def post(self, request: Request, batch: uuid.UUID) -> Response | HttpResponse:
        together = _batch(batch)
        try:
            resumed = tasks.resume_batch(batch)
        except NotConfigured as error:
            return _not_configured(request, error)
        except AlreadyRunning as error:
            return _already_running(request, error)
        if not resumed:
            return _wrong_state(request, together[-1])
        return _accepted(tell_start(resumed, _("The runs go on where they stopped.")))


def _body(request: Request) -> Any:
    """What was sent; no body at all wishes for nothing in particular."""
    return {} if request.data == {} else request.data


def _run(pk: int) -> SyncRun:
    run = SyncRun.objects.filter(pk=pk).first() if pk < 2**63 else None
    if run is None:
        raise Http404
    runs.give_up_dead(SyncRun.objects.filter(pk=pk))
    run.refresh_from_db()
    return run


def _batch(batch: uuid.UUID) -> list[SyncRun]:
    runs.give_up_dead(SyncRun.objects.filter(batch=batch))
    found = list(SyncRun.objects.filter(batch=batch).order_by("pk"))
    if not found:
        raise Http404
    return found


def _wants_to_wait(request: Request) -> bool:
    class Parameters(StrictSerializer):
        wait = StrictBooleanField(default=False)

    words = {"true": True, "1": True, "false": False, "0": False}
    told = request.query_params.get("wait", "false")
    parameters = Parameters(data={"wait": words.get(told.casefold(), told)})
    parameters.is_valid(raise_exception=True)
    return bool(parameters.validated_data["wait"])


def _wait_for(started: Sequence[SyncRun]) -> list[SyncRun]:
    """The runs as they are when all have ended, or when the wait is over."""
    keys = [run.pk for run in started]
    watched = SyncRun.objects.filter(pk__in=keys)
    if cache.add(WAITING, 1, timeout=WAIT_SECONDS + 1):
        deadline = time.monotonic() + WAIT_SECONDS
        try:
            while watched.open().exists() and time.monotonic() < deadline:
                time.sleep(LOOK_SECONDS)
        finally:
            cache.delete(WAITING)
    return list(watched.order_by("pk"))


def _accepted(told: dict[str, Any]) -> Response:
    return Response(told, status=status.HTTP_202_ACCEPTED, headers={"Location": told["status_url"]})


def _already_running(request: Request, error: AlreadyRunning) -> HttpResponse:
    run = error.run
    detail = _("Run %(run)d of the same scope is under way (%(module)s, %(status)s): see %(address)s.") % {
        "run": run.pk,
        "module": run.module,
        "status": run.get_status_display(),
        "address": address_of(run),
    }
    named = {"field": "run", "code": "already_running", "detail": run.pk}
    answer = problem(request._request, 409, "already_running", detail, [named])
    answer["Location"] = address_of(run)
    return answer


def _wrong_state(request: Request, run: SyncRun) -> HttpResponse:
    detail = _("Run %(run)d is in another state: %(status)s.") % {"run": run.pk, "status": run.get_status_display()}
    named = {"field": "status", "code": run.status, "detail": run.get_status_display()}
    return problem(request._request, 409, "wrong_state", detail, [named])


def _not_configured(request: Request, error: NotConfigured) -> HttpResponse:
    detail = _("No Zoho client is configured. Missing settings: %(names)s.") % {"names": ", ".join(error.missing)}
    named = [{"field": name, "code": "missing", "detail": _("This setting is missing.")} for name in error.missing]
    return problem(request._request, 503, "not_configured", detail, named)
