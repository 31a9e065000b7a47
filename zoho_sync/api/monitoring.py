"""What health scripts and operators ask: how the sync stands, what runs when, and to heal it now."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from tsh_erp.rest.strict import StrictSerializer, refuse_unknown_parameters
from zoho_sync import healing, monitoring, overview
from zoho_sync.api.permissions import CanManageQueue, CanViewDashboard, HasMetricsToken, StaffView

TAGS = ["monitoring"]
OBJECT = {200: OpenApiTypes.OBJECT}
StaffOrScript: type[BasePermission] = CanViewDashboard | HasMetricsToken  # type: ignore[assignment]


class Health(StaffView):
    """The queue in numbers and whether they are good; also for scripts with `Authorization: Bearer METRICS_TOKEN`.

    `failed` are the jobs that wait to retry, `total` is the sum of the states shown.
    """

    permission_classes = (StaffOrScript,)

    @extend_schema(responses=OBJECT, tags=TAGS)
    def get(self, request: Request) -> Response:
        refuse_unknown_parameters(request, ())
        seen, rules = overview.look(at=timezone.now()), overview.thresholds()
        told = overview.tell_health(seen, overview.judge(seen, rules))
        return Response(
            {
                "status": told["status"],
                "timestamp": told["timestamp"],
                "queue": overview.tell_queue(seen.queue),
                "metrics": self.metrics(seen),
                "thresholds": overview.tell_thresholds(rules),
                "reasons": told["reasons"],
            }
        )

    @staticmethod
    def metrics(seen: overview.Overview) -> dict[str, Any]:
        told = overview.tell_health(seen, overview.Verdict(()))
        return {
            "success_rate": None if seen.success_rate is None else round(seen.success_rate, 4),
            "active_alerts": told["active_alerts"],
            "dead_letters_open": seen.dead_letters_open,
            "oldest_due_seconds": told["queue"]["oldest_due_seconds"],
            "processed_last_hour": seen.hour.good,
            "processing_p95_ms": seen.processing_ms.p95,
            "lag_p95_seconds": seen.lag_seconds.p95,
            "workers_alive": seen.workers_alive,
            "scheduler_running": seen.is_scheduler_running,
            "api_budget_used": told["zoho"]["budget_used"],
        }


class SchedulerJobs(StaffView):
    """The periodic jobs: when each runs next, when it ran last and how that went."""

    permission_classes = (StaffOrScript,)

    @extend_schema(responses=OBJECT, tags=TAGS)
    def get(self, request: Request) -> Response:
        refuse_unknown_parameters(request, ())
        at = timezone.now()
        return Response(overview.tell_jobs(monitoring.read_jobs(at=at), at=at))


class RunHealing(StaffView):
    """Repair what has got stuck, now; what was found and what was done. Doing it twice changes nothing more."""

    permission_classes = (CanManageQueue,)

    @extend_schema(request=None, responses=OBJECT, tags=TAGS)
    def post(self, request: Request) -> Response:
        refuse_unknown_parameters(request, ())
        StrictSerializer(data=request.data).is_valid(raise_exception=True)
        return Response(healing.heal(at=timezone.now()).as_json())
