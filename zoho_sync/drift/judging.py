"""Write down what was seen of Zoho's fields, and judge what of it is a change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Count
from django.utils.translation import gettext_noop as _

from tsh_erp.common.sql import insert_rows, lock_name, update_from_values
from zoho_sync import alerts
from zoho_sync.drift.shapes import Shape, Shapes
from zoho_sync.models import Alert, ZohoField
from zoho_sync.models.drift import ZohoFieldQuerySet

CODE = "schema_drift"
# What comes until then is how it has always been: there is no news before something is known.
LEARNED_AFTER_RECORDS = 200
LEARNED_AFTER = timedelta(days=1)
# A field that came (nearly) always comes no more when so many records lacked it.
MISSING_AFTER_RECORDS = 200
ALWAYS = 0.95
ENOUGH_RECORDS = 50

Change = ZohoField.Change
Known = dict[tuple[str, str], frozenset[str]]  # the types of each field, by parent and name
COUNTED = ("types", "seen", "first_at", "last_at", "last_seen_at", "change", "changed_at")

SEVERITIES = {
    Change.NEW: Alert.Severity.INFO,
    Change.MISSING: Alert.Severity.WARNING,
    Change.TYPE: Alert.Severity.WARNING,
}
TITLES = {
    Change.NEW: _("Zoho sends a new field: %(field)s"),
    Change.MISSING: _("Zoho no longer sends the field %(field)s"),
    Change.TYPE: _("Zoho sends another type of value in %(field)s"),
}
DETAILS = {
    Change.NEW: _("Its values are of type %(types)s. The mirror keeps it; nothing else here reads it yet."),
    Change.MISSING: _(
        "It used to come always and was in none of the last %(records)s records. What it filled stays as it was."
    ),
    Change.TYPE: _("It was %(before)s and can now be %(types)s: see whether records fail because of it."),
}


@dataclass
class _Judgement:
    """The rows of one module and source as they should be, and what changed about them."""

    module: str
    source: ZohoField.Source
    at: datetime
    rows: dict[tuple[str, str], ZohoField]
    new: list[ZohoField] = field(default_factory=list)
    dirty: dict[int, ZohoField] = field(default_factory=dict)
    changed: list[tuple[ZohoField, str]] = field(default_factory=list)  # with the types before
    returned: list[ZohoField] = field(default_factory=list)

    def take(self, parent: str, shape: Shape) -> None:
        whole = self._row(parent, "")
        is_learned = self._is_learned(whole)
        before = whole.seen
        whole.seen += shape.looked_at
        whole.last_at, whole.last_seen_at = whole.seen, self.at
        for name in shape.seen:
            self._count(parent, name, shape, before=before, is_learned=is_learned)
        for (place, name), row in self.rows.items():
            if place == parent and name and name not in shape.seen and _is_missing(row, whole):
                self._change(row, Change.MISSING, row.types)

    def _count(self, parent: str, name: str, shape: Shape, *, before: int, is_learned: bool) -> None:
        is_new = (parent, name) not in self.rows
        row = self._row(parent, name)
        if is_new or row.change == Change.MISSING:
            row.first_at, row.seen = before + 1, 0
        if row.change == Change.MISSING:
            row.change, row.changed_at = "", None
            self.returned.append(row)
        row.seen += shape.seen[name]
        row.last_at, row.last_seen_at = before + shape.last[name], self.at
        types = _types(row)
        if more := shape.types.get(name, set()) - types:
            told, row.types = row.types, ", ".join(sorted(types | more))
            if is_learned and types:
                self._change(row, Change.TYPE, told)
        if is_new and is_learned:
            self._change(row, Change.NEW, "")

    def _row(self, parent: str, name: str) -> ZohoField:
        row = self.rows.get((parent, name))
        if row is None:
            row = self.rows[parent, name] = ZohoField(
                module=self.module,
                source=self.source,
                parent=parent,
                name=name,
                first_seen_at=self.at,
                last_seen_at=self.at,
            )
            self.new.append(row)
        elif row.pk is not None:
            self.dirty[row.pk] = row
        return row

    def _is_learned(self, whole: ZohoField) -> bool:
        return whole.seen >= LEARNED_AFTER_RECORDS or (
            whole.seen > 0 and self.at - whole.first_seen_at >= LEARNED_AFTER
        )

    def _change(self, row: ZohoField, change: Change, before: str) -> None:
        row.change, row.changed_at = change, self.at
        self.changed.append((row, before))
        if row.pk is not None:
            self.dirty[row.pk] = row


def record_shapes(module: str, source: ZohoField.Source, shapes: Shapes, *, at: datetime) -> Known:
    """Count what was seen, note what changed and raise its alerts, in one transaction; what is known now.

    One who writes of a module and source keeps the others waiting. Five statements and a few for each alert.
    """
    with transaction.atomic():
        _hold(module, source)
        rows = {(row.parent, row.name): row for row in ZohoField.objects.of(module, source)}
        judged = _Judgement(module, source, at, rows)
        for parent in sorted(shapes):
            judged.take(parent, shapes[parent])
        insert_rows(ZohoField, judged.new)
        values = [(pk, *(getattr(row, name) for name in COUNTED)) for pk, row in sorted(judged.dirty.items())]
        update_from_values(ZohoField, COUNTED, values)
        for row, before in sorted(judged.changed, key=lambda one: str(one[0])):
            _alert(row, before, at=at)
        _resolve(judged.returned, Change.MISSING, at=at)
    return {place: _types(row) for place, row in judged.rows.items()}


def accept(fields: ZohoFieldQuerySet, *, at: datetime) -> int:
    """A person has seen these changes: they count as known, and their alerts are over; how many.

    A field that comes no more is forgotten; should it come again, that is news.
    """
    with transaction.atomic():
        chosen = list(fields.changed().select_for_update(of=("self",)).order_by("pk"))
        missing = [row.pk for row in chosen if row.change == Change.MISSING]
        by_change: dict[Change, list[ZohoField]] = defaultdict(list)
        for row in chosen:
            by_change[Change(row.change)].append(row)
        ZohoField.objects.filter(pk__in=missing).delete()
        others = [row.pk for row in chosen if row.change != Change.MISSING]
        ZohoField.objects.filter(pk__in=others).update(change="", changed_at=None)
        for change, rows in by_change.items():
            _resolve(rows, change, at=at)
    return len(chosen)


def count_changes() -> dict[str, int]:
    """How many fields of each module have changed and were not accepted yet. One query."""
    rows = ZohoField.objects.changed().order_by().values_list("module").annotate(Count("pk"))
    return dict(rows)


def _is_missing(row: ZohoField, whole: ZohoField) -> bool:
    if row.change == Change.MISSING or row.seen < ENOUGH_RECORDS:
        return False
    return whole.seen - row.last_at >= MISSING_AFTER_RECORDS and (row.share or 0) >= ALWAYS


def _types(row: ZohoField) -> frozenset[str]:
    return frozenset(row.types.split(", ")) - {""}


def _hold(module: str, source: str) -> None:
    """Nobody else writes of these fields until the transaction ends; SQLite has one writer anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock_name("drift", module, source)])


def _alert(row: ZohoField, before: str, *, at: datetime) -> None:
    change = Change(row.change)
    parameters = {
        "field": str(row),
        "types": row.types or "?",
        "before": before or "?",
        "records": MISSING_AFTER_RECORDS,
    }
    alerts.raise_alert(
        code=CODE,
        cause=_cause(row, change),
        title=TITLES[change],
        detail=DETAILS[change],
        parameters=parameters,
        severity=SEVERITIES[change],
        at=at,
    )


def _resolve(rows: Collection[ZohoField], change: Change, *, at: datetime) -> None:
    """The alerts of these fields are over where no other source tells of the same change."""
    if not rows:
        return
    still = {_cause(row, change) for row in _alike(rows).filter(change=change)}
    over = {_cause(row, change) for row in rows} - still
    fingerprints = [alerts.fingerprint_of(CODE, cause) for cause in sorted(over)]
    alerts.resolve(Alert.objects.filter(fingerprint__in=fingerprints), at=at, resolution=alerts.OVER)


def _alike(rows: Iterable[ZohoField]) -> ZohoFieldQuerySet:
    """Fields of the same names in the same modules, wherever they were seen."""
    named = list(rows)
    return ZohoField.objects.filter(
        module__in={row.module for row in named},
        parent__in={row.parent for row in named},
        name__in={row.name for row in named},
    )


def _cause(row: ZohoField, change: Change) -> str:
    return f"{change.value}:{row}"
