"""What became of the events of a period: each has one outcome, and the outcome is true."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from zoho_sync.audit.period import SHOWN, Period
from zoho_sync.mirror import MISDATED
from zoho_sync.models import InboxEvent, SyncLog, ZohoRecord

State = InboxEvent.State


def applied_without_log(period: Period) -> Iterator[str]:
    logged = SyncLog.objects.filter(pk=OuterRef("log"), outcome=SyncLog.Outcome.APPLIED)
    for event in _events(period).filter(~Exists(logged), state=State.APPLIED)[:SHOWN]:
        yield f"event {event.pk} ({event.module} {event.zoho_id}) is applied without an applied log entry"


def settled_twice(period: Period) -> Iterator[str]:
    """An event names the entry that settled it last, so an earlier one then counts an event that no longer names it.

    Entries outlive their events: of old ones fewer events may be left.
    """
    mine = InboxEvent.objects.filter(log=OuterRef("pk")).order_by().values("log").annotate(n=Count("pk")).values("n")
    entries = SyncLog.objects.filter(**period.of("started_at")).annotate(mine=Coalesce(Subquery(mine), 0))
    lost = Q(mine__lt=F("event_count"), started_at__gte=period.kept_since)
    for entry in entries.filter(Q(mine__gt=F("event_count")) | lost).order_by("id")[:SHOWN]:
        record = f"{entry.module} {entry.zoho_id}"
        yield f"log {entry.pk} ({record}) settled {entry.event_count} events, {entry.mine} name it"


def superseded_without_end(period: Period) -> Iterator[str]:
    unnamed = Q(successor__isnull=True, reason="") | Q(successor__state=State.SUPERSEDED)
    for event in _events(period).filter(unnamed, state=State.SUPERSEDED)[:SHOWN]:
        yield f"event {event.pk} ({event.module} {event.zoho_id}) is superseded by nothing that was taken"


def mirror_older_than_event(period: Period) -> Iterator[str]:
    taken = (State.APPLIED, State.UNCHANGED, State.SUPERSEDED)
    as_new = ZohoRecord.objects.filter(
        module=OuterRef("module"), zoho_id=OuterRef("zoho_id"), modified_at__gte=OuterRef("modified_at")
    )
    wrong = _events(period).filter(~Exists(as_new), state__in=taken, modified_at__isnull=False)
    for event in wrong.exclude(Q(operation=InboxEvent.Operation.DELETE) | Q(reason=MISDATED))[:SHOWN]:
        yield f"the mirror of {event.module} {event.zoho_id} is older than event {event.pk}, which was taken"


def _events(period: Period) -> QuerySet[InboxEvent]:
    return InboxEvent.objects.filter(**period.of("received_at")).defer("body", "headers", "query").order_by("id")
