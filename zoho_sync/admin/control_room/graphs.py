"""The charts: what came in and what became of it, what waited and how long, the calls of Zoho's API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language_bidi
from django.utils.translation import gettext as _

from tsh_erp.admin_site.charts import Chart, Mark, Series, columns, lines
from zoho_sync.admin.control_room.reading import DAYS, Numbers, days_back, hours_back
from zoho_sync.monitoring import DAY, HOUR, Reading

HOURS = 24


def graphs(numbers: Numbers) -> list[SafeString]:
    hours, days = hours_back(numbers.at, HOURS), days_back(numbers.at, DAYS)
    return [
        columns(_traffic(numbers, hours, per_day=False)),
        columns(_traffic(numbers, days, per_day=True)),
        lines(_depth(numbers, hours)),
        lines(_age(numbers, hours)),
        columns(_calls(numbers, hours)),
    ]


def _traffic(numbers: Numbers, begins: Sequence[datetime], *, per_day: bool) -> Chart:
    def values(metric: str) -> list[float | None]:
        if per_day:
            return [numbers.total(metric, since=begin, until=begin + DAY) for begin in begins]
        return _by_hour(numbers.hours[metric], begins)

    return Chart(
        key="per-day" if per_day else "per-hour",
        title=_("Each day, 30 days") if per_day else _("Each hour, 24 hours"),
        description=_("Records brought in and failed attempts as columns, webhooks received as a line."),
        slots=_days(begins) if per_day else _hours(begins),
        series=[
            Series(label=_("brought in"), values=values("attempts.good"), tone="good"),
            Series(label=_("failed"), values=values("attempts.failed"), tone="bad"),
        ],
        line=Series(label=_("webhooks received"), values=values("webhooks.deliveries"), tone="busy"),
        marks=_marks(numbers, begins, DAY if per_day else HOUR),
        from_right=get_language_bidi(),
    )


def _depth(numbers: Numbers, begins: Sequence[datetime]) -> Chart:
    return Chart(
        key="depth",
        title=_("Jobs waiting, the most of each hour"),
        description=_("How many jobs were pending, and how many waited to retry."),
        slots=_hours(begins),
        series=[
            Series(label=_("pending"), values=_by_hour(numbers.hours["queue.pending"], begins), tone="busy"),
            Series(label=_("waiting to retry"), values=_by_hour(numbers.hours["queue.retry"], begins), tone="warning"),
        ],
        marks=_marks(numbers, begins, HOUR),
        from_right=get_language_bidi(),
    )


def _age(numbers: Numbers, begins: Sequence[datetime]) -> Chart:
    seconds = _by_hour(numbers.hours["queue.oldest_due_seconds"], begins)
    minutes = [None if one is None else one / 60 for one in seconds]
    return Chart(
        key="age",
        title=_("Age of the oldest due job, the most of each hour"),
        description=_("How long the oldest job had been waiting for a worker."),
        slots=_hours(begins),
        series=[Series(label=_("minutes"), values=minutes, tone="warning")],
        marks=_marks(numbers, begins, HOUR),
        from_right=get_language_bidi(),
    )


def _calls(numbers: Numbers, begins: Sequence[datetime]) -> Chart:
    return Chart(
        key="calls",
        title=_("API calls each hour"),
        description=_("How often Zoho was asked."),
        slots=_hours(begins),
        series=[Series(label=_("API calls"), values=_by_hour(numbers.hours["api.calls"], begins), tone="busy")],
        marks=_marks(numbers, begins, HOUR),
        from_right=get_language_bidi(),
    )


def _by_hour(readings: Sequence[Reading], begins: Sequence[datetime]) -> list[float | None]:
    known: Mapping[datetime, float] = {reading.at: reading.value for reading in readings}
    return [known.get(begin) for begin in begins]


def _marks(numbers: Numbers, begins: Sequence[datetime], length: timedelta) -> list[Mark]:
    found = []
    for deploy in numbers.deploys:
        slots = [slot for slot, begin in enumerate(begins) if begin <= deploy.at < begin + length]
        found += [Mark(slot, _("version %(version)s") % {"version": deploy.version}) for slot in slots]
    return found


def _hours(begins: Sequence[datetime]) -> list[str]:
    return [timezone.localtime(begin).strftime("%H:%M") for begin in begins]


def _days(begins: Sequence[datetime]) -> list[str]:
    return [timezone.localtime(begin).strftime("%m-%d") for begin in begins]
