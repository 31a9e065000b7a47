"""What staff keep beside Zoho: Arabic names, visibility, order, pictures. The sync never writes these columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from django.core.files.base import File
from django.db import transaction

from catalog.choices import Subject
from catalog.models import Category, Product, ProductImage
from catalog.services.events import updated_event
from catalog.services.freshness import touch
from catalog.values import LocalCategoryFields, LocalProductFields
from tsh_erp.events.publish import publish


@transaction.atomic
def save_local_product_fields(product_id: int, values: LocalProductFields, *, at: datetime) -> list[str]:
    """Store staff's columns of a product and nothing else; the names of those that changed."""
    product = Product.objects.select_for_update().get(pk=product_id)
    changed = [name for name, value in asdict(values).items() if getattr(product, name) != value]
    if changed:
        Product.objects.filter(pk=product_id).update(**{name: getattr(values, name) for name in changed}, updated_at=at)
        publish([updated_event("product", product, changed)], at=at)
        touch(Subject.PRODUCTS, at=at)
    return changed


@transaction.atomic
def save_local_category_fields(
    category_id: int, values: LocalCategoryFields, *, at: datetime, image: File[bytes] | str | None = None
) -> list[str]:
    """Store staff's columns of a category; `image` is a new file, "" to remove it, or None to keep it."""
    category = Category.objects.select_for_update().get(pk=category_id)
    changed = [name for name, value in asdict(values).items() if getattr(category, name) != value]
    for name in changed:
        setattr(category, name, getattr(values, name))
    if image is not None and (image or category.image):
        category.image = image
        changed.append("image")
    if changed:
        category.save(update_fields=[*changed, "updated_at"])
        publish([updated_event("category", category, changed)], at=at)
        touch(Subject.CATEGORIES, at=at)
    return changed


@transaction.atomic
def save_product_images(
    product_id: int, *, saved: Sequence[ProductImage], removed: Sequence[ProductImage], at: datetime
) -> None:
    """Store and remove pictures of a product; the last one marked as the main image becomes the only one."""
    product = Product.objects.select_for_update().get(pk=product_id)
    ProductImage.objects.filter(pk__in=[image.pk for image in removed]).delete()
    mains = [image for image in saved if image.is_primary]
    for image in mains[:-1]:
        image.is_primary = False
    if mains:
        ProductImage.objects.filter(product_id=product_id, is_primary=True).update(is_primary=False)
    for image in saved:
        image.product = product
        image.save()
    if saved or removed:
        publish([updated_event("product", product, ["images"])], at=at)
        touch(Subject.PRODUCTS, at=at)
