"""What staff keep beside Zoho: Arabic names, visibility, order. The sync never writes these columns."""

from __future__ import annotations

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
from tsh_erp.events.publish import publish


@transaction.atomic
def save_local_product_fields(product_id: int, values: LocalProductFields, *, at: datetime) -> list[str]:
    """Store staff's columns of a product and nothing else; the names of those that changed."""
    product = Product.objects.select_for_update().get(pk=product_id)
    changed = [name for name, value in asdict(values).items() if getattr(product, name) != value]
    if changed:
        for name in changed:
            setattr(product, name, getattr(values, name))
        Surroundings.of([product]).derive(product, frozenset(changed))
        product.save(update_fields=[*changed, *Product.DERIVED_FIELDS, "updated_at"])
        publish([updated_event("product", product, changed)], at=at)
        touch(Subject.PRODUCTS, at=at)
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
        publish([updated_event("category", category, changed)], at=at)
        touch(Subject.CATEGORIES, at=at)
    return changed
