"""Bring right what differs: fetch it, apply it, map it anew; retire what Zoho says it does not have."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

import structlog
from django.db import IntegrityError
from django.utils import timezone

from catalog.services.freshness import touched_last
from tsh_erp.events.publish import caused_by
from zoho_sync.apply import project_records
from zoho_sync.bringing import Bringer, persist
from zoho_sync.bulk.details import fetch_details, per_call
from zoho_sync.client import Client
from zoho_sync.entities import Entity, modified_at
from zoho_sync.errors import SyncError
from zoho_sync.mirror import Kind, Observation
from zoho_sync.models import ZohoRecord
from zoho_sync.reconcile.comparing import GONE, Told
from zoho_sync.safety_share import most_believed

log = structlog.get_logger(__name__)

# Calls for whole records in one run; of what is left over the list row is taken, its detail is the back-fill's.
MOST_CALLS = 300


@dataclass
class Repairer:
    """Repairs records of one module for one run; no transaction is open while Zoho is asked."""

    entity: Entity
    zoho: Client
    beat: Callable[[], None]
    calls_left: int = MOST_CALLS
    failures: dict[str, str] = field(default_factory=dict)
    correlation: uuid.UUID = field(default_factory=uuid.uuid4)

    def __post_init__(self) -> None:
        self._bringer = Bringer(priority=self.zoho.priority, correlation=self.correlation, beat=self.beat)

    def bring(self, told: Mapping[str, Told]) -> None:
        """Pull these records and write their business rows, whatever the mirror believes is there already."""
        details = {zoho_id: one.detail for zoho_id, one in told.items() if one.detail is not None}
        details |= self._fetch([zoho_id for zoho_id in self._worth_fetching(told) if zoho_id not in details])
        observations = []
        for zoho_id, one in told.items():
            detail = details.get(zoho_id)
            if detail is not None:
                observations.append(detail)
            if (detail is None or detail.kind is not Kind.GONE) and (row := self._observe(one)):
                observations.append(row)
        self._apply(observations)
        self._retire_gone(details)
        self._project(sorted(told))

    def fetch_and_apply(self, zoho_ids: Sequence[str]) -> dict[str, Observation]:
        """Ask for these records by their ids, and do as Zoho answers; the answers.

        What it does not have is retired; what it has is brought in, and its business rows are written.
        """
        found = self._fetch(zoho_ids, within_budget=False)
        self._apply([one for _, one in sorted(found.items())])
        gone = self._retire_gone(found)
        self._project(sorted(found.keys() - gone))
        return found

    def _worth_fetching(self, told: Mapping[str, Told]) -> list[str]:
        """All, where lists leave something out; else those that only a fetch wakes."""
        if self.entity.detail_only:
            return list(told)
        gone = ZohoRecord.objects.of(self.entity.module, list(told)).filter(state__in=GONE)
        return list(gone.values_list("zoho_id", flat=True))

    def _fetch(self, zoho_ids: Sequence[str], *, within_budget: bool = True) -> dict[str, Observation]:
        at_once = per_call(self.entity)
        wanted = zoho_ids[: self.calls_left * at_once] if within_budget else zoho_ids
        details = fetch_details(self.zoho, self.entity, wanted, priority=self.zoho.priority, beat=self.beat)
        if within_budget:
            self.calls_left -= -(-len(wanted) // at_once)
        self.failures |= {zoho_id: str(error) for zoho_id, error in details.failed.items()}
        if details.stopped_by:
            raise details.stopped_by
        return details.found

    def _observe(self, told: Told) -> Observation | None:
        try:
            moment = modified_at(self.entity, told.row)
        except SyncError as error:
            self.failures[told.zoho_id] = str(error)
            return None
        return Observation(
            zoho_id=told.zoho_id, kind=Kind.LIST, payload=told.row, modified_at=moment, observed_at=told.asked_at
        )

    def _apply(self, observations: Sequence[Observation]) -> None:
        ids = sorted({one.zoho_id for one in observations})
        if not ids:
            return
        # A payload that was tampered with has its old hash, by which its rightful content would pass for unchanged.
        persist(lambda: ZohoRecord.objects.of(self.entity.module, ids).update(hash=""), module=self.entity.module)
        for zoho_id, result in self._bringer.bring(self.entity, observations).items():
            if result.error is not None:
                self.failures[zoho_id] = str(result.error)

    def _retire_gone(self, found: Mapping[str, Observation]) -> set[str]:
        """Also rows of which the mirror knew before that they are gone: nothing is news there any more."""
        gone = {zoho_id for zoho_id, one in found.items() if one.kind is Kind.GONE and one.confirmed}
        if gone:
            self._write(lambda: self.entity.retire(sorted(gone), at=timezone.now()))
        return gone

    def _project(self, zoho_ids: Collection[str]) -> None:
        ids = list(zoho_ids)
        if not ids:
            return
        try:
            self._write(lambda: project_records(self.entity, ids, at=timezone.now()))
        except IntegrityError:
            # A deferred constraint failed at the commit: find its record by doing each alone.
            self._write(lambda: project_records(self.entity, ids, at=timezone.now(), one_by_one=True))

    def _write(self, step: Callable[[], object]) -> None:
        def within() -> object:
            with touched_last(), caused_by(self.correlation):
                return step()

        persist(within, module=self.entity.module)


def is_believable(missing: int, known: int) -> bool:
    """Whether so many records can have gone from Zoho at once without a person's word."""
    return missing <= most_believed(known)
