"""Reports: begun with what they will cost, filled module by module, finished with the match and the alerts."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from math import ceil

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from catalog.models import Product
from zoho_sync import alerts
from zoho_sync.client.reading import DETAILS_AT_ONCE, PER_PAGE
from zoho_sync.entities import Entity
from zoho_sync.models import Alert, Difference, Reconciliation, ReconciliationResult, SyncRun, ZohoRecord
from zoho_sync.reconcile.fields import Found
from zoho_sync.reconcile.numbers import MOST_TOTALS, Tally, Totals, match_percent
from zoho_sync.wording import figure

ALERT = "drift"
WITHIN = gettext_noop("a later reconciliation found it within tolerance")
MOST_STORED = 5_000  # differences of one module; all are counted
FORGOTTEN_AT_ONCE = 1_000
ENDED_WELL = (SyncRun.Status.COMPLETED, SyncRun.Status.PARTIAL)


def estimate_calls(entity: Entity) -> int:
    """About how many API calls a comparison of the entity will take, by what we know of it. Two queries at most.

    Lists bring 200 records to a call. Stock by place comes a hundred items to a call, and each price list alone.
    """
    known = ZohoRecord.objects.present().filter(module=entity.module).count()
    pages = max(1, ceil(known / PER_PAGE))
    if entity.module == "item":
        tracked = Product.objects.tracked().filter(zoho_id__isnull=False).count()
        # Each page's items are asked for together, so that the last call of a page is seldom full.
        return pages + min(tracked, max(ceil(tracked / DETAILS_AT_ONCE), pages))
    return pages + known if entity.module == "pricebook" else pages


def open_report(
    entities: Sequence[Entity],
    *,
    trigger: SyncRun.Trigger = SyncRun.Trigger.COMMAND,
    repairs: bool = False,
    user: User | None = None,
) -> Reconciliation:
    """A new report on these entities, whose runs must share its `batch`."""
    return Reconciliation.objects.create(
        batch=uuid.uuid4(),
        modules=[entity.module for entity in entities],
        repairs=repairs,
        trigger=trigger,
        started_at=timezone.now(),
        calls_estimated=sum(map(estimate_calls, entities)),
        user=user,
    )


def accepted_differences(module: str, found: Collection[Found]) -> set[Found]:
    """Those of `found` that a person said may stay: in this field, and as long as neither value changes. One query."""
    if not found:
        return set()
    rows = Difference.objects.filter(
        state=Difference.State.ACCEPTED, module=module, zoho_id__in={one.zoho_id for one in found}
    )
    known = set(rows.values_list("subject", "zoho_id", "kind", "field", "theirs", "ours"))
    signed = {one: (one.subject, one.zoho_id, one.kind.value, one.field, one.theirs, one.ours) for one in found}
    return {one for one, signature in signed.items() if signature in known}


def store_differences(
    report: Reconciliation, module: str, found: Mapping[Found, Difference.State], *, room: int
) -> int:
    """Write up to `room` differences with their states; how many were written."""
    now = timezone.now()
    rows = [
        Difference(
            report=report,
            module=module,
            subject=one.subject,
            zoho_id=one.zoho_id[:50],
            unit=one.unit,
            kind=one.kind,
            field=one.field[:150],
            theirs=one.theirs,
            ours=one.ours,
            state=state,
            settled_at=now if state == Difference.State.REPAIRED else None,
        )
        for one, state in list(found.items())[: max(room, 0)]
    ]
    Difference.objects.bulk_create(rows, batch_size=500)
    return len(rows)


def forget_module(report: Reconciliation, module: str) -> None:
    """Take back what an earlier attempt has written on the module: it is compared from the beginning."""
    with transaction.atomic():
        report.differences.filter(module=module).delete()
        report.results.filter(module=module).delete()


def write_result(
    report: Reconciliation,
    run: SyncRun,
    subject: str,
    tally: Tally,
    totals: Totals,
    *,
    seconds: float,
    is_complete: bool,
    note: str = "",
) -> ReconciliationResult:
    result, _ = ReconciliationResult.objects.update_or_create(
        report=report,
        subject=subject,
        defaults={
            **tally.as_json(),
            "module": run.module,
            "run": run,
            "totals": totals.as_json(at_most=MOST_TOTALS),
            "totals_differing": totals.differing,
            "seconds": seconds,
            "is_complete": is_complete,
            "note": note,
        },
    )
    return result


def tell_of_drift(results: Iterable[ReconciliationResult], *, at: datetime) -> None:
    """Raise the alert of each subject whose drift is over tolerance; resolve the others'.

    What is over it for the first time is not told yet, unless it is critical: what had just changed when it
    was compared is right the next time. What was not compared whole says of no alert that it is over.
    """
    for result in results:
        if result.drift <= settings.DRIFT_WARNING:
            if result.is_complete:
                fingerprint = alerts.fingerprint_of(ALERT, result.subject)
                alerts.resolve(Alert.objects.filter(fingerprint=fingerprint), at=at, resolution=WITHIN)
            continue
        is_critical = result.drift > settings.DRIFT_CRITICAL
        if not is_critical and not _has_drifted_before(result):
            continue
        alerts.raise_alert(
            code=ALERT,
            cause=result.subject,
            title=gettext_noop("%(subject)s: our tables and Zoho differ"),
            detail=gettext_noop(
                "%(differing)s of %(compared)s differ (%(drift)s): %(missing)s missing here, %(extra)s extra here, "
                "%(different)s different, %(unreadable)s unreadable. Reconciliation #%(report)s has each of them."
            ),
            parameters={
                "subject": result.subject,
                "differing": figure(result.unsettled, "count"),
                "compared": figure(result.compared, "count"),
                "drift": figure(result.drift, "share"),
                "missing": figure(result.missing, "count"),
                "extra": figure(result.extra, "count"),
                "different": figure(result.different, "count"),
                "unreadable": figure(result.unreadable, "count"),
                "report": str(result.report_id),
            },
            severity=Alert.Severity.CRITICAL if is_critical else Alert.Severity.WARNING,
            at=at,
        )


def _has_drifted_before(result: ReconciliationResult) -> bool:
    """Whether the comparison before this one found the subject over tolerance too."""
    earlier = ReconciliationResult.objects.filter(
        subject=result.subject, is_complete=True, report_id__lt=result.report_id
    )
    last = earlier.order_by("-report_id").first()
    return last is not None and last.drift > settings.DRIFT_WARNING


def conclude(report: Reconciliation) -> bool:
    """Finish the report once all of its runs have ended well; whether it is finished now."""
    together = SyncRun.objects.filter(batch=report.batch)
    statuses = together.filter(kind=SyncRun.Kind.RECONCILE).values_list("status", flat=True)
    results = list(report.results.all())
    report.compared = sum(one.compared for one in results)
    report.differing = sum(one.unsettled for one in results)
    report.calls = sum(together.values_list("calls", flat=True))
    if all(status in ENDED_WELL for status in statuses) and {one.module for one in results} >= set(report.modules):
        report.match = match_percent({one.subject: one.drift for one in results})
        report.finished_at = timezone.now()
    report.save(update_fields=["compared", "differing", "calls", "match", "finished_at"])
    return report.finished_at is not None


def forget_old_differences(*, at: datetime) -> int:
    """Delete the differences of reports older than `TDS_LOG_RETENTION_DAYS`, in small batches; how many.

    Reports and their numbers stay, for the trend; so does what a person has accepted, which is asked for again.
    """
    before = at - timedelta(days=settings.TDS_LOG_RETENTION_DAYS)
    old = Difference.objects.filter(report__started_at__lt=before).exclude(state=Difference.State.ACCEPTED)
    forgotten = 0
    while keys := list(old.order_by("pk").values_list("pk", flat=True)[:FORGOTTEN_AT_ONCE]):
        forgotten += Difference.objects.filter(pk__in=keys).delete()[0]
    return forgotten
