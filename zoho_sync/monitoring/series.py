"""The numbers over time: a sample for each minute and each hour, written by a periodic job, read by charts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from zoho_sync.models import MetricSample
from zoho_sync.models.metrics import MetricSampleQuerySet
from zoho_sync.models.queue import Status
from zoho_sync.monitoring.backlog import open_alerts, open_dead_letters, queue_depth
from zoho_sync.monitoring.freshness import module_states
from zoho_sync.monitoring.keeping import counting_anew
from zoho_sync.monitoring.machinery import disk, workers, workers_alive
from zoho_sync.monitoring.webhooks import count_webhooks, webhook_volume
from zoho_sync.monitoring.work import DAY, HOUR, MINUTE, attempts, attempts_between, lag_between, processing_between
from zoho_sync.monitoring.zoho import zoho_state

Resolution = MetricSample.Resolution
Values = dict[str, float | None]
STEPS: Mapping[str, timedelta] = {Resolution.MINUTE: MINUTE, Resolution.HOUR: HOUR}
# Attempts are known when they are committed, which may be a little after the minute that they began in.
COUNTED_AGAIN = 2
SETTLED = timedelta(minutes=2)
# Hours that the scheduler has slept through are made good from what the tables still know.
MADE_GOOD = timedelta(days=1)


@dataclass(frozen=True)
class Metric:
    """A number of the samples. `of_hour` is what an hour takes of its minutes; "" where it is counted anew."""

    label: Any  # lazy text
    unit: str
    of_hour: str = ""


METRICS: Mapping[str, Metric] = {
    "queue.pending": Metric(_("jobs pending"), "jobs", "max"),
    "queue.retry": Metric(_("jobs waiting to retry"), "jobs", "max"),
    "queue.processing": Metric(_("jobs being worked on"), "jobs", "max"),
    "queue.oldest_due_seconds": Metric(_("age of the oldest due job"), "seconds", "max"),
    "dead_letters.open": Metric(_("open dead letters"), "records", "max"),
    "alerts.open": Metric(_("unresolved alerts"), "alerts", "max"),
    "workers.alive": Metric(_("clusters of queue workers alive"), "clusters", "min"),
    "api.used_today": Metric(_("API calls of the day so far"), "calls", "last"),
    "api.calls": Metric(_("API calls"), "calls", "sum"),
    "database.bytes": Metric(_("size of the database"), "bytes", "last"),
    "disk.free_bytes": Metric(_("free space"), "bytes", "last"),
    "webhooks.deliveries": Metric(_("webhooks received"), "deliveries"),
    "webhooks.duplicates": Metric(_("webhooks received again"), "deliveries"),
    "attempts.good": Metric(_("records brought in"), "attempts"),
    "attempts.failed": Metric(_("failed attempts"), "attempts"),
    "processing.p50_ms": Metric(_("processing time, median"), "milliseconds"),
    "processing.p95_ms": Metric(_("processing time, 95th percentile"), "milliseconds"),
    "lag.p50_seconds": Metric(_("lag behind Zoho, median"), "seconds"),
    "lag.p95_seconds": Metric(_("lag behind Zoho, 95th percentile"), "seconds"),
}


@dataclass(frozen=True, slots=True)
class Reading:
    """What a metric was in the minute or hour that begins at `at`."""

    at: datetime
    value: float


def samples(*, since: datetime, until: datetime, resolution: str = Resolution.MINUTE) -> MetricSampleQuerySet:
    """The samples that begin from `since` on and before `until`, the oldest first. What is missing was not measured."""
    return MetricSample.objects.filter(resolution=resolution).between(since, until).order_by("at")


def series(name: str, *, since: datetime, until: datetime, resolution: str = Resolution.MINUTE) -> list[Reading]:
    """One metric over time, the oldest first; times at which it was not measured are left out. One query.

    KeyError for a name that is not in `METRICS`.
    """
    [found] = several_series([name], since=since, until=until, resolution=resolution)
    return found


def several_series(
    names: Sequence[str], *, since: datetime, until: datetime, resolution: str = Resolution.MINUTE
) -> list[list[Reading]]:
    """The same of several metrics, in the order of `names`. One query."""
    unknown = [name for name in names if name not in METRICS]
    if unknown:
        raise KeyError(*unknown)
    wanted = samples(since=since, until=until, resolution=resolution)
    rows = list(wanted.values_list("at", *(f"values__{name}" for name in names)))
    return [
        [Reading(row[0], float(row[place])) for row in rows if row[place] is not None]
        for place in range(1, len(names) + 1)
    ]


def sample(*, at: datetime) -> int:
    """Write the sample of the last complete minute, and of hours that have ended since; how many were written.

    Safe to repeat: each minute and each hour has one sample. The gauges in it are as of now. The
    minutes before are counted again, and what is shown to many is counted for them on the way.
    """
    minute = at.replace(second=0, microsecond=0) - MINUTE
    with counting_anew():
        gauges = _gauges(at)
        _count_for_others(at)
    written = [(Resolution.MINUTE, minute, gauges | _api_calls(gauges, minute) | _counts(minute, minute + MINUTE))]
    earlier = samples(since=minute - COUNTED_AGAIN * MINUTE, until=minute)
    written += [(Resolution.MINUTE, one.at, one.values | _counts(one.at, one.at + MINUTE)) for one in earlier]
    written += [(Resolution.HOUR, hour, _of_hour(hour)) for hour in _hours_to_write(at)]
    MetricSample.objects.bulk_create(
        [MetricSample(resolution=kind, at=begin, values=values, taken_at=at) for kind, begin, values in written],
        update_conflicts=True,
        unique_fields=["resolution", "at"],
        update_fields=["values", "taken_at"],
    )
    return len(written)


def _gauges(at: datetime) -> Values:
    depth, space, zoho = queue_depth(at=at), disk(), zoho_state(at=at)
    return {
        **{f"queue.{status}": depth.by_status[status] for status in (Status.PENDING, Status.RETRY, Status.PROCESSING)},
        "queue.oldest_due_seconds": depth.oldest_due_seconds(at),
        "dead_letters.open": open_dead_letters(),
        "alerts.open": sum(open_alerts().values()),
        "workers.alive": workers_alive(workers(at=at)),
        "api.used_today": zoho.usage.used if zoho.usage else None,
        "database.bytes": space.database_bytes,
        "disk.free_bytes": space.free_bytes,
    }


def _count_for_others(at: datetime) -> None:
    """What is long to count and shown on many pages is kept by counting it."""
    for length in (MINUTE, HOUR, DAY):
        attempts(within=length, at=at)
    webhook_volume(within=DAY, at=at)
    module_states()


def _api_calls(gauges: Values, minute: datetime) -> Values:
    """Calls since the sample before, which a gap makes a longer time; the count begins anew each local day."""
    used = gauges["api.used_today"]
    before = MetricSample.objects.filter(resolution=Resolution.MINUTE, at__lt=minute).order_by("-at").first()
    if used is None or before is None:
        return {"api.calls": None}
    is_same_day = timezone.localdate(before.taken_at) == timezone.localdate(minute + MINUTE)
    earlier = (before.values.get("api.used_today") or 0) if is_same_day else 0
    return {"api.calls": max(used - earlier, 0)}


def _counts(since: datetime, until: datetime) -> Values:
    """What happened from `since` on and before `until`, as the tables tell."""
    volumes = count_webhooks(since=since, until=until)
    done = attempts_between(since=since, until=until)
    processing, lag = processing_between(since=since, until=until), lag_between(since=since, until=until)
    return {
        "webhooks.deliveries": sum(one.deliveries for one in volumes),
        "webhooks.duplicates": sum(one.duplicates for one in volumes),
        "attempts.good": done.good,
        "attempts.failed": done.failed,
        "processing.p50_ms": processing.p50,
        "processing.p95_ms": processing.p95,
        "lag.p50_seconds": lag.p50,
        "lag.p95_seconds": lag.p95,
    }


def _hours_to_write(at: datetime) -> list[datetime]:
    """Hours that have ended and have no sample yet, since the first we know of."""
    end = (at - SETTLED).replace(minute=0, second=0, microsecond=0)
    begin = end - MADE_GOOD
    newest = MetricSample.objects.filter(resolution=Resolution.HOUR).order_by("-at").first()
    if newest is None:
        newest_minute = MetricSample.objects.filter(resolution=Resolution.MINUTE, at__gte=end - HOUR, at__lt=end)
        return [end - HOUR] if newest_minute.exists() else []
    first = max(begin, newest.at + HOUR)
    return [first + step * HOUR for step in range(max(int((end - first) / HOUR), 0))]


def _of_hour(hour: datetime) -> Values:
    minutes: Sequence[Mapping[str, Any]] = [one.values for one in samples(since=hour, until=hour + HOUR)]
    rolled = {name: _roll(metric.of_hour, (one.get(name) for one in minutes)) for name, metric in METRICS.items()}
    return {name: value for name, value in rolled.items() if METRICS[name].of_hour} | _counts(hour, hour + HOUR)


def _roll(how: str, values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    if not known:
        return None
    if how == "last":
        return known[-1]
    return sum(known) if how == "sum" else min(known) if how == "min" else max(known)
