"""Details that nobody fetched, and runs whose worker died."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from tsh_erp.jobs import long
from zoho_sync import backfill, refetch, runs
from zoho_sync.backfill.worklist import due
from zoho_sync.healing.reporting import Mended
from zoho_sync.models import SyncRun
from zoho_sync.models.records import ZohoRecordQuerySet

PERFORM_RUN = "zoho_sync.tasks.perform_run"
# The back-fill comes round every half hour and takes what changed last first.
STALE_FOR = timedelta(hours=6)
# A run that died longer ago has been made good by its schedule.
WORTH_RESUMING = timedelta(days=1)
RESUMED = "resumed_by_healing"
WITHOUT_ZOHO = (SyncRun.Kind.REMAP,)


# --- details --------------------------------------------------------------------------------------


def count_stale_details(at: datetime) -> int:
    """Records whose header has been newer than their detail for hours, and that have neither job nor dead letter."""
    return sum(_stale(entity.module, at).count() for entity in backfill.entities_with_details())


def hand_to_backfill(at: datetime) -> Mended:
    """They are the back-fill's: it knows what the day's requests leave over. One is begun where none is under way."""
    found = count_stale_details(at)
    is_busy = SyncRun.objects.open().filter(kind=SyncRun.Kind.BACKFILL).exists()
    if refetch.is_configured() and not is_busy:
        modules = [module for module in backfill.modules_to_do(at=at) if _stale(module, at).exists()]
        for module in modules:
            _begin_backfill(module)
    return Mended(later=found)


def _begin_backfill(module: str) -> None:
    with transaction.atomic():
        run = runs.open_run(SyncRun.Kind.BACKFILL, module, mode=SyncRun.Mode.FULL, trigger=SyncRun.Trigger.SCHEDULE)
        long.enqueue(PERFORM_RUN, run.pk)


def _stale(module: str, at: datetime) -> ZohoRecordQuerySet:
    return due(module).filter(detail_stale=True, detail_at__isnull=False, updated_at__lte=at - STALE_FOR)


# --- runs -----------------------------------------------------------------------------------------


def count_dead_runs(at: datetime) -> int:
    """Runs that are said to be under way and whose worker is gone."""
    return len(runs.find_dead(SyncRun.objects.all()))


def give_up_dead_runs(at: datetime) -> Mended:
    return Mended(runs.give_up_dead(SyncRun.objects.all()))


def count_abandoned_runs(at: datetime) -> int:
    """Runs that died and that nobody has gone on with: neither a person nor a later run of the same."""
    return _abandoned(at).count()


def resume_abandoned_runs(at: datetime) -> Mended:
    """Each goes on where it stopped, once: one that dies again is left to people."""
    done = 0
    for run in _abandoned(at).order_by("pk"):
        try:
            done += _resume(run.pk)
        except (runs.AlreadyRunning, runs.NotResumable):
            continue  # somebody was quicker
    return Mended(done)


@transaction.atomic
def _resume(run_id: int) -> int:
    run = runs.reopen(run_id)
    SyncRun.objects.filter(pk=run.pk).update(options={**run.options, RESUMED: True}, updated_at=timezone.now())
    # Of runs that were started together one is worked on at a time; who ends calls the next.
    is_next = run.batch is None or not SyncRun.objects.open().filter(batch=run.batch).exclude(pk=run.pk).exists()
    if is_next:
        long.enqueue(PERFORM_RUN, run.pk)
    return 1


def _abandoned(at: datetime) -> QuerySet[SyncRun]:
    """A command's are not among them: who gave it has seen it end."""
    later = SyncRun.objects.filter(kind=OuterRef("kind"), module=OuterRef("module"), pk__gt=OuterRef("pk"))
    dead = SyncRun.objects.filter(
        ~Exists(later),
        status=SyncRun.Status.FAILED,
        finished_at__gt=at - WORTH_RESUMING,
        error__endswith=runs.WITHOUT_A_WORD,
    ).exclude(trigger=SyncRun.Trigger.COMMAND)
    dead = dead.exclude(options__has_key=RESUMED)
    return dead if refetch.is_configured() else dead.filter(kind__in=WITHOUT_ZOHO)
