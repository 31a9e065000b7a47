"""What must hold in the end. Each check names what breaks it; an empty list is what is wanted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from django.utils import timezone

from tests.comparing import differences
from tests.load.chaos.plan import Plan
from tests.load.chaos.storm import DATABASE, KILLED, KILLED_WHOLE, WEB
from tests.load.chaos.system import System
from tests.load.chaos.tally import Tally
from zoho_sync.audit import audit
from zoho_sync.models import DeadLetter, Difference, InboxEvent, Reconciliation, SyncQueueItem, ZohoRecord

MOST_SHOWN = 20
OVER = ("applied", "unchanged", "stale", "superseded", "split")


def judge(system: System, report: Reconciliation, plan: Plan, tally: Tally) -> Mapping[str, list[str]]:
    """Every check by name, with what broke it."""
    webhooks = system.zoho.stats()["webhooks"]
    checks: dict[str, Callable[[], list[str]]] = {
        "the storm was as bad as it should be": lambda: _mildness(plan, tally),
        "every record is equal to Zoho's": lambda: differences(system.zoho),
        "the reconciliation found no difference": lambda: _differing(report),
        "every delivery was taken or sent again": lambda: _refused(webhooks),
        "every delivery that was answered 202 is stored": lambda: _lost(webhooks),
        "the audit balances": lambda: [
            f"{check.name}: {text}" for check in audit(at=timezone.now()) for text in check.broken
        ],
        "every event has an outcome": _without_outcome,
        "nothing is left in the queue": _left,
        "no dead letter is left": _letters,
        "no record is in the mirror twice": _twice,
    }
    return {name: check()[:MOST_SHOWN] for name, check in checks.items()}


def _mildness(plan: Plan, tally: Tally) -> list[str]:
    counts = tally.counts
    wanted = {
        "kills": (counts[KILLED] + counts[KILLED_WHOLE], plan.least_kills),
        "changes": (counts["changes"], plan.changes),
        WEB: (counts[WEB], 1),
        DATABASE: (counts[DATABASE], 1),
    }
    return [f"{name}: {have} instead of {least}" for name, (have, least) in wanted.items() if have < least]


def _differing(report: Reconciliation) -> list[str]:
    found = Difference.objects.filter(report=report).exclude(state=Difference.State.NOTED).order_by("pk")
    told = [f"{one}" for one in found[:MOST_SHOWN]]
    totals = [
        f"{result.subject}: sums differ in {result.totals_differing}"
        for result in report.results.all()
        if result.totals_differing
    ]
    return told + totals + ([] if told or not report.differing else [f"{report.differing} differ"])


def _refused(webhooks: Mapping[str, object]) -> list[str]:
    """503 and broken connections are sent again; any other answer would have been a lost webhook."""
    answers = webhooks["answers"]
    assert isinstance(answers, Mapping)
    bad = [
        f"{count} answers of {name}" for name, count in answers.items() if name.isdigit() and name not in ("202", "503")
    ]
    return bad + ([f"{webhooks['given_up']} were given up"] if webhooks["given_up"] else [])


def _lost(webhooks: Mapping[str, object]) -> list[str]:
    """What was stored and then died before it answered came again, so there may be more than answers; never fewer."""
    answers = webhooks["answers"]
    assert isinstance(answers, Mapping)
    accepted = int(answers.get("202", 0))
    broken_off = sum(int(count) for name, count in answers.items() if name != "202")
    stored = sum(InboxEvent.objects.filter(parent__isnull=True).values_list("deliveries", flat=True))
    if accepted <= stored <= accepted + broken_off:
        return []
    return [f"{accepted} were answered 202 and {broken_off} broke off, {stored} are stored"]


def _without_outcome() -> list[str]:
    return [f"{event.module} {event.zoho_id}: {event.state}" for event in InboxEvent.objects.exclude(state__in=OVER)]


def _left() -> list[str]:
    over = (SyncQueueItem.Status.COMPLETED, SyncQueueItem.Status.DISCARDED, SyncQueueItem.Status.DEAD_LETTER)
    return [f"{job}: {job.status}" for job in SyncQueueItem.objects.exclude(status__in=over)]


def _letters() -> list[str]:
    letters = DeadLetter.objects.unresolved()
    return [f"{one.module} {one.zoho_id}: {one.error_class}: {one.message[:300]}" for one in letters]


def _twice() -> list[str]:
    keys = Counter(ZohoRecord.objects.values_list("module", "zoho_id"))
    return [f"{module} {zoho_id}" for (module, zoho_id), count in keys.items() if count > 1]
