"""What the records of a batch look like: which keys they have, and of which JSON types. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar

T = TypeVar("T")

# Custom fields are data of the organisation: what it invents is no change of Zoho's.
CUSTOM_KEYS = frozenset({"custom_field_hash", "custom_fields"})
CUSTOM_PREFIX = "cf_"
SAMPLE = 8  # of a batch and source: what changes in Zoho changes in all records
LONGEST_KEY = 200
MOST_KEYS = 1_000  # of one object: whatever has more is no record of Zoho's

STRING, NUMBER, BOOLEAN, OBJECT, LIST, NULL = "string", "number", "boolean", "object", "list", "null"
_TYPES: Mapping[type, str] = {
    str: STRING,
    int: NUMBER,
    float: NUMBER,
    Decimal: NUMBER,
    bool: BOOLEAN,
    dict: OBJECT,
    list: LIST,
    type(None): NULL,
}


@dataclass
class Shape:
    """What was seen of the objects in one place: how many, and of each key how often, where last and its types."""

    looked_at: int = 0
    seen: Counter[str] = field(default_factory=Counter)
    last: dict[str, int] = field(default_factory=dict)
    types: dict[str, set[str]] = field(default_factory=dict)

    def look(self, record: Mapping[str, Any]) -> None:
        self.looked_at += 1
        self.seen.update(record.keys())
        self.last.update(dict.fromkeys(record, self.looked_at))
        types = self.types
        for key, value in record.items():
            name = _TYPES.get(value.__class__) or _type_of(value)
            if name is NULL or (name is STRING and not value):
                continue  # "" means null in Zoho, and null says nothing of a type
            known = types.get(key)
            if known is None:
                types[key] = {name}
            elif name not in known:
                known.add(name)

    def add(self, other: Shape) -> None:
        """Count what `other` saw as seen after what this one saw."""
        self.last.update({key: self.looked_at + place for key, place in other.last.items()})
        self.looked_at += other.looked_at
        self.seen.update(other.seen)
        for key, types in other.types.items():
            self.types.setdefault(key, set()).update(types)


Shapes = dict[str, Shape]  # by parent: "" is the record itself


def sample(told: Sequence[T]) -> Sequence[T]:
    """At most `SAMPLE` of them, evenly spread."""
    return told[:: max(1, -(-len(told) // SAMPLE))]


def shapes_of(payloads: Sequence[Mapping[str, Any]]) -> Shapes:
    """What these records look like, and one level deeper what their lines and inner objects do."""
    found: Shapes = {"": Shape()}
    for payload in payloads:
        record = _schema_part(payload)
        found[""].look(record)
        for key, value in _inner(record):
            found.setdefault(key, Shape()).look(_schema_part(value))
    return found


def _schema_part(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Without custom fields, and without keys that cannot be Zoho's."""
    others = [key for key in record if key not in _plain and not _is_plain(key)]
    if others or len(record) > MOST_KEYS:
        record = dict(list(record.items())[:MOST_KEYS])
        for key in others:
            record.pop(key, None)
    return record


def _is_plain(key: str) -> bool:
    if key.startswith(CUSTOM_PREFIX) or key in CUSTOM_KEYS or len(key) > LONGEST_KEY or not key.isprintable():
        return False
    if len(_plain) < MOST_KEYS * 10:
        _plain.add(key)
    return True


_plain: set[str] = set()  # keys that were looked at already


def _inner(record: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Objects in the record; of a list the first stands for all, since Zoho's lines are alike."""
    for key, value in record.items():
        first = value[0] if value.__class__ is list and value else value
        if isinstance(first, dict):
            yield key, first


def _type_of(value: Any) -> str:
    if isinstance(value, Mapping):
        return OBJECT
    return LIST if isinstance(value, list | tuple) else type(value).__name__[:20]
