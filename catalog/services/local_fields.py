"""What staff keep beside Zoho: Arabic names, visibility, order. The sync never writes these columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

from django.core.files.base import File
from django.db import transaction

from catalog.choices import Subject
from catalog.models import Category, Product
from catalog.services.events import updated_event
from catalog.services.freshness import touch
from catalog.services.images import forget_files, store_upload
from catalog.services.search_texts import Surroundings
from catalog.values import LocalCategoryFields, LocalProductFields
from tsh_erp.common.history import as_they_are, record_edits
from tsh_erp.events.publish import publish

WRITTEN_AT_ONCE = 200  # SQLite takes 32,766 parameters


def save_local_product_fields(product_id: int, values: LocalProductFields, *, at: datetime) -> list[str]:
    """Store staff's columns of a product and nothing else; the names of those that changed."""
    return save_local_fields_of_products({product_id: values}, at=at)[product_id]


@transaction.atomic
def save_local_fields_of_products(values: Mapping[int, LocalProductFields], *, at: datetime) -> dict[int, list[str]]:
    """Store staff's columns of several products, by primary key; the names of those that changed, for each.

    Product.DoesNotExist when one is not here; then nothing is stored.
    """
    products = Product.objects.filter(pk__in=values).order_by("zoho_id", "pk").select_for_update(no_key=True)
    rows = {product.pk: product for product in products}
    if missing := values.keys() - rows.keys():
        raise Product.DoesNotExist(f"no product has the key {min(missing)}")
    surroundings = Surroundings.of(list(rows.values()))
    before = as_they_are(list(rows.values()))
    changed = {pk: _set_local(product, values[pk], surroundings) for pk, product in rows.items()}
    news = [product for pk, product in rows.items() if changed[pk]]
    if news:
        for product in news:
            product.updated_at = at
        written = [*Product.LOCAL_FIELDS, *Product.DERIVED_FIELDS, "updated_at"]
        Product.objects.bulk_update(news, written, batch_size=WRITTEN_AT_ONCE)
        record_edits(before, news, at=at)
        publish([updated_event("product", product, changed[product.pk]) for product in news], at=at)
        touch(Subject.PRODUCTS, at=at)
    return changed


def _set_local(product: Product, values: LocalProductFields, surroundings: Surroundings) -> list[str]:
    """Set what differs and what is derived from it; the names of the columns that differed."""
    changed = [name for name, value in asdict(values).items() if getattr(product, name) != value]
    for name in changed:
        setattr(product, name, getattr(values, name))
    if changed:
        surroundings.derive(product, frozenset(changed))
    return changed


def save_local_category_fields(
    category_id: int, values: LocalCategoryFields, *, at: datetime, image: File[bytes] | str | None = None
) -> list[str]:
    """Store staff's columns of a category; `image` is a new file, "" to remove it, or None to keep it.

    PictureRefused when the file is no picture; then nothing is stored.
    """
    name = store_upload(image).name if isinstance(image, File) else image
    return _store_category(category_id, values, name, at=at)


@transaction.atomic
def _store_category(category_id: int, values: LocalCategoryFields, image: str | None, *, at: datetime) -> list[str]:
    category = Category.objects.select_for_update().get(pk=category_id)
    stored = as_they_are([category])
    changed = [name for name, value in asdict(values).items() if getattr(category, name) != value]
    for name in changed:
        setattr(category, name, getattr(values, name))
    before = str(category.image)
    if image is not None and image != before:
        category.image = image
        changed.append("image")
        forget_files([before])
    if changed:
        category.save(update_fields=[*changed, "updated_at"])
        record_edits(stored, [category], at=at)
        publish([updated_event("category", category, changed)], at=at)
        touch(Subject.CATEGORIES, at=at)
    return changed
