"""Runs as the API tells of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from zoho_sync import monitoring
from zoho_sync.entities import BY_MODULE
from zoho_sync.models import SyncRun
from zoho_sync.runs import COUNTS, RESUMABLE


def address_of(run: SyncRun) -> str:
    return reverse("zoho_sync:bulk-run", args=[run.pk])


def address_of_batch(runs: Sequence[SyncRun]) -> str:
    """Where runs that were started together are watched; a single one at its own address."""
    return reverse("zoho_sync:bulk-batch", args=[runs[0].batch]) if runs[0].batch else address_of(runs[0])


class Progress(serializers.Serializer[Any]):
    done = serializers.IntegerField(help_text="records looked at")
    expected = serializers.IntegerField(allow_null=True, help_text="null while it is not known")
    share = serializers.FloatField(allow_null=True, help_text="0 to 1")
    per_second = serializers.FloatField(allow_null=True)
    seconds_left = serializers.IntegerField(allow_null=True)
    ends_at = serializers.DateTimeField(allow_null=True)


class RecordErrors(serializers.Serializer[Any]):
    zoho_id = serializers.CharField()
    error = serializers.CharField()
    dead_letter = serializers.IntegerField(allow_null=True)


class Counts(serializers.ModelSerializer[SyncRun]):
    class Meta:
        model = SyncRun
        fields = COUNTS


class RunSerializer(serializers.ModelSerializer[SyncRun]):
    """One run in a list."""

    entity = serializers.SerializerMethodField()
    status_url = serializers.SerializerMethodField()
    counts = Counts(source="*", read_only=True)
    progress = serializers.SerializerMethodField()
    duration_seconds = serializers.SerializerMethodField()
    error = serializers.SerializerMethodField()
    resumable = serializers.SerializerMethodField(help_text="whether `resume` goes on where the run stopped")

    class Meta:
        model = SyncRun
        fields = (
            "id",
            "status_url",
            "batch",
            "kind",
            "module",
            "entity",
            "mode",
            "trigger",
            "status",
            "resumable",
            "since",
            "options",
            "started_at",
            "finished_at",
            "duration_seconds",
            "beat_at",
            "cancel_requested_at",
            "progress",
            "counts",
            "error",
        )

    def get_entity(self, run: SyncRun) -> str:
        return BY_MODULE[run.module].name if run.module in BY_MODULE else run.module

    def get_status_url(self, run: SyncRun) -> str:
        return address_of(run)

    @extend_schema_field(Progress)
    def get_progress(self, run: SyncRun) -> dict[str, Any]:
        now = timezone.now()
        progress = monitoring.progress_of(run, at=now)
        left = progress.seconds_left
        return {
            "done": progress.done,
            "expected": progress.expected,
            "share": None if progress.share is None else round(progress.share, 4),
            "per_second": None if progress.per_second is None else round(progress.per_second, 2),
            "seconds_left": left,
            "ends_at": None if left is None else now + timedelta(seconds=left),
        }

    def get_duration_seconds(self, run: SyncRun) -> float:
        return round(monitoring.progress_of(run, at=timezone.now()).seconds, 3)

    def get_error(self, run: SyncRun) -> str:
        return monitoring.error_of(run)

    def get_resumable(self, run: SyncRun) -> bool:
        return run.status in RESUMABLE


class RunDetailSerializer(RunSerializer):
    """One run with the records it could not bring in."""

    errors = serializers.SerializerMethodField(help_text="at most 100 records")  # type: ignore[assignment]

    class Meta(RunSerializer.Meta):
        fields: tuple[str, ...] = (*RunSerializer.Meta.fields, "errors")  # type: ignore[assignment]

    @extend_schema_field(RecordErrors(many=True))
    def get_errors(self, run: SyncRun) -> list[dict[str, Any]]:
        return [
            {"zoho_id": one.zoho_id, "error": one.error, "dead_letter": one.dead_letter}
            for one in monitoring.errors_of(run)
        ]


class BatchSerializer(serializers.Serializer[Any]):
    """Runs that were started together, as one."""

    batch = serializers.UUIDField()
    status = serializers.ChoiceField(choices=SyncRun.Status.choices)
    share = serializers.FloatField(help_text="0 to 1: of the runs, each with its own share")
    runs_done = serializers.IntegerField()
    runs_total = serializers.IntegerField()
    counts = Counts()
    started_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    runs = RunSerializer(many=True)


class Started(serializers.Serializer[Any]):
    """A run was ordered, or is still under way: where to watch it."""

    success = serializers.BooleanField()
    message = serializers.CharField()
    status = serializers.ChoiceField(choices=SyncRun.Status.choices)
    run_id = serializers.IntegerField(help_text="the first of them, when several were started")
    run_ids = serializers.ListField(child=serializers.IntegerField())
    batch = serializers.UUIDField(allow_null=True)
    status_url = serializers.CharField()


class Stats(serializers.Serializer[Any]):
    total_processed = serializers.IntegerField()
    successful = serializers.IntegerField()
    failed = serializers.IntegerField()
    skipped = serializers.IntegerField()


class Ended(Started):
    """How it ended."""

    stats = Stats()
    duration_seconds = serializers.FloatField()
    error = serializers.CharField(allow_null=True)


ENDINGS = {
    SyncRun.Status.COMPLETED: lambda: _("The sync is complete."),
    SyncRun.Status.PARTIAL: lambda: _("The sync is complete, but some records failed."),
    SyncRun.Status.FAILED: lambda: _("The sync failed."),
    SyncRun.Status.CANCELLED: lambda: _("The sync was cancelled."),
}


def tell_start(runs: Sequence[SyncRun], message: str) -> dict[str, Any]:
    """The answer `Started`."""
    return {
        "success": True,
        "message": message,
        "status": monitoring.status_of(runs),
        "run_id": runs[0].pk,
        "run_ids": [run.pk for run in runs],
        "batch": runs[0].batch,
        "status_url": address_of_batch(runs),
    }


def tell_end(runs: Sequence[SyncRun]) -> dict[str, Any]:
    """The answer `Ended`: the counts of all the runs, and the first error among them."""
    status = monitoring.status_of(runs)
    successful = sum(run.created + run.updated + run.unchanged + run.stale for run in runs)
    failed, skipped = sum(run.failed for run in runs), sum(run.skipped for run in runs)
    ends = [run.finished_at for run in runs if run.finished_at]
    return tell_start(runs, ENDINGS[status]()) | {
        "success": status == SyncRun.Status.COMPLETED,
        "stats": {
            "total_processed": successful + failed + skipped,
            "successful": successful,
            "failed": failed,
            "skipped": skipped,
        },
        "duration_seconds": round((max(ends) - min(run.started_at for run in runs)).total_seconds(), 3),
        "error": next((run.error for run in runs if run.error), None),
    }


def tell_batch(runs: Sequence[SyncRun], *, at: datetime) -> dict[str, Any]:
    """The answer `BatchSerializer`."""
    open_runs = [run for run in runs if run.is_open]
    shares = [(monitoring.progress_of(run, at=at).share or 0.0) if run.is_open else 1.0 for run in runs]
    return {
        "batch": runs[0].batch,
        "status": monitoring.status_of(runs),
        "share": round(sum(shares) / len(runs), 4),
        "runs_done": len(runs) - len(open_runs),
        "runs_total": len(runs),
        "counts": {name: sum(getattr(run, name) for run in runs) for name in Counts.Meta.fields},
        "started_at": min(run.started_at for run in runs),
        "finished_at": None if open_runs else max(run.finished_at or run.started_at for run in runs),
        "runs": RunSerializer(runs, many=True).data,
    }
