"""A page of Zoho's records beside our rows: what is missing, what is different in which field, and the sums of both.

What Zoho means is read by the same mapper that the sync uses, from the list row laid over the rest that
the mirror knows; it is held against the business rows themselves, so that a row that was tampered with
or mapped wrongly shows as well as one that was never updated.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from catalog.services.parents import keys_by_zoho_id
from catalog.values import CategoryValues
from zoho_sync.entities import Entity
from zoho_sync.errors import SyncError
from zoho_sync.mappers.record import Record
from zoho_sync.mirror import Kind, Observation, payload_hash
from zoho_sync.models import Difference, ZohoRecord
from zoho_sync.reconcile.fields import Found, compare_shapes, describe, mirror_differences, units_of
from zoho_sync.reconcile.numbers import Tally, Totals
from zoho_sync.reconcile.stored import Expecting, Shape, load
from zoho_sync.reconcile.summing import add_totals
from zoho_sync.reconcile.tables import BY_VALUES, IMAGE, Table, tables_of

GONE = (ZohoRecord.State.GONE, ZohoRecord.State.UNCONFIRMED_GONE)


@dataclass(frozen=True, kw_only=True)
class Told:
    """A record as Zoho lists it now, with its detail where that was asked for."""

    zoho_id: str
    row: Mapping[str, Any]
    asked_at: datetime
    detail: Observation | None = None

    @property
    def observed_at(self) -> datetime:
        return self.detail.observed_at if self.detail else self.asked_at

    @property
    def is_gone(self) -> bool:
        """Whether it went while the list was read."""
        return self.detail is not None and self.detail.kind is Kind.GONE


@dataclass
class Compared:
    """One record: the table it belongs into, its units (subject, unit) on either side, what differs, its sums.

    `table` is None for a record that cannot be read, or that is no row of ours. `implied` are units that
    are missing or extra with their record: its stock, its image, its prices.
    """

    zoho_id: str
    table: Table | None = None
    theirs: set[tuple[str, str]] = field(default_factory=set)
    ours: set[tuple[str, str]] = field(default_factory=set)
    implied: set[tuple[str, str]] = field(default_factory=set)
    found: list[Found] = field(default_factory=list)
    totals: dict[str, Totals] = field(default_factory=lambda: defaultdict(Totals))
    sku: str = ""

    def count(self, tallies: Mapping[str, Tally], settled: Collection[Found] = ()) -> None:
        """Add the record to the tallies of its subjects; a unit is settled when all that differs in it is."""
        by_unit: dict[tuple[str, str], list[Found]] = defaultdict(list)
        for one in self.found:
            by_unit[one.subject, one.unit].append(one)
        for key in self.theirs | self.ours | by_unit.keys():
            tally, differing = tallies[key[0]], self.found[:1] if key in self.implied else by_unit.get(key, [])
            tally.compared += 1
            tally.theirs += key in self.theirs
            tally.ours += key in self.ours
            if differing:
                kind = differing[0].kind
                setattr(tally, kind.value, getattr(tally, kind.value) + 1)
                tally.settled += all(one in settled for one in differing)


class Comparison:
    """Compares the records of one module, page by page. The queries of a page do not grow with its records."""

    def __init__(self, entity: Entity) -> None:
        self.entity, self.tables = entity, tables_of(entity.module)
        self._expecting = Expecting()

    def compare(self, told: Mapping[str, Told]) -> dict[str, Compared]:
        """Records of Zoho beside ours, by Zoho id; those that went meanwhile are left out."""
        alive = {zoho_id: one for zoho_id, one in told.items() if not one.is_gone}
        rows = ZohoRecord.objects.of(self.entity.module, list(alive)).with_sightings()
        held = {row.zoho_id: row for row in rows}
        stored = {table.label: load(table, alive) for table in self.tables}
        compared, links = {}, []
        for zoho_id, one in alive.items():
            result = Compared(zoho_id)
            links += self._compare_one(one, held.get(zoho_id), stored, result)
            compared[zoho_id] = result
        self._compare_links(links, compared)
        for zoho_id, one in alive.items():
            result = compared[zoho_id]
            if result.table and not result.found:
                result.found += _mirror(self.entity, one, held.get(zoho_id), result.table)
        return compared

    def compare_extra(self, table: Table, zoho_ids: Iterable[str]) -> dict[str, Compared]:
        """Rows of ours that no list of Zoho's has shown."""
        compared = {}
        for zoho_id, shape in load(table, list(zoho_ids)).items():
            units = units_of(table, shape)
            result = compared[zoho_id] = Compared(zoho_id, table, ours=units, implied=units)
            result.found.append(
                Found(table.subject, zoho_id, Difference.Kind.EXTRA, theirs="", ours=describe(shape.columns))
            )
            add_totals(table, result.totals, theirs=None, ours=shape)
        return compared

    def _compare_one(
        self,
        told: Told,
        held: ZohoRecord | None,
        stored: Mapping[str, Mapping[str, Shape]],
        result: Compared,
    ) -> list[tuple[type[Any], str, Found]]:
        """Fills `result`; links that stand open here are answered, with the row they should lead to."""
        try:
            values = self.entity.map(Record(_payload(self.entity, told, held)))
        except SyncError as error:
            self._note_unreadable(told, stored, result, error)
            return []
        if isinstance(values, CategoryValues) and values.is_root:
            return []
        table = result.table = BY_VALUES[type(values)]
        wanted, have = self._expecting.shape(table, values), stored[table.label].get(told.zoho_id)
        result.sku = getattr(values, "sku", None) or ""
        live = have if have and have.is_live else None
        add_totals(table, result.totals, theirs=wanted, ours=live)
        if live is None:
            result.theirs = result.implied = units_of(table, wanted)
            here = "retired" if have else ""
            result.found.append(
                Found(
                    table.subject,
                    told.zoho_id,
                    Difference.Kind.MISSING,
                    theirs=describe(wanted.columns),
                    ours=here,
                )
            )
            return []
        result.theirs, result.ours = units_of(table, wanted), units_of(table, live)
        if live.has_hopeless_image:
            result.theirs.discard((IMAGE, ""))
            result.ours.discard((IMAGE, ""))
        if wanted.prices is None:
            result.ours = {one for one in result.ours if not one[1]}
        found, links = compare_shapes(table, told.zoho_id, wanted, live)
        result.found += found
        return links

    def _note_unreadable(
        self, told: Told, stored: Mapping[str, Mapping[str, Shape]], result: Compared, error: SyncError
    ) -> None:
        here = [table for table in self.tables if told.zoho_id in stored[table.label]]
        subject = (here or self.tables)[0].subject
        result.theirs.add((subject, ""))
        result.ours |= {(subject, "")} if here else set()
        result.found.append(Found(subject, told.zoho_id, Difference.Kind.UNREADABLE, theirs=str(error)[:500]))

    def _compare_links(self, links: Iterable[tuple[type[Any], str, Found]], compared: Mapping[str, Compared]) -> None:
        """A link that leads nowhere here is different only if the row that it should lead to is here."""
        by_model: dict[type[Any], list[tuple[str, Found]]] = defaultdict(list)
        for model, target, found in links:
            by_model[model].append((target, found))
        for model, waiting in by_model.items():
            here = keys_by_zoho_id(model, {target for target, _ in waiting})
            for target, found in waiting:
                if target in here:
                    compared[found.zoho_id].found.append(found)


def _payload(entity: Entity, told: Told, held: ZohoRecord | None) -> Mapping[str, Any]:
    """The whole record as far as it is known: what is listed or fetched now, and what only the mirror has of it.

    Where the mirror has heard of the record since the list was asked for, it is the mirror's word.
    """
    if held is not None and held.state not in GONE and held.last_observed_at > told.observed_at:
        return held.payload  # type: ignore[no-any-return]
    listed = {key: value for key, value in told.row.items() if key not in entity.detail_only}
    if told.detail is not None:
        return {**listed, **told.detail.payload}
    if held is None:
        return told.row
    return {**held.payload, **listed}


def _mirror(entity: Entity, told: Told, held: ZohoRecord | None, table: Table) -> list[Found]:
    """What the mirror itself has wrong, where the business rows are right."""

    def found(name: str, theirs: str, ours: str) -> Found:
        return Found(table.subject, told.zoho_id, Difference.Kind.DIFFERENT, field=name, theirs=theirs, ours=ours)

    if held is None:
        return [found("mirror", "present", "")]
    if held.last_observed_at > told.observed_at:
        return []
    if held.state in GONE:
        return [found("mirror.state", "present", held.state)]
    differing = mirror_differences(told.row, held.payload, entity.detail_only)
    # A list spells some things in another way than a detail, which is no difference as long as the row is the
    # one that the mirror has taken in and nobody has touched its payload since.
    if differing and payload_hash(told.row) == held.list_hash and payload_hash(held.payload) == held.hash:
        return []
    return [found(f"mirror.{name}", theirs, ours) for name, theirs, ours in differing]
