"""What is still to be fetched. The mirror itself is the work list: there is nothing else to keep up to date."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Q
from django.utils.dateparse import parse_datetime

from zoho_sync.entities import ENTITIES, Entity
from zoho_sync.models import WAITING, DeadLetter, SyncQueueItem, SyncRun, ZohoRecord
from zoho_sync.models.dead_letters import UNRESOLVED
from zoho_sync.models.queue import Status
from zoho_sync.models.records import ZohoRecordQuerySet

PAGE_SIZE = 400


def entities_with_details() -> list[Entity]:
    """The kinds of record whose lists leave something out, parents first."""
    return [entity for entity in ENTITIES if entity.detail_only]


def due(module: str) -> ZohoRecordQuerySet:
    """Records of the module whose detail is missing or stale and that nobody else is about to bring.

    Left out are those with a job (the worker fetches them), those that wait for a person, and those a
    person has given up and that have not changed since.
    """
    same = {"module": OuterRef("module"), "zoho_id": OuterRef("zoho_id")}
    jobs = SyncQueueItem.objects.filter(status__in=[*WAITING, Status.PROCESSING], **same)
    given_up = Q(state=DeadLetter.State.DISCARDED, closed_at__gte=OuterRef("updated_at"))
    letters = DeadLetter.objects.filter(Q(state__in=UNRESOLVED) | given_up, **same)
    return ZohoRecord.objects.without_detail().filter(~Exists(jobs), ~Exists(letters), module=module)


def modules_to_do(*, at: datetime) -> list[str]:
    """The modules with something to fetch, those with the least first, so that a big one keeps no small one waiting.

    None before the time at which the last run found that Zoho may be asked again.
    """
    last = (
        SyncRun.objects.filter(kind=SyncRun.Kind.BACKFILL, finished_at__isnull=False).order_by("-finished_at").first()
    )
    again_at = parse_datetime(str(last.checkpoint.get("again_at", ""))) if last else None
    if again_at and again_at > at:
        return []
    modules = [entity.module for entity in entities_with_details()]
    rows = ZohoRecord.objects.without_detail().filter(module__in=modules).order_by().values("module")
    counted = rows.annotate(count=Count("pk")).values_list("count", "module")
    return [module for _, module in sorted(counted) if due(module).exists()]


@dataclass
class Worklist:
    """Walks through what is due from the newest to the oldest, records without a time last.

    `reached` (modification time, key) is how far it has come: a record is handed out once, whatever
    becomes of it.
    """

    module: str
    reached: tuple[datetime | None, int] | None = None

    def __iter__(self) -> Iterator[str]:
        """The Zoho ids. Read a few at a time; no query stays open."""
        while page := self._page():
            for zoho_id, moment, key in page:
                self.reached = (moment, key)
                yield zoho_id

    def count(self) -> int:
        """How many are still to come."""
        return self._left(dated=True).count() + self._left(dated=False).count()

    def _page(self) -> list[tuple[str, datetime | None, int]]:
        columns = ("zoho_id", "modified_at", "pk")
        dated = self._left(dated=True).order_by("-modified_at", "-pk").values_list(*columns)[:PAGE_SIZE]
        return list(dated) or list(self._left(dated=False).order_by("-pk").values_list(*columns)[:PAGE_SIZE])

    def _left(self, *, dated: bool) -> ZohoRecordQuerySet:
        rows = due(self.module).filter(modified_at__isnull=not dated)
        if self.reached is None:
            return rows
        moment, key = self.reached
        if moment is None:
            return rows.none() if dated else rows.filter(pk__lt=key)
        if not dated:
            return rows
        return rows.filter(Q(modified_at__lt=moment) | Q(pk__lt=key), modified_at__lte=moment)
