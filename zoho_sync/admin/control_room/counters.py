"""What was done in a day beside the day before, and what waits with the age of the oldest."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from tsh_erp.admin_site.display import NOTHING, Tone
from zoho_sync.admin.control_room.health import ago, list_address
from zoho_sync.admin.control_room.reading import Numbers
from zoho_sync.models import InboxEvent
from zoho_sync.models.queue import Status
from zoho_sync.monitoring import DAY
from zoho_sync.overview import Overview
from zoho_sync.wording import shown_figure


@dataclass(frozen=True, kw_only=True)
class Counter:
    """A number, the list it was counted in, and beneath it what it is compared with."""

    label: str
    value: str
    address: str
    note: str = ""
    tone: Tone = Tone.QUIET


def counters(numbers: Numbers) -> list[Counter]:
    return [*_day(numbers), *_waiting(numbers), *_pace(numbers)]


def _day(numbers: Numbers) -> list[Counter]:
    """The last 24 hours beside the 24 before."""
    seen = numbers.overview
    since = (numbers.at - DAY).isoformat(timespec="seconds")
    inbox = {"received_at__gte": since}
    received = sum(one.deliveries for one in seen.webhooks)
    again = sum(one.duplicates for one in seen.webhooks)
    invalid = sum(one.by_state.get(InboxEvent.State.INVALID, 0) for one in seen.webhooks)
    return [
        Counter(
            label=_("Webhooks received"),
            value=_count(received),
            address=list_address("zoho_sync_inboxevent", **inbox),
            note=_before(numbers, "webhooks.deliveries"),
        ),
        Counter(
            label=_("Received again"),
            value=_count(again),
            address=list_address("zoho_sync_inboxevent", **inbox, deliveries__gt="1"),
            note=_before(numbers, "webhooks.duplicates"),
        ),
        Counter(
            label=_("Unreadable"),
            value=_count(invalid),
            address=list_address("zoho_sync_inboxevent", **inbox, state__exact=InboxEvent.State.INVALID.value),
            tone=Tone.BAD if invalid else Tone.QUIET,
        ),
        Counter(
            label=_("Records brought in"),
            value=_count(seen.day.good),
            address=list_address("zoho_sync_synclog", started_at__gte=since, outcome__in="applied,unchanged,stale"),
            note=_before(numbers, "attempts.good"),
        ),
        Counter(
            label=_("Failed attempts"),
            value=_count(seen.day.failed),
            address=list_address("zoho_sync_synclog", started_at__gte=since, outcome__in="retry,dead"),
            note=_before(numbers, "attempts.failed"),
            tone=Tone.WARNING if seen.day.failed else Tone.QUIET,
        ),
    ]


def _waiting(numbers: Numbers) -> list[Counter]:
    """What waits now, and for how long."""
    seen = numbers.overview
    labels = {
        Status.PENDING: _("Jobs pending"),
        Status.PROCESSING: _("Jobs being worked on"),
        Status.RETRY: _("Jobs waiting to retry"),
    }
    jobs = [
        Counter(
            label=label,
            value=_count(seen.queue.by_status[status]),
            address=list_address("zoho_sync_syncqueueitem", status__exact=status.value),
            note=_oldest(numbers, seen, status),
        )
        for status, label in labels.items()
    ]
    alerts = sum(seen.alerts.values())
    return [
        *jobs,
        Counter(
            label=_("Open dead letters"),
            value=_count(seen.dead_letters_open),
            address=list_address("zoho_sync_deadletter", state__exact="open"),
            tone=Tone.BAD if seen.dead_letters_open else Tone.GOOD,
        ),
        Counter(
            label=_("Unresolved alerts"),
            value=_count(alerts),
            address=list_address("zoho_sync_alert", state__in="open,acknowledged"),
            tone=Tone.BAD if seen.alerts.get("critical") else Tone.WARNING if alerts else Tone.GOOD,
        ),
    ]


def _pace(numbers: Numbers) -> list[Counter]:
    """How well and how quickly."""
    seen = numbers.overview
    rate = seen.success_rate
    log = list_address("zoho_sync_synclog")
    return [
        Counter(
            label=_("Success rate"),
            value=NOTHING if rate is None else shown_figure(rate, "share"),
            address=log,
            note=_("of the last 24 hours"),
            tone=Tone.QUIET if rate is None else Tone.BAD if "success_rate" in numbers.beyond else Tone.GOOD,
        ),
        Counter(
            label=_("Processing time"),
            value=_milliseconds(seen.processing_ms.p50),
            address=log,
            note=_("95 of 100 within %(time)s") % {"time": _milliseconds(seen.processing_ms.p95)},
        ),
        Counter(
            label=_("Lag behind Zoho"),
            value=_seconds(seen.lag_seconds.p50),
            address=list_address("zoho_sync_inboxevent", state__exact=InboxEvent.State.APPLIED.value),
            note=_("95 of 100 within %(time)s") % {"time": _seconds(seen.lag_seconds.p95)},
        ),
    ]


def _before(numbers: Numbers, metric: str) -> str:
    """The same number of the 24 hours before the last 24."""
    before = numbers.total(metric, since=numbers.at - 2 * DAY, until=numbers.at - DAY)
    return "" if before is None else _("%(count)s the day before") % {"count": _count(before)}


def _oldest(numbers: Numbers, seen: Overview, status: Status) -> str:
    since = seen.queue.oldest.get(status)
    return _("oldest: %(age)s") % {"age": ago(numbers, since)} if since else ""


def _count(number: float) -> str:
    return number_format(round(number), force_grouping=True)


def _seconds(number: float | None) -> str:
    return NOTHING if number is None else shown_figure(number, "seconds")


def _milliseconds(number: float | None) -> str:
    return NOTHING if number is None else _("%(count)s ms") % {"count": _count(round(number))}
