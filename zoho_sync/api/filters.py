"""Filters of the API's lists."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from django_filters.rest_framework import FilterSet

from tsh_erp.rest.filters import AnyOf
from zoho_sync.entities import BY_MODULE, ENTITIES, WEBHOOK_PATHS, find_entity
from zoho_sync.models import Alert, DeadLetter, InboxEvent, SyncLog, SyncQueueItem, SyncRun

KINDS = [(name, name) for entity in ENTITIES for name in dict.fromkeys((entity.name, entity.module))]


class RecordFilter(FilterSet):  # type: ignore[misc]
    """Rows about Zoho records, by kind of record, id and time. Given a time, the rows come in the order of time."""

    time: ClassVar[str]

    entity = django_filters.ChoiceFilter(
        choices=KINDS, method="of_entity", help_text="what we call the kind of record, or what Zoho calls it"
    )
    zoho_id = django_filters.CharFilter(method="of_zoho_id")
    since = django_filters.IsoDateTimeFilter(method="from_time")
    until = django_filters.IsoDateTimeFilter(method="before_time")

    def of_entity(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        entity = find_entity(value)
        return rows.filter(module=entity.module) if entity else rows.none()

    def of_zoho_id(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        # Every module is named, because the indexes begin with it.
        return rows.filter(module__in=[*BY_MODULE, ""], zoho_id=value)

    def from_time(self, rows: QuerySet[Any], name: str, value: datetime) -> QuerySet[Any]:
        return rows.filter(**{f"{self.time}__gte": value}).order_by(f"-{self.time}", "-id")

    def before_time(self, rows: QuerySet[Any], name: str, value: datetime) -> QuerySet[Any]:
        return rows.filter(**{f"{self.time}__lt": value}).order_by(f"-{self.time}", "-id")


class QueueFilter(RecordFilter):
    """Jobs; the time is when they were made."""

    time = "created_at"
    status = AnyOf(choices=SyncQueueItem.Status.choices)

    class Meta:
        model = SyncQueueItem
        fields = ()


class DeadLetterFilter(RecordFilter):
    """Dead letters; the time is when they were opened first."""

    time = "created_at"
    status = AnyOf(field_name="state", choices=DeadLetter.State.choices)
    group = django_filters.NumberFilter(field_name="group_id", help_text="the error group")

    class Meta:
        model = DeadLetter
        fields = ()


class LogFilter(RecordFilter):
    """Attempts; the time is when they began."""

    time = "started_at"
    status = AnyOf(field_name="outcome", choices=SyncLog.Outcome.choices)
    job = django_filters.NumberFilter(field_name="job_id")

    class Meta:
        model = SyncLog
        fields = ()


class InboxFilter(RecordFilter):
    """Webhooks; the time is when they were first received."""

    time = "received_at"
    status = AnyOf(field_name="state", choices=InboxEvent.State.choices)
    path = django_filters.ChoiceFilter(choices=[(path, path) for path in WEBHOOK_PATHS])
    event_id = django_filters.UUIDFilter(field_name="uuid")

    class Meta:
        model = InboxEvent
        fields = ()


class AlertFilter(FilterSet):  # type: ignore[misc]
    """Alerts by state, severity, code, and when they were last seen."""

    status = AnyOf(field_name="state", choices=Alert.State.choices)
    severity = AnyOf(choices=Alert.Severity.choices)
    code = django_filters.CharFilter()
    since = django_filters.IsoDateTimeFilter(field_name="last_seen_at", lookup_expr="gte")
    until = django_filters.IsoDateTimeFilter(field_name="last_seen_at", lookup_expr="lt")

    class Meta:
        model = Alert
        fields = ()


class RunFilter(FilterSet):  # type: ignore[misc]
    """Runs by what they are, how they stand, and when they began."""

    status = AnyOf(choices=SyncRun.Status.choices)
    kind = django_filters.ChoiceFilter(choices=SyncRun.Kind.choices)
    module = django_filters.ChoiceFilter(choices=[(entity.module, entity.label) for entity in ENTITIES])
    mode = django_filters.ChoiceFilter(choices=SyncRun.Mode.choices)
    trigger = django_filters.ChoiceFilter(choices=SyncRun.Trigger.choices)
    batch = django_filters.UUIDFilter()
    started_after = django_filters.IsoDateTimeFilter(field_name="started_at", lookup_expr="gte")
    started_before = django_filters.IsoDateTimeFilter(field_name="started_at", lookup_expr="lt")

    class Meta:
        model = SyncRun
        fields = ()
