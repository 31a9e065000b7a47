"""How much may be gone from Zoho at once before a person must look: one rule for all that retires."""

from __future__ import annotations

import threading
from collections.abc import Collection
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.utils import timezone

from zoho_sync import alerts
from zoho_sync.entities import BY_MODULE
from zoho_sync.errors import SyncError
from zoho_sync.models import Alert, SyncRun, ZohoRecord

log = structlog.get_logger(__name__)

CODE = "sweep_stopped"
# What is met by the way, record by record, may be so few in any case: a table of ten could lose none else.
FEW = 3
# Single records that are found gone within this time are counted together.
WAVE = timedelta(hours=1)


class TooMuchGone(SyncError):
    """Zoho has no more of the records than is believed; what the run was told of them is kept with it (`stop`)."""


def most_believed(known: int, *, few: int = 0) -> int:
    """How many of `known` records may be gone at once without a person's word; `few` may be in any case."""
    return max(int(known * settings.ZOHO_SWEEP_MAX_SHARE), few)


def count_known(module: str) -> int:
    """The records of the module that Zoho has, as far as we know."""
    return ZohoRecord.objects.present().filter(module=module).count()


def stop(run: SyncRun, missing: Collection[str], known: int, *, finding: str, go_on: str) -> None:
    """Keep the ids of what is not believed with the run, which is to end now, and tell a person.

    `finding` says what is the matter with them, `go_on` what to do after a look. A word is given with
    `bulk.confirm_sweep`, which notes it in the checkpoint's "sweep".
    """
    run.checkpoint = {**run.checkpoint, "sweep": {"missing": sorted(missing), "of": known}}
    share = round(settings.ZOHO_SWEEP_MAX_SHARE * 100, 2)
    run.error = (
        f"{len(missing)} of {known} {finding}, more than {share:g} %: nothing was retired; look, and go on with {go_on}"
    )
    _tell(run.module, "too many records are missing from Zoho's list", run.error, at=timezone.now())
    log.warning("sweep_stopped", run=run.pk, module=run.module, missing=len(missing), known=known)


def doubt(module: str, zoho_ids: Collection[str], *, at: datetime) -> str:
    """Why it is not believed that Zoho has these records no more, though it says so of each; "" where it is.

    For those who ask for single records that nobody said were deleted. Beside what went within the last hour
    (`WAVE`) they must not be more than the share; a person is told when they are. Records that were not here
    anyway do not count.
    """
    here = ZohoRecord.objects.present().of(module, [*zoho_ids]).count() if zoho_ids else 0
    if not here:
        return ""
    gone = ZohoRecord.objects.filter(module=module, state=ZohoRecord.State.GONE, gone_at__gt=at - WAVE).count()
    known = count_known(module) + gone
    if gone + here <= most_believed(known, few=FEW):
        return ""
    why = (
        f"{gone + here} of {known} are gone within an hour, says Zoho, more than it is believed: look, and "
        f"go on with sync_zoho {BY_MODULE[module].name} --full"
    )
    _tell(module, "Zoho has too many records no more", why, at=at)
    log.warning("gone_not_believed", module=module, ids=len(zoho_ids), lately=gone, known=known)
    return why


def _tell(module: str, what: str, detail: str, *, at: datetime) -> None:
    alerts.raise_alert(
        code=CODE,
        cause=module,
        title=f"{BY_MODULE[module].name}: {what}",
        detail=detail,
        severity=Alert.Severity.CRITICAL,
        at=at,
    )


def resolve_alert(module: str) -> None:
    """What was not believed is settled."""
    open_alerts = Alert.objects.filter(fingerprint=alerts.fingerprint_of(CODE, module)).unresolved()
    alerts.resolve(open_alerts, at=timezone.now(), resolution="a later sweep went through")


class GoneCount:
    """What one run was told is gone, counted by all its threads, until it is more than is believed.

    With a person's word, which the run's checkpoint holds, everything is believed. `known` is how many records
    there were when the count began.
    """

    def __init__(self, run: SyncRun) -> None:
        self.known = count_known(run.module)
        self.is_confirmed = bool(run.checkpoint.get("sweep", {}).get("confirmed_by"))
        self._most = most_believed(self.known, few=FEW)
        self._ids = set(run.checkpoint.get("gone", ()))
        self._lock = threading.Lock()

    def note(self, zoho_id: str) -> None:
        with self._lock:
            self._ids.add(zoho_id)

    @property
    def ids(self) -> list[str]:
        with self._lock:
            return sorted(self._ids)

    @property
    def is_too_much(self) -> bool:
        return not self.is_confirmed and len(self._ids) > self._most

    def goes_on(self) -> bool:
        """Whether there is any use in asking for more."""
        return not self.is_too_much
