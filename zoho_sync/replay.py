"""Take up again what was put aside: events that could not be read, that are dead, or that somebody discarded.

Replaying twice does no harm: what is queued or settled by then is no longer chosen, and the mirror
refuses what it already knows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from django.db.models import Max, Q, QuerySet

from zoho_sync import dead_letters
from zoho_sync.bringing import persist
from zoho_sync.entities import BY_MODULE, WEBHOOK_PATHS, Entity
from zoho_sync.inbox import Reading, hold_records, read_again, reopen
from zoho_sync.models import DeadLetter, InboxEvent

State = InboxEvent.State
PUT_ASIDE = (State.INVALID, State.DEAD, State.DISCARDED)
BATCH_SIZE = 200
SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Which events: arrived from `since` on and before `until`, of `entity` (None: any), in one of `states`.

    An event that names no record is of the entity that today's code reads in it, else of its address's.
    """

    since: datetime
    until: datetime | None = None
    entity: Entity | None = None
    states: Sequence[InboxEvent.State] = PUT_ASIDE

    def events(self) -> QuerySet[InboxEvent]:
        chosen = InboxEvent.objects.filter(state__in=self.states, received_at__gte=self.since)
        if self.until:
            chosen = chosen.filter(received_at__lt=self.until)
        if self.entity:
            chosen = chosen.filter(module__in=["", self.entity.module])
        return chosen.order_by("id")

    def includes(self, event: InboxEvent, reading: Reading) -> bool:
        return self.entity is None or _entity(event, reading) is self.entity


@dataclass
class Kind:
    """The events of one kind of record in one state: how many are taken up, how many still cannot be read."""

    name: str
    state: InboxEvent.State
    reopened: int = 0
    unreadable: int = 0
    first: list[str] = field(default_factory=list)

    def count(self, event: InboxEvent, reading: Reading) -> None:
        if reading.problem:
            self.unreadable += 1
        else:
            self.reopened += 1
        if len(self.first) < SHOWN:
            self.first.append(str(event.uuid))


class Tally(dict[tuple[str, str], Kind]):
    """Events counted by the name of their kind and their state."""

    def count(self, event: InboxEvent, reading: Reading) -> None:
        entity = _entity(event, reading)
        name, state = entity.name if entity else event.path, InboxEvent.State(event.state)
        self.setdefault((name, state), Kind(name, state)).count(event, reading)

    @property
    def reopened(self) -> int:
        return sum(kind.reopened for kind in self.values())

    @property
    def unreadable(self) -> int:
        return sum(kind.unreadable for kind in self.values())


def survey(choice: Choice) -> Tally:
    """What `replay` would do now. Changes nothing."""
    tally = Tally()
    for batch in _batches(choice):
        readings = _read(batch)
        for event in batch:
            reading = readings.get(event.pk, Reading())
            if choice.includes(event, reading):
                tally.count(event, reading)
    return tally


def replay(choice: Choice, *, at: datetime) -> Tally:
    """Queue the chosen events again, batch by batch; a dead record's dead letter is retried whole.

    Each batch is a transaction that holds its records as receiving does, so that of a replay and an
    equal delivery at the same moment one sees the other. What still cannot be read stays as it is.
    """
    tally = Tally()
    for batch in _batches(choice):
        readings = _read(batch)
        wanted = [event for event in batch if choice.includes(event, readings.get(event.pk, Reading()))]
        step = partial(_reopen, choice, wanted, readings, at=at)
        for event in persist(step, module="inbox"):
            tally.count(event, readings.get(event.pk, Reading()))
    return tally


def replay_chosen(events: QuerySet[InboxEvent], *, at: datetime) -> int:
    """Queue those of a few events again that are put aside; how many. Runs in the caller's transaction."""
    batch = list(events.filter(state__in=PUT_ASIDE).order_by("id"))
    if not batch:
        return 0
    readings = _read(batch)
    choice = Choice(since=min(event.received_at for event in batch))
    taken = _reopen(choice, batch, readings, at=at)
    return sum(not readings.get(event.pk, Reading()).problem for event in taken)


def _batches(choice: Choice) -> Iterator[list[InboxEvent]]:
    """The events that are chosen now, oldest first, a few at a time."""
    newest, last = InboxEvent.objects.aggregate(newest=Max("pk"))["newest"] or 0, 0
    while batch := list(choice.events().filter(pk__gt=last, pk__lte=newest)[:BATCH_SIZE]):
        yield batch
        last = batch[-1].pk


def _read(events: Sequence[InboxEvent]) -> dict[int, Reading]:
    """Of those that name no record, what they hold."""
    return {event.pk: read_again(event) for event in events if not event.module}


def _reopen(
    choice: Choice, events: Sequence[InboxEvent], readings: Mapping[int, Reading], *, at: datetime
) -> list[InboxEvent]:
    """Those of `events` that were still put aside, as they were before."""
    named = {(event.module, event.zoho_id) for event in events if event.module}
    read = {(one.module, one.zoho_id) for reading in readings.values() for one in reading.records if one.zoho_id}
    hold_records(named | read)
    held = choice.events().filter(pk__in=[event.pk for event in events]).select_for_update(of=("self",))
    found = {event.pk: event for event in held}
    dead = {(one.module, one.zoho_id) for one in found.values() if one.state == State.DEAD}
    if dead:
        dead_letters.retry(_letters(dead), at=at)
    reopen(list(found.values()), readings, at=at)
    return [event for event in events if event.pk in found]


def _letters(records: set[tuple[str, str]]) -> QuerySet[DeadLetter]:
    of = Q()
    for module in sorted({module for module, _ in records}):
        of |= Q(module=module, zoho_id__in=sorted(zoho_id for one, zoho_id in records if one == module))
    return DeadLetter.objects.filter(of)


def _entity(event: InboxEvent, reading: Reading) -> Entity | None:
    if event.module:
        return BY_MODULE[event.module]
    module = next((record.module for record in reading.records if not record.problem), None)
    return BY_MODULE[module] if module else WEBHOOK_PATHS.get(event.path)
