"""What this process has seen of Zoho's fields since it last wrote it down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

import structlog
from django.utils import timezone

from zoho_sync.drift.judging import Known, record_shapes
from zoho_sync.drift.shapes import Shape, Shapes, sample, shapes_of
from zoho_sync.mirror import Kind, Observation
from zoho_sync.models import ZohoField

log = structlog.get_logger(__name__)

WRITTEN_AFTER_RECORDS = 200
WRITTEN_AFTER = timedelta(minutes=5)
SOURCES: Mapping[Kind, ZohoField.Source] = {
    Kind.DETAIL: ZohoField.Source.DETAIL,
    Kind.LIST: ZohoField.Source.LIST,
    Kind.WEBHOOK: ZohoField.Source.WEBHOOK,
}


@dataclass
class _Pending:
    """The shapes of one module and source that are not written yet, and what the table knows."""

    shapes: Shapes = field(default_factory=dict)
    known: Known = field(default_factory=dict)
    written_at: datetime | None = None
    failed_at: datetime | None = None

    def add(self, shapes: Shapes) -> bool:
        """Whether there is anything the table does not know."""
        for parent, shape in shapes.items():
            self.shapes.setdefault(parent, Shape()).add(shape)
        return any(self._is_news(parent, shape) for parent, shape in shapes.items())

    def _is_news(self, parent: str, shape: Shape) -> bool:
        nothing: frozenset[str] = frozenset()
        return any(
            (parent, name) not in self.known or not shape.types.get(name, nothing) <= self.known[parent, name]
            for name in shape.seen
        )

    def is_due(self, at: datetime, *, has_news: bool) -> bool:
        if self.failed_at is not None and abs(at - self.failed_at) < WRITTEN_AFTER:
            return False
        if has_news:
            return True
        if self.written_at is None or abs(at - self.written_at) >= WRITTEN_AFTER:
            return True
        return "" in self.shapes and self.shapes[""].looked_at >= WRITTEN_AFTER_RECORDS


_pending: dict[tuple[str, ZohoField.Source], _Pending] = {}
_lock = Lock()


def watch(module: str, observations: Sequence[Observation], *, at: datetime | None = None) -> None:
    """Look at what a batch was told of records of `module`, a sample of it; after the batch's commit.

    Never raises. No query but for every 200 records looked at, every five minutes, and when a field or type is new.
    """
    try:
        at = at or timezone.now()
        for pending, source, shapes in _take_due(module, observations, at=at):
            # Until it has worked: what fails is not tried again with every batch.
            pending.failed_at = at
            pending.known = record_shapes(module, source, shapes, at=at)
            pending.failed_at = None
    except Exception:
        log.exception("drift_not_noted", module=module)


def forget() -> None:
    """For tests: as if the process had just begun."""
    with _lock:
        _pending.clear()


def _take_due(
    module: str, observations: Sequence[Observation], *, at: datetime
) -> list[tuple[_Pending, ZohoField.Source, Shapes]]:
    with _lock:
        due = []
        for source, told in _by_source(observations):
            pending = _pending.setdefault((module, source), _Pending())
            has_news = pending.add(shapes_of([one.payload for one in sample(told)]))
            if pending.is_due(at, has_news=has_news):
                due.append((pending, source, pending.shapes))
                pending.shapes, pending.written_at = {}, at
        return due


def _by_source(observations: Sequence[Observation]) -> Iterator[tuple[ZohoField.Source, list[Observation]]]:
    for kind, source in SOURCES.items():
        if told := [one for one in observations if one.kind is kind and one.payload]:
            yield source, told
