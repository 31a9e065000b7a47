"""The dashboard's numbers and lists. Whoever may look is a member of staff with `view_dashboard`."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils import timezone
from django_filters.rest_framework import FilterSet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from tsh_erp.rest.filters import AnyOf, StrictFilterBackend
from tsh_erp.rest.pages import BoundedPages
from tsh_erp.rest.strict import refuse_unknown_parameters
from zoho_sync import monitoring, overview
from zoho_sync.api import rows
from zoho_sync.api.filters import AlertFilter, DeadLetterFilter, InboxFilter, LogFilter, QueueFilter
from zoho_sync.api.permissions import CanViewDashboard, StaffView
from zoho_sync.models import Alert, DeadLetter, InboxEvent, MetricSample, SyncLog, SyncQueueItem

TAGS = ["dashboard"]
OBJECT = {200: OpenApiTypes.OBJECT}


class Health(StaffView):
    """How the sync is doing, and why: `healthy`, `degraded` or `unhealthy` with its reasons."""

    permission_classes = (CanViewDashboard,)

    @extend_schema(responses=OBJECT, tags=TAGS)
    def get(self, request: Request) -> Response:
        refuse_unknown_parameters(request, ())
        seen = overview.look(at=timezone.now())
        return Response(overview.tell_health(seen, overview.judge(seen, overview.thresholds())))


class Stats(StaffView):
    """Every number: queue, throughput, success, durations, webhooks, freshness, budget, workers, forecasts."""

    permission_classes = (CanViewDashboard,)

    @extend_schema(responses=OBJECT, tags=TAGS)
    def get(self, request: Request) -> Response:
        refuse_unknown_parameters(request, ())
        seen = overview.look(at=timezone.now())
        return Response(overview.tell(seen, overview.look_ahead(seen), monitoring.freshness()))


class _List(ListAPIView[Any]):
    """Rows, the newest first."""

    authentication_classes = StaffView.authentication_classes
    permission_classes = (CanViewDashboard,)
    filter_backends = (StrictFilterBackend,)
    pagination_class = BoundedPages

    @extend_schema(tags=TAGS)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class Queue(_List):
    """Jobs, the newest first."""

    queryset = SyncQueueItem.objects.defer("last_traceback").order_by("-id")
    serializer_class = rows.QueueRow
    filterset_class = QueueFilter


class DeadLetters(_List):
    """Dead letters, the newest first."""

    queryset = DeadLetter.objects.defer("traceback", "payload").order_by("-id")
    serializer_class = rows.DeadLetterRow
    filterset_class = DeadLetterFilter


class Logs(_List):
    """Attempts on records, the newest first."""

    queryset = SyncLog.objects.order_by("-id")
    serializer_class = rows.LogRow
    filterset_class = LogFilter


class Inbox(_List):
    """Webhooks, the newest first."""

    queryset = InboxEvent.objects.defer("body", "headers", "query").order_by("-id")
    serializer_class = rows.InboxRow
    filterset_class = InboxFilter


class Alerts(_List):
    """Alerts, the last seen first."""

    queryset = Alert.objects.select_related("acknowledged_by", "resolved_by").order_by("-last_seen_at", "-id")
    serializer_class = rows.AlertRow
    filterset_class = AlertFilter


class MetricFilter(FilterSet):  # type: ignore[misc]
    """Samples of one resolution (minutes, if nothing is said) and time."""

    resolution = django_filters.ChoiceFilter(choices=MetricSample.Resolution.choices)
    name = AnyOf(
        choices=[(name, name) for name in monitoring.METRICS],
        method="only_named",
        help_text="only these numbers; may be repeated",
    )
    since = django_filters.IsoDateTimeFilter(field_name="at", lookup_expr="gte")
    until = django_filters.IsoDateTimeFilter(field_name="at", lookup_expr="lt")

    class Meta:
        model = MetricSample
        fields = ()

    def only_named(self, samples: QuerySet[MetricSample], name: str, value: list[str]) -> QuerySet[MetricSample]:
        return samples  # the serializer leaves the others out


class Metrics(_List):
    """The kept numbers of each minute or hour, the newest first."""

    queryset = MetricSample.objects.order_by("-at")
    serializer_class = rows.SampleRow
    filterset_class = MetricFilter

    def filter_queryset(self, queryset: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        asked = self.request.query_params.get("resolution")
        found = super().filter_queryset(queryset)
        return found if asked else found.filter(resolution=MetricSample.Resolution.MINUTE)

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "names": self.request.query_params.getlist("name")}
