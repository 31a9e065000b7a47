"""Our side of the comparison: the rows of a page's records with everything below them, in a constant number of queries.

And the same shape made of mapped values: what our rows should be.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, cast

from django.db.models import F

from catalog.models import FailedImage, ItemGroupAttribute, PriceListItem, ProductImage, StockLevel
from catalog.models.figures import FIGURES
from catalog.services.prices import read_bracket
from catalog.values import AttributeValues, OptionValues
from commerce.models import Currency
from commerce.services.rows import Columns
from zoho_sync.reconcile.tables import ITEM_GROUP, PRICE_LIST, PRODUCT, Table

Row = Mapping[str, Any]
Figures = Mapping[str, Decimal | None]
PRICE = ("product_name", "zoho_id", "rate", "discount_percentage", "pricing_scheme", "brackets")


@dataclass
class Shape:
    """A record in our terms. A link holds the Zoho id of the row it leads to, None where it leads nowhere.

    A part that is not in `parts` was not stated; nor were `stock`, `prices` and `attributes` that are None.
    `image` is Zoho's document whose picture is here.
    """

    columns: dict[str, Any]
    links: dict[str, str | None] = field(default_factory=dict)
    parts: dict[str, list[Shape]] = field(default_factory=dict)
    stock: dict[str, Figures] | None = None
    prices: dict[str, Row] | None = None
    attributes: tuple[AttributeValues, ...] | None = None
    image: str = ""
    has_hopeless_image: bool = False
    is_live: bool = True
    pk: int | None = None


# --- what we have ---------------------------------------------------------------------------------


def load(table: Table, zoho_ids: Collection[str]) -> dict[str, Shape]:
    """The rows of these records by Zoho id, retired ones too. A few queries, however many records."""
    ids, columns, extra = list(zoho_ids), table.columns, FIGURES if table.label == PRODUCT else ()
    named = {f"{link.name}__zoho_id": link.name for link in columns.links}
    rows = table.model._default_manager.filter(zoho_id__in=ids).order_by()
    found: dict[str, Shape] = {}
    for row in rows.values("pk", "retired_at", *columns.plain, *extra, *named):
        links = {name: row.pop(path) for path, name in named.items()}
        pk, retired_at = row.pop("pk"), row.pop("retired_at")
        found[row["zoho_id"]] = Shape(row, links, pk=pk, is_live=retired_at is None)
    if found:
        _load_parts(table, found)
    if found and table.label == PRODUCT:
        _load_stock(found)
        _load_images(found)
    elif found and table.label == PRICE_LIST:
        _load_prices(found)
    elif found and table.label == ITEM_GROUP:
        _load_attributes(found)
    return found


def _load_parts(table: Table, found: Mapping[str, Shape]) -> None:
    for part in table.parts:
        owner, columns = f"{part.owner}__zoho_id", part.columns
        named = {f"{link.name}__zoho_id": link.name for link in columns.links}
        for shape in found.values():
            shape.parts[part.name] = []
        rows = part.model._default_manager.filter(**{f"{owner}__in": list(found)}).order_by("pk")
        for row in rows.values(*columns.plain, *named, of=F(owner)):
            links = {name: row.pop(path) for path, name in named.items()}
            found[row.pop("of")].parts[part.name].append(Shape(row, links))


def _load_stock(found: Mapping[str, Shape]) -> None:
    for shape in found.values():
        shape.stock = {}
    rows = StockLevel.objects.filter(product__zoho_id__in=list(found)).order_by()
    for row in rows.values("product__zoho_id", "warehouse__zoho_id", *FIGURES):
        product, warehouse = row.pop("product__zoho_id"), row.pop("warehouse__zoho_id")
        cast(dict[str, Figures], found[product].stock)[warehouse or ""] = row


def _load_images(found: Mapping[str, Shape]) -> None:
    ids = list(found)
    held = ProductImage.objects.filter(product__zoho_id__in=ids).exclude(zoho_document_id="").order_by()
    for zoho_id, document in held.values_list("product__zoho_id", "zoho_document_id"):
        found[str(zoho_id)].image = document
    # Of these Zoho has said often enough that it cannot give them.
    failed = FailedImage.objects.filter(product__zoho_id__in=ids, next_attempt_at__isnull=True)
    hopeless = failed.filter(zoho_document_id=F("product__image_document_id")).order_by()
    for zoho_id in hopeless.values_list("product__zoho_id", flat=True):
        found[str(zoho_id)].has_hopeless_image = True


def _load_prices(found: Mapping[str, Shape]) -> None:
    for shape in found.values():
        shape.prices = {}
    rows = PriceListItem.objects.filter(price_list__zoho_id__in=list(found)).order_by()
    for row in rows.values("price_list__zoho_id", "product_zoho_id", *PRICE):
        of, product = row.pop("price_list__zoho_id"), row.pop("product_zoho_id")
        row["brackets"] = tuple(map(read_bracket, row["brackets"]))
        cast(dict[str, Row], found[of].prices)[product] = row


def _load_attributes(found: Mapping[str, Shape]) -> None:
    told: dict[str, list[AttributeValues]] = {zoho_id: [] for zoho_id in found}
    rows = ItemGroupAttribute.objects.filter(group__zoho_id__in=list(found)).prefetch_related("options")
    for row in rows.select_related("group").order_by("position", "id"):
        options = sorted(row.options.all(), key=lambda option: (option.position, option.pk))
        named = tuple(OptionValues(name=option.name, zoho_id=option.zoho_id) for option in options)
        told[str(row.group.zoho_id)].append(AttributeValues(name=row.name, zoho_id=row.zoho_id, options=named))
    for zoho_id, shape in found.items():
        shape.attributes = tuple(told[zoho_id])


# --- what it should be ----------------------------------------------------------------------------


class Expecting:
    """Makes the rows that values should have become; currencies that are known by id only are looked up once."""

    def __init__(self) -> None:
        self._codes: dict[str, str] | None = None

    def shape(self, table: Table, values: Any) -> Shape:
        shape = self._row(table.columns, values)
        for part in table.parts:
            rows = getattr(values, part.name)
            if rows is not None:
                shape.parts[part.name] = [self._row(part.columns, row) for row in rows]
        if table.label == PRODUCT:
            shape.columns |= {name: getattr(values.totals, name) for name in FIGURES}
            shape.image = values.image_document_id
            if values.stock is not None:
                shape.stock = {
                    one.warehouse_zoho_id: {name: getattr(one.figures, name) for name in FIGURES}
                    for one in values.stock
                }
        elif table.label == PRICE_LIST and values.items is not None:
            shape.prices = {one.product_zoho_id: {name: getattr(one, name) for name in PRICE} for one in values.items}
        elif table.label == ITEM_GROUP:
            shape.attributes = values.attributes
        return shape

    def _row(self, columns: Columns, values: Any) -> Shape:
        row = {name: getattr(values, name) for name in columns.plain}
        if "currency_zoho_id" in row and not row["currency"] and row["currency_zoho_id"]:
            row["currency"] = self._code(row["currency_zoho_id"])
        return Shape(row, {link.name: getattr(values, f"{link.name}_zoho_id") or None for link in columns.links})

    def _code(self, zoho_id: str) -> str:
        if self._codes is None:
            known = Currency.objects.filter(zoho_id__isnull=False).values_list("zoho_id", "code")
            self._codes = {str(key): code for key, code in known}
        return self._codes.get(zoho_id, "")
