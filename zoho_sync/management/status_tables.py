"""The state of the sync as tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone
from rich.console import RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Column, Table
from rich.text import Text

from zoho_sync.models import ZohoRecord

COLOURS = {"healthy": "green", "degraded": "yellow", "unhealthy": "red"}
NOTHING = "—"
BAR = 30


def tables(status: Mapping[str, Any]) -> Iterator[RenderableType]:
    """One screen of `zoho_status --json`'s answer."""
    yield _standing(status)
    yield _queue(status)
    yield _work(status)
    yield _webhooks(status)
    yield _zoho(status)
    yield _outlook(status)
    yield _machinery(status)
    yield _mirror(status)


def _standing(status: Mapping[str, Any]) -> RenderableType:
    lines = [Text(str(status["status"]).upper(), style=f"bold {COLOURS[status['status']]}")]
    lines += [Text(f"  {one['detail']} ({one['code']})", style=COLOURS[one["status"]]) for one in status["reasons"]]
    return Text("\n").join(lines)


def _queue(status: Mapping[str, Any]) -> Table:
    queue, ages = status["queue"], status["queue_ages"]
    table = Table("state", Column("jobs", justify="right"), "share", "oldest since", title="Queue")
    for state, count in queue.items():
        if state == "total":
            table.add_section()
        bar = ProgressBar(total=max(queue["total"], 1), completed=count, width=BAR) if state != "total" else ""
        table.add_row(state, _shown(count), bar, _shown(ages.get(f"oldest_{state}_at")) if count else NOTHING)
    table.add_section()
    table.add_row("oldest due", "", "", _seconds(ages["oldest_due_seconds"]) if ages["oldest_due_at"] else NOTHING)
    table.add_row("dead letters open", _shown(status["dead_letters_open"]))
    for severity, count in status["alerts"].items():
        table.add_row(f"alerts: {severity}", _shown(count))
    return table


def _work(status: Mapping[str, Any]) -> Table:
    table = Table("records brought in", "last minute", "last hour", "last day", title="Work")
    windows = [status["throughput"][name] for name in ("last_minute", "last_hour", "last_day")]
    for label, name in (("succeeded", "succeeded"), ("failed attempts", "failed"), ("a second", "per_second")):
        table.add_row(label, *[_shown(one[name]) for one in windows])
    table.add_row("success rate", *[_percent(one["success_rate"]) for one in windows])
    for label, name, unit in (("processing", "processing_ms", "ms"), ("lag behind Zoho", "lag_seconds", "s")):
        found = status[name]
        told = f"p50 {_shown(found['p50'])} {unit}, p95 {_shown(found['p95'])} {unit}" if found["of"] else NOTHING
        table.add_row(label, "", told, "")
    return table


def _webhooks(status: Mapping[str, Any]) -> Table:
    table = Table("path", "deliveries", "repeats", "events", "last", title="Webhooks, 24 hours")
    for row in status["webhooks"]["paths"]:
        events = ", ".join(f"{state} {count}" for state, count in sorted(row["events"].items()))
        last = _shown(row["last_received_at"])
        table.add_row(row["path"], _shown(row["deliveries"]), _shown(row["duplicates"]), events, last)
    return table


def _zoho(status: Mapping[str, Any]) -> Table:
    budget, token = status["api_budget"], status["token"]
    table = Table("Zoho", "", title="Zoho")
    table.add_row("token", f"{token['state']}, until {_shown(token['expires_at'])}")
    if token["error"]:
        table.add_row("last error", token["error"])
    if budget is not None:
        used = ProgressBar(total=1, completed=min(budget["share"] or 0, 1), width=BAR)
        table.add_row("calls today", f"{budget['used']:,} of {budget['limit']:,} ({_percent(budget['share'])})")
        table.add_row("", used)
        table.add_row("breaker", budget["breaker"]["state"])
    return table


def _outlook(status: Mapping[str, Any]) -> Table:
    forecasts = status["forecasts"]
    table = Table("forecast", "when", "pace", "stands on", title="At this pace")
    rows = (
        ("queue empty", forecasts["queue_empty"], "jobs_per_hour", "jobs/h"),
        ("API calls of the day used up", forecasts["api_budget_ends"], "calls_per_hour", "calls/h"),
    )
    for label, moment, pace, unit in rows:
        if moment is None:
            table.add_row(label, "too little is known yet", "", "")
            continue
        when = _shown(moment["at"]) if moment["at"] else "not at this pace"
        table.add_row(label, when, f"{moment[pace]:+,.1f} {unit}", _basis(moment["basis"]))
    for label, name in (("webhooks of the last hour", "webhooks_last_hour"), ("failures", "failures_last_hour")):
        hour = forecasts[name]
        if hour is None or hour["expected"] is None:
            table.add_row(label, "too little is known yet", "", "")
            continue
        expected = hour["expected"]
        usual = f"{hour['actual']:g}, usually {expected['low']:.0f} to {expected['high']:.0f}"
        style = "bold yellow" if hour["is_unusual"] else ""
        table.add_row(label, Text(usual, style=style), "", _basis(expected["basis"]))
    return table


def _machinery(status: Mapping[str, Any]) -> Table:
    jobs, disk = status["schedules"], status["disk"]
    table = Table("what", "", title="Workers, schedules, disk")
    for one in status["workers"]:
        state = Text("alive", style="green") if one["alive"] else Text("silent", style="red")
        table.add_row(
            f"{one['cluster']} @ {one['host']}", Text.assemble(state, f", {_seconds(one['age_seconds'])} ago")
        )
    if not status["workers"]:
        table.add_row("workers", Text("none has ever shown a sign of life", style="red"))
    table.add_row("scheduler", "running" if jobs["scheduler_running"] else Text("silent", style="red"))
    for name in ("late", "silent", "failed"):
        if jobs[name]:
            table.add_row(f"{name} jobs", Text(", ".join(jobs[name]), style="yellow"))
    table.add_row("database", _bytes(disk["database_bytes"]))
    table.add_row("free space", f"{_bytes(disk['free_bytes'])} ({_percent(1 - disk['used_share'])})")
    return table


def _mirror(status: Mapping[str, Any]) -> Table:
    states = ZohoRecord.State.values
    table = Table(Column("module", no_wrap=True), *states, "newest change", "last run", title="Mirror")
    for row in status["modules"]:
        counts = [_shown(row["records"].get(state, 0)) for state in states]
        pull = f"{row['last_run']} {_shown(row['last_run_at'])}" if row["last_run"] else NOTHING
        table.add_row(row["module"], *counts, _shown(row["last_modified_at"]), pull)
    return table


def _basis(basis: Mapping[str, Any]) -> str:
    return f"{basis['measurements']} measurements since {_shown(basis['since'])}"


def _shown(value: Any) -> str:
    if isinstance(value, datetime):
        return timezone.localtime(value).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, float):
        return f"{value:,.2f}"
    return NOTHING if value is None else f"{value:,}" if isinstance(value, int) else str(value)


def _percent(share: float | None) -> str:
    return NOTHING if share is None else f"{share:.1%}"


def _seconds(seconds: float) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"


def _bytes(size: float) -> str:
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1000:
            return f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
