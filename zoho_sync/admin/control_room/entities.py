"""One row for each kind of record: how new it is here, how many there are, what differs, what failed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from tsh_erp.admin_site.display import Tone, badge
from zoho_sync.admin.control_room.health import ago, list_address
from zoho_sync.admin.control_room.reading import Numbers
from zoho_sync.entities import BY_MODULE
from zoho_sync.models import ZohoRecord
from zoho_sync.models.reconciliation import ReconciliationResult
from zoho_sync.monitoring import DAY, ModuleState
from zoho_sync.wording import shown_figure

# Changes are pulled every hour, everything every night.
FRESH, OLD = timedelta(hours=2), timedelta(hours=26)
HERE = (ZohoRecord.State.PRESENT, ZohoRecord.State.INACTIVE)


@dataclass(frozen=True, kw_only=True)
class EntityRow:
    """`what` starts its incremental pull. Texts of times are ages; "" and None: not known."""

    label: str
    module: str
    what: str
    business: str
    mirror: str
    runs: str
    freshness: SafeString
    full: str
    changes: str
    webhook: str
    here: int
    there: int | None
    drift: str
    drift_tone: Tone
    differences: str
    failures: int
    failed_log: str


def entity_rows(numbers: Numbers) -> list[EntityRow]:
    webhooks = {one.path: one.last_received_at for one in numbers.overview.webhooks}
    return [_row(numbers, state, webhooks.get(BY_MODULE[state.module].webhook_path or "")) for state in numbers.states]


def _row(numbers: Numbers, state: ModuleState, heard_at: datetime | None) -> EntityRow:
    entity, fresh = BY_MODULE[state.module], state.freshness
    result = numbers.drift.get(entity.name)
    since = (numbers.at - DAY).isoformat(timespec="seconds")
    return EntityRow(
        label=str(entity.label),
        module=state.module,
        what=f"pull:{state.module}",
        business=reverse(f"admin:{entity.models[0].lower().replace('.', '_')}_changelist"),
        mirror=list_address("zoho_sync_zohorecord", module=state.module),
        runs=list_address("zoho_sync_syncrun", module=state.module),
        freshness=badge(_("paused"), Tone.WARNING)
        if state.module in numbers.paused
        else _badge(numbers, fresh.brought_at),
        full=ago(numbers, fresh.full_at),
        changes=ago(numbers, fresh.brought_at),
        webhook=ago(numbers, heard_at),
        here=sum(state.by_state.get(held, 0) for held in HERE),
        there=result.theirs if result else None,
        drift=shown_figure(result.drift, "share") if result else "",
        drift_tone=_drift_tone(numbers, result),
        differences=list_address(
            "zoho_sync_difference", report__id__exact=str(result.report_id), subject=result.subject
        )
        if result
        else "",
        failures=numbers.failures.get(state.module, 0),
        failed_log=list_address(
            "zoho_sync_synclog", module=state.module, started_at__gte=since, outcome__in="retry,dead"
        ),
    )


def _badge(numbers: Numbers, brought_at: datetime | None) -> SafeString:
    if brought_at is None:
        return badge(_("never pulled"), Tone.QUIET)
    age = numbers.at - brought_at
    if age <= FRESH:
        return badge(_("fresh"), Tone.GOOD)
    return badge(_("a little old"), Tone.WARNING) if age <= OLD else badge(_("old"), Tone.BAD)


def _drift_tone(numbers: Numbers, result: ReconciliationResult | None) -> Tone:
    if result is None:
        return Tone.QUIET
    if not result.drift:
        return Tone.GOOD
    return Tone.BAD if result.subject in numbers.beyond else Tone.WARNING
