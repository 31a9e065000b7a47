"""What people mean by an item or a warehouse."""

from __future__ import annotations

from collections.abc import Sequence

from catalog.models import Product, Warehouse
from zoho_sync.errors import PermanentError


class UnknownItems(PermanentError):
    """No product of ours has one of these Zoho ids or SKUs; `names` are they."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(f"unknown: {', '.join(names)}; neither the Zoho id nor the SKU of a product here")
        self.names = tuple(names)


class UnknownWarehouse(PermanentError):
    """No warehouse of ours has this Zoho id or name, or several have the name; the text names those there are."""


def find_items(names: Sequence[str]) -> list[str]:
    """The Zoho ids of the products that these Zoho ids or SKUs mean: all of them, where several share a SKU.

    UnknownItems names all that mean none. Two queries.
    """
    mirrored = Product.objects.filter(zoho_id__isnull=False)
    by_id = set(mirrored.filter(zoho_id__in=names).values_list("zoho_id", flat=True))
    by_sku: dict[str, list[str]] = {}
    for sku, zoho_id in mirrored.filter(sku__in=names).values_list("sku", "zoho_id"):
        by_sku.setdefault(str(sku), []).append(str(zoho_id))
    if unknown := [name for name in dict.fromkeys(names) if name not in by_id and name not in by_sku]:
        raise UnknownItems(unknown)
    return sorted({zoho_id for name in names for zoho_id in ([name] if name in by_id else by_sku[name])})


def find_warehouse(name: str) -> Warehouse:
    """The warehouse of this Zoho id, or of this name in any case. UnknownWarehouse when it is none or several."""
    known = list(Warehouse.objects.filter(zoho_id__isnull=False).order_by("name", "pk"))
    wanted = name.strip()
    found = [one for one in known if one.zoho_id == wanted]
    found = found or [one for one in known if one.name.strip().casefold() == wanted.casefold()]
    if len(found) == 1:
        return found[0]
    there_are = ", ".join(f"{one.name} ({one.zoho_id})" for one in found or known) or "none yet"
    problem = "means several" if found else "is not one of our warehouses"
    raise UnknownWarehouse(f"{name!r} {problem}; there are {there_are}")
