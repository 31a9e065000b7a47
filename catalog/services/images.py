"""Images of products and categories: the only writer of their rows and files.

Files are written before the rows that name them and removed after the commit that forgets them, so
that no row ever names a file that is not there. Decoding happens outside transactions where the
caller allows it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.apps import apps
from django.core.files.base import File
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from catalog import picture_files
from catalog.choices import ImageTrouble, Subject
from catalog.models import FailedImage, Product, ProductImage
from catalog.models.picture_field import PictureField, is_upload, read_upload
from catalog.pictures import make_picture
from catalog.services.events import updated_event
from catalog.services.freshness import touch
from tsh_erp.events.publish import publish


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredPicture:
    """A picture whose files lie on disk; `name` and pixels are those of its full size."""

    name: str
    width: int
    height: int


@dataclass(frozen=True, kw_only=True, slots=True)
class FetchedImage:
    """The picture that Zoho has of a product as its document `document_id`."""

    product_id: int
    document_id: str
    picture: StoredPicture


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageFailure:
    """Why a product's image is not here; `next_attempt_at` None: not before Zoho names another document."""

    product_id: int
    document_id: str
    trouble: ImageTrouble
    error: str
    attempts: int
    next_attempt_at: datetime | None


def store_picture(data: bytes) -> StoredPicture:
    """Make the three sizes and put them on disk. PictureRefused when the bytes are no picture that we take."""
    picture = make_picture(data)
    return StoredPicture(name=picture_files.write_picture(picture), width=picture.width, height=picture.height)


def store_upload(upload: File[bytes]) -> StoredPicture:
    """The same for what a person uploaded."""
    return store_picture(read_upload(upload))


def lacking_image(at: datetime) -> QuerySet[Product]:
    """Products whose image in Zoho is not the one that is here and may be asked for at `at`.

    Each is annotated with `failed_attempts` on that document (None: none yet).
    """
    held = ProductImage.objects.filter(product=OuterRef("pk"), zoho_document_id=OuterRef("image_document_id"))
    failed = FailedImage.objects.filter(product=OuterRef("pk"), zoho_document_id=OuterRef("image_document_id"))
    resting = failed.filter(Q(next_attempt_at__isnull=True) | Q(next_attempt_at__gt=at))
    return (
        Product.objects.live()
        .filter(zoho_id__isnull=False)
        .exclude(image_document_id="")
        .filter(~Exists(held), ~Exists(resting))
        .annotate(failed_attempts=Subquery(failed.values("attempts")[:1]))
    )


@transaction.atomic(savepoint=False)
def save_fetched_images(images: Sequence[FetchedImage], *, at: datetime) -> tuple[int, int]:
    """Give products the images that Zoho has of them; how many are new, and how many took another's place.

    Staff's own images stay, and so does the main one; a product without a main image gets this one.
    The queries do not grow with `images`.
    """
    if not images:
        return 0, 0
    by_product = {image.product_id: image for image in images}
    products = {row.pk: row for row in _lock_products(by_product)}
    rows = ProductImage.objects.filter(product_id__in=products)
    stored = {row.product_id: row for row in rows.exclude(zoho_document_id="")}
    with_main = set(rows.filter(is_primary=True).values_list("product_id", flat=True))
    new, changed, left = [], [], []
    for product_id in sorted(products):
        image = by_product[product_id]
        if row := stored.get(product_id):
            left.append(str(row.image))
            changed.append(row)
        else:
            row = ProductImage(product_id=product_id, is_primary=product_id not in with_main)
            new.append(row)
        _show(row, image.picture)
        row.zoho_document_id, row.updated_at = image.document_id, at
    if new:
        ProductImage.objects.bulk_create(new)
    if changed:
        ProductImage.objects.bulk_update(changed, ["image", "width", "height", "zoho_document_id", "updated_at"])
    FailedImage.objects.filter(product_id__in=products).delete()
    _announce(products.values(), at=at)
    forget_files(left)
    return len(new), len(changed)


def lost_images() -> QuerySet[ProductImage]:
    """Zoho's images of products that have none there any more.

    That is, which name no document, or one of which Zoho has said often enough that it is not there.
    """
    said_missing = FailedImage.objects.filter(
        product=OuterRef("product"),
        zoho_document_id=OuterRef("product__image_document_id"),
        trouble=ImageTrouble.MISSING,
        next_attempt_at__isnull=True,
    )
    lost = Q(product__image_document_id="") | Q(Exists(said_missing))
    return ProductImage.objects.filter(lost).exclude(zoho_document_id="")


@transaction.atomic(savepoint=False)
def remove_lost_images(*, at: datetime) -> int:
    """Take the lost images away; how many. Failures to fetch what Zoho names no more are forgotten."""
    FailedImage.objects.exclude(zoho_document_id=F("product__image_document_id")).delete()
    rows = list(lost_images())
    if rows:
        products = _lock_products({row.product_id for row in rows})
        ProductImage.objects.filter(pk__in=[row.pk for row in rows]).delete()
        _announce(products, at=at)
        forget_files(str(row.image) for row in rows)
    return len(rows)


@transaction.atomic(savepoint=False)
def note_image_failures(failures: Sequence[ImageFailure], *, at: datetime) -> None:
    """Remember why images are not here, one row per product."""
    rows = [
        FailedImage(
            product_id=failure.product_id,
            zoho_document_id=failure.document_id,
            trouble=failure.trouble,
            error=failure.error,
            attempts=failure.attempts,
            next_attempt_at=failure.next_attempt_at,
            updated_at=at,
        )
        for failure in sorted(failures, key=lambda failure: failure.product_id)
    ]
    if rows:
        FailedImage.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["product"],
            update_fields=["zoho_document_id", "trouble", "error", "attempts", "next_attempt_at", "updated_at"],
        )


def ask_again(failed: QuerySet[FailedImage], *, at: datetime) -> int:
    """Let images be fetched again with the next run, as if for the first time; how many."""
    return failed.update(next_attempt_at=at, attempts=0, updated_at=at)


def save_product_images(
    product_id: int, *, saved: Sequence[ProductImage], removed: Sequence[ProductImage], at: datetime
) -> None:
    """Store and remove staff's pictures of a product; the last one marked as the main image becomes the only one.

    Uploads become pictures first. PictureRefused when one cannot; then nothing is stored.
    """
    for row in saved:
        if is_upload(row.image):
            _show(row, store_upload(row.image))
    _store_rows(product_id, saved, removed, at=at)


@transaction.atomic(savepoint=False)
def _store_rows(
    product_id: int, saved: Sequence[ProductImage], removed: Sequence[ProductImage], *, at: datetime
) -> None:
    product = Product.objects.select_for_update().get(pk=product_id)
    touched = [row.pk for row in (*saved, *removed) if row.pk]
    before = dict(ProductImage.objects.filter(pk__in=touched).values_list("pk", "image"))
    ProductImage.objects.filter(pk__in=[row.pk for row in removed]).delete()
    mains = [row for row in saved if row.is_primary]
    for row in mains[:-1]:
        row.is_primary = False
    if mains:
        ProductImage.objects.filter(product_id=product_id, is_primary=True).update(is_primary=False)
    for row in saved:
        row.product = product
        row.save()
    if saved or removed:
        _announce([product], at=at)
    forget_files(set(before.values()) - {str(row.image) for row in saved})


def clean_files() -> int:
    """Remove the files that no row names, but not what was written within the last hour; how many files."""
    return sum(picture_files.remove_pictures(names - _named(names)) for names in picture_files.stored_pictures())


def forget_missing_files(*, at: datetime) -> int:
    """Let Zoho's images be fetched again whose files are not on disk, as after a restored database; how many."""
    rows = ProductImage.objects.exclude(zoho_document_id="").values_list("pk", "image")
    missing = [pk for pk, name in rows if not picture_files.picture_is_whole(name)]
    lost = ProductImage.objects.filter(pk__in=missing)
    with transaction.atomic():
        _announce(Product.objects.filter(images__in=lost).distinct(), at=at)
        lost.delete()
    return len(missing)


def remove_unused(names: Iterable[str]) -> int:
    """Remove the files of these pictures unless a row names them; how many files."""
    wanted = {name for name in names if name}
    return picture_files.remove_pictures(wanted - _named(wanted)) if wanted else 0


def _show(row: ProductImage, picture: StoredPicture) -> None:
    row.image, row.width, row.height = picture.name, picture.width, picture.height


def _lock_products(product_ids: Collection[int]) -> list[Product]:
    rows = Product.objects.filter(pk__in=[*product_ids]).order_by("zoho_id").only("pk", "zoho_id")
    return list(rows.select_for_update(no_key=True))


def _announce(products: Iterable[Product], *, at: datetime) -> None:
    if events := [updated_event("product", product, ["images"]) for product in products]:
        publish(events, at=at)
        touch(Subject.PRODUCTS, at=at)


def forget_files(names: Iterable[str]) -> None:
    """Once the transaction is committed, remove the files of these pictures unless a row names them."""
    if left := [name for name in names if name]:
        transaction.on_commit(lambda: remove_unused(left), robust=True)


def _named(names: Collection[str]) -> set[str]:
    """Those of `names` that some row of any app shows. One query for each table with pictures."""
    return {
        name
        for model in apps.get_models()
        for column in model._meta.concrete_fields
        if isinstance(column, PictureField)
        for name in model._default_manager.filter(**{f"{column.name}__in": names}).values_list(column.name, flat=True)
    }
