"""One pass of healing: every ailment in its turn, none in the way of another."""

from __future__ import annotations

from datetime import datetime

import structlog
from django.db import Error as DatabaseError
from django.db import close_old_connections, transaction

from tsh_erp.jobs.ring import ring
from zoho_sync import alerts
from zoho_sync.healing import deliveries, jobs, letters, records
from zoho_sync.healing.reporting import Ailment, Finding, Mended, Report
from zoho_sync.models import Alert, SyncQueueItem

log = structlog.get_logger(__name__)

DRAIN = "zoho_sync.tasks.drain"
BROKEN = "healing_failed"

# Jobs first: what is given back to the queue is worked on while the rest is looked at.
AILMENTS: tuple[Ailment, ...] = (
    Ailment("expired_leases", jobs.count_expired, jobs.recover_expired),
    Ailment("stuck_jobs", jobs.count_stuck, jobs.take_back_stuck),
    Ailment("orphaned_events", jobs.count_orphaned_events, jobs.queue_orphaned_events),
    Ailment("retried_letters_without_job", letters.count_forgotten, letters.queue_forgotten),
    Ailment("overtaken_letters", letters.count_overtaken, letters.close_overtaken),
    Ailment("due_letters", letters.count_due, letters.retry_due, is_retry=True),
    Ailment("stale_details", records.count_stale_details, records.hand_to_backfill),
    Ailment("dead_runs", records.count_dead_runs, records.give_up_dead_runs),
    Ailment("abandoned_runs", records.count_abandoned_runs, records.resume_abandoned_runs),
    Ailment("domain_events", deliveries.count_undelivered, deliveries.deliver),
    Ailment("dead_job_runs", deliveries.count_dead_job_runs, deliveries.give_up_dead_job_runs),
    Ailment("lost_rings", deliveries.count_lost_rings, deliveries.make_rings_good),
)


def heal(*, at: datetime, dry_run: bool = False) -> Report:
    """Look for what is wrong and put it right; with `dry_run` only look. A second pass finds nothing more to do.

    An ailment that cannot be looked after is reported, with an alert that resolves when it can again;
    the others have their turn. Never called inside a transaction.
    """
    findings = tuple(_treat(ailment, at, dry_run=dry_run) for ailment in AILMENTS)
    if not dry_run:
        _alert(findings, at=at)
        # What was put into the queue just now has rung nobody.
        if SyncQueueItem.objects.due(at).exists():
            ring(DRAIN, at_most=1)
    return Report(at=at, is_dry=dry_run, findings=findings)


def _treat(ailment: Ailment, at: datetime, *, dry_run: bool) -> Finding:
    found = 0
    try:
        found = ailment.find(at)
        mended = ailment.mend(at) if found and not dry_run else Mended()
    except Exception as error:
        log.exception("healing_failed", ailment=ailment.name)
        close_old_connections()
        return Finding(
            name=ailment.name, found=found, error=f"{type(error).__name__}: {error}"[:2000], is_retry=ailment.is_retry
        )
    if mended.done:
        log.warning("healed", ailment=ailment.name, found=found, done=mended.done)
    return Finding(name=ailment.name, found=found, done=mended.done, later=mended.later, is_retry=ailment.is_retry)


def _alert(findings: tuple[Finding, ...], *, at: datetime) -> None:
    """What cannot be healed today is told to people; alerts that cannot be written keep nobody from the report."""
    try:
        with transaction.atomic():
            for one in findings:
                if one.error:
                    alerts.raise_alert(
                        code=BROKEN,
                        cause=one.name,
                        title=f"Healing cannot look after {one.name.replace('_', ' ')}",
                        detail=one.error,
                        at=at,
                    )
            over = [f"{BROKEN}:{one.name}" for one in findings if not one.error]
            alerts.resolve(Alert.objects.filter(fingerprint__in=over), at=at, resolution="over by itself")
    except DatabaseError:
        log.exception("healing_alerts_not_written")
