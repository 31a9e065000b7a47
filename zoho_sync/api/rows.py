"""Rows of the sync's tables as the API tells of them. Bodies, payloads and tracebacks stay in the admin."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from zoho_sync.entities import BY_MODULE
from zoho_sync.models import Alert, DeadLetter, InboxEvent, MetricSample, SyncLog, SyncQueueItem


class EntityField(serializers.CharField):
    """What we call the kind of record; its module where that is not (or no longer) known."""

    def __init__(self) -> None:
        super().__init__(source="module", read_only=True)

    def to_representation(self, value: str) -> str:
        return BY_MODULE[value].name if value in BY_MODULE else value


class QueueRow(serializers.ModelSerializer[SyncQueueItem]):
    """One job."""

    entity = EntityField()

    class Meta:
        model = SyncQueueItem
        fields = (
            "id",
            "entity",
            "module",
            "zoho_id",
            "status",
            "priority",
            "attempts",
            "deaths",
            "needs_fetch",
            "created_at",
            "next_attempt_at",
            "waits_for_module",
            "waits_for_id",
            "claimed_at",
            "locked_by",
            "lock_expires_at",
            "finished_at",
            "last_error",
        )


class DeadLetterRow(serializers.ModelSerializer[DeadLetter]):
    """One record that could not be brought in."""

    entity = EntityField()

    class Meta:
        model = DeadLetter
        fields = (
            "id",
            "entity",
            "module",
            "zoho_id",
            "state",
            "group",
            "error_class",
            "message",
            "attempts",
            "automatic_retries",
            "job",
            "event",
            "created_at",
            "updated_at",
            "reason",
            "closed_at",
        )


class LogRow(serializers.ModelSerializer[SyncLog]):
    """One attempt on one record."""

    entity = EntityField()

    class Meta:
        model = SyncLog
        fields = (
            "id",
            "entity",
            "module",
            "zoho_id",
            "outcome",
            "attempt",
            "event_count",
            "started_at",
            "duration_ms",
            "error_class",
            "message",
            "worker",
            "batch",
            "job",
        )


class InboxRow(serializers.ModelSerializer[InboxEvent]):
    """One webhook."""

    entity = EntityField()
    event_id = serializers.UUIDField(source="uuid", read_only=True)
    duplicates = serializers.SerializerMethodField(help_text="how often the same bytes came again")

    class Meta:
        model = InboxEvent
        fields = (
            "id",
            "event_id",
            "path",
            "entity",
            "module",
            "zoho_id",
            "operation",
            "state",
            "reason",
            "received_at",
            "modified_at",
            "settled_at",
            "deliveries",
            "duplicates",
            "last_delivered_at",
            "proof",
            "address",
            "request_id",
            "parent",
            "successor",
            "log",
        )

    def get_duplicates(self, event: InboxEvent) -> int:
        return event.deliveries - 1


class AlertRow(serializers.ModelSerializer[Alert]):
    """One alert."""

    acknowledged_by = serializers.CharField(source="acknowledged_by.username", default=None, read_only=True)
    resolved_by = serializers.CharField(source="resolved_by.username", default=None, read_only=True)

    class Meta:
        model = Alert
        fields = (
            "id",
            "code",
            "fingerprint",
            "severity",
            "title",
            "detail",
            "state",
            "count",
            "first_seen_at",
            "last_seen_at",
            "snoozed_until",
            "acknowledged_at",
            "acknowledged_by",
            "resolved_at",
            "resolved_by",
            "resolution",
        )


class SampleRow(serializers.ModelSerializer[MetricSample]):
    """The numbers of one minute or hour. What was not measured is null or missing."""

    values = serializers.SerializerMethodField()

    class Meta:
        model = MetricSample
        fields = ("at", "resolution", "values")

    def get_values(self, sample: MetricSample) -> dict[str, float | None]:
        names: Any = self.context.get("names")
        return {name: sample.values.get(name) for name in names} if names else sample.values
