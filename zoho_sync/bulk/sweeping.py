"""The sweep: what a complete list did not show is asked for one by one, and retired where Zoho has it no more."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from django.db import transaction

from zoho_sync import runs, safety_share
from zoho_sync.bulk.details import per_call
from zoho_sync.bulk.pulling import Puller
from zoho_sync.bulk.tally import Tally
from zoho_sync.mirror import Kind
from zoho_sync.models import SyncRun, ZohoRecord
from zoho_sync.models.records import ZohoRecordQuerySet

log = structlog.get_logger(__name__)

SINGLES_AT_ONCE = 20


def sweep(job: Puller) -> None:
    """Retire what Zoho has no more, record by record. Only after a whole list, read without an error.

    More than `ZOHO_SWEEP_MAX_SHARE` of the module at once is not believed: the sweep stops, raises an
    alert and keeps the ids in the run's checkpoint; `confirm` lets it go on.
    """
    run = job.run
    kept = run.checkpoint.get("sweep", {})
    missing = _missing(run, kept.get("missing"))
    if missing and not kept.get("confirmed_by"):
        known = _present(run).count()
        if len(missing) > safety_share.most_believed(known):
            finding, go_on = "are not in Zoho's list", f"sync_zoho --resume {run.pk} --confirm-sweep"
            safety_share.stop(run, missing, known, finding=finding, go_on=go_on)
            return
    size = max(per_call(job.entity), SINGLES_AT_ONCE)
    for first in range(0, len(missing), size):
        _confirm_some(job, missing[first : first + size])
    if kept:
        run.checkpoint = {name: note for name, note in run.checkpoint.items() if name != "sweep"}
    safety_share.resolve_alert(run.module)


def confirm(run_id: int, *, by: str) -> SyncRun:
    """A person's word that what this run did not believe to be gone may be retired where Zoho has it no more.

    `by` is who. A pull asks for just the records that its sweep missed; a stock run and a back-fill go on and
    believe what Zoho says of all that they still ask for.

    The run must then be resumed. SyncRun.DoesNotExist; NotResumable when it is open or waits for no word.
    """
    with transaction.atomic():
        run = SyncRun.objects.select_for_update().get(pk=run_id)
        if run.is_open or not run.checkpoint.get("sweep"):
            raise runs.NotResumable(f"run {run_id} has no sweep that waits for a word")
        run.checkpoint = {**run.checkpoint, "sweep": {**run.checkpoint["sweep"], "confirmed_by": by}}
        run.save(update_fields=["checkpoint", "updated_at"])
    log.info("sweep_confirmed", run=run.pk, module=run.module, by=by)
    return run


def _present(run: SyncRun) -> ZohoRecordQuerySet:
    return ZohoRecord.objects.present().filter(module=run.module)


def _missing(run: SyncRun, among: Sequence[str] | None) -> list[str]:
    """The present records that nobody has seen since the run began; of `among`, if given."""
    rows = _present(run).unobserved_since(run.started_at).order_by("zoho_id")
    ids = list(rows.values_list("zoho_id", flat=True))
    failed = {error["zoho_id"] for error in run.checkpoint.get("errors", ())}
    wanted = None if among is None else set(among)
    return [zoho_id for zoho_id in ids if zoho_id not in failed and (wanted is None or zoho_id in wanted)]


def _confirm_some(job: Puller, zoho_ids: Sequence[str]) -> None:
    """Ask for each, apply the answers: a tombstone, or the record that is still there."""
    tally = Tally()
    details = job.fetch(zoho_ids, tally)
    gone = {zoho_id for zoho_id, one in details.found.items() if one.kind is Kind.GONE}
    alive = [one for one in details.found.values() if one.kind is not Kind.GONE]
    tally.counts["seen"] += len(alive)
    job.apply(alive, tally)
    ends = Tally()
    brought = job.apply([details.found[zoho_id] for zoho_id in sorted(gone)], ends)
    tally.counts["retired"] += len(brought)
    for zoho_id, error in ends.errors.items():
        tally.fail(zoho_id, error)
    tally.settle(job.run)
    job.report()
    if details.stopped_by:
        raise details.stopped_by
