"""Two shapes of one record beside each other, field by field. Pure."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from catalog.models.figures import FIGURES
from zoho_sync.models import Difference
from zoho_sync.reconcile.numbers import plain
from zoho_sync.reconcile.stored import PRICE, Shape
from zoho_sync.reconcile.tables import IMAGE, PRODUCT, STOCK, Table

Kind = Difference.Kind
MOST_SHOWN = 500
NAMES = ("name", "number", "code", "reference")
OpenLink = tuple[type[Any], str, "Found"]


@dataclass(frozen=True)
class Found:
    """A difference before it is stored; `field` is "" where a whole record or unit is missing or extra."""

    subject: str
    zoho_id: str
    kind: Difference.Kind
    field: str = ""
    theirs: str = ""
    ours: str = ""
    unit: str = ""


def units_of(table: Table, shape: Shape) -> set[tuple[str, str]]:
    """What is counted of a record: (subject, unit). With a product its stock and image, with a list each price."""
    units = {(table.subject, "")}
    if table.label == PRODUCT:
        units |= {(STOCK, "")} if _has_stock(shape) else set()
        units |= {(IMAGE, "")} if shape.image else set()
    return units | {(table.subject, product) for product in shape.prices or ()}


def compare_shapes(table: Table, zoho_id: str, wanted: Shape, have: Shape) -> tuple[list[Found], list[OpenLink]]:
    """What differs; and the links that are empty here though Zoho states one, with the table they lead to."""
    builder = _Builder(table, zoho_id)
    builder.compare_row("", table.columns.links, wanted, have)
    for part in table.parts:
        if part.name in wanted.parts:
            builder.compare_part(part.name, part.columns.links, wanted.parts[part.name], have.parts[part.name])
    if wanted.stock is not None:
        builder.compare_stock(wanted.stock, have.stock or {})
    if wanted.prices is not None:
        builder.compare_prices(wanted.prices, have.prices or {})
    if wanted.attributes is not None and wanted.attributes != have.attributes:
        builder.note("attributes", wanted.attributes, have.attributes)
    if table.label == PRODUCT and not have.has_hopeless_image and wanted.image != have.image:
        builder.note_image(wanted.image, have.image)
    return builder.found, builder.links


def mirror_differences(
    row: Mapping[str, Any], payload: Mapping[str, Any], left_out: Collection[str]
) -> list[tuple[str, str, str]]:
    """Keys that both have with another value: key, the row's value, the payload's."""
    return [
        (key, show(value), show(payload[key]))
        for key, value in row.items()
        if key not in left_out and key in payload and payload[key] != value
    ]


def describe(columns: Mapping[str, Any]) -> str:
    """What people call the record."""
    return next((show(columns[name]) for name in NAMES if columns.get(name)), "")


def show(value: Any) -> str:
    """A value as text, cut where it is long; unknown is empty."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        text = plain(value)
    elif isinstance(value, datetime | date):
        text = value.isoformat()
    elif isinstance(value, dict | list):
        text = json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    else:
        text = str(value)
    # NUL and half surrogates, which no text column holds, come from payloads that no mapper has read.
    text = text.replace("\x00", "␀").encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 1]}…"


class _Builder:
    def __init__(self, table: Table, zoho_id: str) -> None:
        self._table, self._zoho_id = table, zoho_id
        self.found: list[Found] = []
        self.links: list[OpenLink] = []

    def note(self, name: str, theirs: Any, ours: Any, *, subject: str = "", unit: str = "") -> None:
        self.found.append(self._make(name, theirs, ours, subject=subject, unit=unit))

    def compare_row(self, prefix: str, links: Collection[Any], wanted: Shape, have: Shape) -> None:
        for name, theirs in wanted.columns.items():
            if theirs != have.columns[name]:
                is_stock = not prefix and name in FIGURES and self._table.label == PRODUCT
                self.note(f"{prefix}{name}", theirs, have.columns[name], subject=STOCK if is_stock else "")
        for link in links:
            theirs, ours = wanted.links[link.name], have.links[link.name]
            if theirs == ours:
                continue
            if ours is None and theirs is not None:
                self.links.append((link.related_model, theirs, self._make(f"{prefix}{link.name}", theirs, None)))
            else:
                self.note(f"{prefix}{link.name}", theirs, ours)

    def compare_part(
        self, name: str, links: Collection[Any], wanted: Collection[Shape], have: Collection[Shape]
    ) -> None:
        if len(wanted) != len(have):
            self.note(name, len(wanted), len(have))
            return
        for number, (theirs, ours) in enumerate(zip(wanted, have, strict=True), start=1):
            self.compare_row(f"{name}[{number}].", links, theirs, ours)

    def compare_stock(self, wanted: Mapping[str, Any], have: Mapping[str, Any]) -> None:
        """A level whose figures are all unknown is one that Zoho does not state any more."""
        unknown = dict.fromkeys(FIGURES)
        for warehouse in sorted(wanted.keys() | have.keys()):
            theirs, ours = wanted.get(warehouse, unknown), have.get(warehouse, unknown)
            for name in FIGURES:
                if theirs[name] != ours[name]:
                    self.note(f"stock[{warehouse}].{name}", theirs[name], ours[name], subject=STOCK)

    def compare_prices(self, wanted: Mapping[str, Any], have: Mapping[str, Any]) -> None:
        for product in sorted(wanted.keys() | have.keys()):
            theirs, ours = wanted.get(product), have.get(product)
            if theirs is None or ours is None:
                kind = Kind.MISSING if ours is None else Kind.EXTRA
                name, subject = f"prices[{product}]", self._table.subject
                self.found.append(Found(subject, self._zoho_id, kind, name, _price(theirs), _price(ours), product))
                continue
            for name in PRICE:
                if theirs[name] != ours[name]:
                    self.note(f"prices[{product}].{name}", theirs[name], ours[name], unit=product)

    def note_image(self, theirs: str, ours: str) -> None:
        kind = Kind.MISSING if not ours else Kind.DIFFERENT if theirs else Kind.EXTRA
        self.found.append(Found(IMAGE, self._zoho_id, kind, "image", theirs, ours))

    def _make(self, name: str, theirs: Any, ours: Any, *, subject: str = "", unit: str = "") -> Found:
        told = subject or self._table.subject
        return Found(told, self._zoho_id, Kind.DIFFERENT, name, show(theirs), show(ours), unit)


def _has_stock(shape: Shape) -> bool:
    """Whether stock is kept of the product: any figure of it is known."""
    return any(figure is not None for figure in _figures(shape))


def _figures(shape: Shape) -> Iterator[Decimal | None]:
    for name in FIGURES:
        yield shape.columns[name]
    for level in (shape.stock or {}).values():
        yield from level.values()


def _price(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return ""
    return show(row["rate"]) or (f"{show(row['discount_percentage'])} %" if row["discount_percentage"] else "listed")
