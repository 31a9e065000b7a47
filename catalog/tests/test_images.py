"""Rows and files of images: always both, or neither."""

import contextlib
import os
import time
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import transaction

from catalog import picture_files
from catalog.choices import ImageTrouble
from catalog.models import Category, FailedImage, Product, ProductImage
from catalog.picture_files import GRACE, picture_is_whole
from catalog.pictures import PictureRefused
from catalog.services.categories import save_categories
from catalog.services.images import (
    FetchedImage,
    ImageFailure,
    ask_again,
    clean_files,
    lacking_image,
    note_image_failures,
    remove_lost_images,
    remove_unused,
    save_fetched_images,
    save_product_images,
    store_picture,
)
from catalog.services.products import retire_products, save_products
from catalog.tests.builders import LATER, NOON, product_values, saved_product
from catalog.tests.drawing import BLUE, drawn
from catalog.tests.queries import steps
from catalog.values import CategoryValues
from tsh_erp.events.models import StoredEvent

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings, tmp_path) -> Path:
    settings.MEDIA_ROOT = str(tmp_path)
    return tmp_path


def files(media: Path) -> list[str]:
    return sorted(file.name for file in media.rglob("*") if file.is_file())


def grow_old(media: Path) -> None:
    """As if everything had been written long ago."""
    before = time.time() - GRACE.total_seconds() - 60
    for file in media.rglob("*"):
        os.utime(file, (before, before))


def fetched(product: Product, document: str = "d1", **drawing) -> FetchedImage:
    return FetchedImage(product_id=product.pk, document_id=document, picture=store_picture(drawn(**drawing)))


def failure(product: Product, **values) -> ImageFailure:
    plain = {"document_id": "d1", "trouble": ImageTrouble.UNREACHABLE, "error": "HTTP 500", "attempts": 1}
    return ImageFailure(**{"product_id": product.pk, "next_attempt_at": LATER} | plain | values)


def uploaded(name: str = "a.png", *, data: bytes | None = None, **values) -> ProductImage:
    return ProductImage(image=ContentFile(drawn() if data is None else data, name), **values)


# --- files ---------------------------------------------------------------------------------------


def test_the_same_picture_is_stored_once_under_a_name_made_of_it(media):
    first, second, other = store_picture(drawn()), store_picture(drawn()), store_picture(drawn(colour=BLUE))

    assert first == second
    assert first.name != other.name
    assert len(files(media)) == 6
    assert picture_is_whole(first.name)
    digest = first.name.split("/")[-1].removesuffix("-full.webp")
    assert first.name == f"pictures/{digest[:2]}/{digest}-full.webp"
    assert {file.stat().st_mode & 0o777 for file in media.rglob("*.webp")} == {0o644}


def test_what_breaks_while_a_file_is_written_leaves_nothing_behind(media, monkeypatch):
    def full(number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(OSError, match="No space left"):
        store_picture(drawn())
    assert files(media) == []


def test_files_go_only_when_no_row_names_them_and_they_are_not_new(media):
    one, other = saved_product("1"), saved_product("2")
    image = fetched(one)
    save_fetched_images([image], at=NOON)
    lonely = store_picture(drawn(colour=BLUE))

    assert remove_unused([image.picture.name, lonely.name]) == 0
    grow_old(media)
    save_fetched_images([FetchedImage(product_id=other.pk, document_id="d2", picture=image.picture)], at=NOON)
    assert remove_unused([image.picture.name, lonely.name]) == 3

    assert picture_is_whole(image.picture.name)
    assert len(files(media)) == 3


def test_cleaning_finds_what_nobody_names(media):
    product = saved_product("1")
    save_fetched_images([fetched(product)], at=NOON)
    save_categories([CategoryValues(zoho_id="c", name="C")], at=NOON)
    category_picture = store_picture(drawn(colour=BLUE)).name
    Category.objects.update(image=category_picture)
    store_picture(drawn(colour=(1, 1, 1)))
    (media / "pictures" / "ab").mkdir(exist_ok=True)
    (media / "pictures" / "ab" / "crashed.part").write_bytes(b"half")
    (media / "pictures" / "notes.txt").write_text("not ours")

    assert clean_files() == 0
    grow_old(media)

    assert clean_files() == 3
    assert len(files(media)) == 7
    assert picture_is_whole(category_picture)


def test_cleaning_an_empty_disk():
    assert clean_files() == 0


# --- what is wanted --------------------------------------------------------------------------------


def wanted(at=NOON) -> list[str]:
    return [product.zoho_id for product in lacking_image(at).order_by("zoho_id")]


def test_an_image_is_wanted_when_zohos_document_is_another():
    save_products([product_values("1", image_document_id="d1"), product_values("2")], at=NOON)
    product = Product.objects.get(zoho_id="1")
    assert wanted() == ["1"]

    save_fetched_images([fetched(product)], at=NOON)
    assert wanted() == []

    save_products([product_values("1", image_document_id="d2")], at=LATER)
    assert wanted() == ["1"]


def test_a_product_that_is_gone_from_zoho_is_not_asked_for():
    saved_product("1", image_document_id="d1")

    retire_products(["1"], at=LATER)

    assert wanted() == []


def test_a_failure_rests_until_its_time_or_another_document():
    product = saved_product("1", image_document_id="d1")

    note_image_failures([failure(product)], at=NOON)
    assert wanted(NOON) == []
    assert wanted(LATER) == ["1"]
    assert lacking_image(LATER).get().failed_attempts == 1

    note_image_failures([failure(product, attempts=2, next_attempt_at=None)], at=NOON)
    assert wanted(LATER + timedelta(days=365)) == []
    assert FailedImage.objects.get().attempts == 2

    save_products([product_values("1", image_document_id="d2")], at=LATER)
    assert wanted(NOON) == ["1"]
    assert lacking_image(NOON).get().failed_attempts is None


def test_a_person_can_ask_again():
    product = saved_product("1", image_document_id="d1")
    note_image_failures([failure(product, attempts=9, next_attempt_at=None)], at=NOON)

    assert ask_again(FailedImage.objects.all(), at=NOON) == 1

    assert wanted() == ["1"]
    assert lacking_image(NOON).get().failed_attempts == 0


# --- what was fetched ------------------------------------------------------------------------------


def test_a_fetched_image_becomes_the_main_one_and_ends_the_failure():
    product = saved_product("1", image_document_id="d1")
    note_image_failures([failure(product)], at=NOON)

    assert save_fetched_images([fetched(product, width=2000, height=1000)], at=NOON) == (1, 0)

    image = product.images.get()
    assert (image.zoho_document_id, image.is_primary, image.width, image.height) == ("d1", True, 1200, 600)
    assert not FailedImage.objects.exists()
    event = StoredEvent.objects.latest("id")
    assert (event.type, event.data) == ("catalog.product.updated", {"zoho_id": "1", "fields": ["images"]})


def test_another_image_of_zohos_takes_the_place_of_the_last(media, django_capture_on_commit_callbacks):
    product = saved_product("1", image_document_id="d1")
    save_fetched_images([fetched(product)], at=NOON)
    row = product.images.get()
    grow_old(media)

    with django_capture_on_commit_callbacks(execute=True):
        assert save_fetched_images([fetched(product, "d2", colour=BLUE)], at=LATER) == (0, 1)
        assert len(files(media)) == 6

    assert len(files(media)) == 3
    after = product.images.get()
    assert (after.pk, after.zoho_document_id, after.is_primary) == (row.pk, "d2", True)
    assert picture_is_whole(str(after.image))
    assert not picture_is_whole(str(row.image))


def test_the_same_picture_as_another_document_keeps_its_files(media, django_capture_on_commit_callbacks):
    product = saved_product("1")
    save_fetched_images([fetched(product)], at=NOON)
    grow_old(media)

    with django_capture_on_commit_callbacks(execute=True):
        save_fetched_images([fetched(product, "d2")], at=LATER)

    assert picture_is_whole(str(product.images.get().image))


def test_nothing_is_removed_when_the_transaction_fails(media):
    product = saved_product("1")
    save_fetched_images([fetched(product)], at=NOON)
    grow_old(media)

    with contextlib.suppress(RuntimeError), transaction.atomic():
        save_fetched_images([fetched(product, "d2", colour=BLUE)], at=LATER)
        raise RuntimeError

    assert picture_is_whole(str(product.images.get().image))


def test_staffs_images_stay_and_stay_the_main_ones():
    product = saved_product("1", image_document_id="d1")
    save_product_images(product.pk, saved=[uploaded(is_primary=True, alt_text="ours")], removed=[], at=NOON)

    save_fetched_images([fetched(product, colour=BLUE)], at=NOON)
    assert [(image.alt_text, image.is_primary) for image in product.images.order_by("id")] == [
        ("ours", True),
        ("", False),
    ]

    save_products([product_values("1", image_document_id="")], at=LATER)
    assert remove_lost_images(at=LATER) == 1
    assert [image.alt_text for image in product.images.all()] == ["ours"]


def test_an_image_that_zoho_has_no_more_goes(media, django_capture_on_commit_callbacks):
    product = saved_product("1", image_document_id="d1")
    save_fetched_images([fetched(product)], at=NOON)
    grow_old(media)
    assert remove_lost_images(at=NOON) == 0

    save_products([product_values("1")], at=LATER)
    with django_capture_on_commit_callbacks(execute=True):
        assert remove_lost_images(at=LATER) == 1

    assert files(media) == []
    assert StoredEvent.objects.latest("id").data == {"zoho_id": "1", "fields": ["images"]}


def test_an_image_whose_document_zoho_does_not_have_goes_when_that_is_sure():
    product = saved_product("1", image_document_id="d1")
    save_fetched_images([fetched(product)], at=NOON)
    save_products([product_values("1", image_document_id="d2")], at=NOON)

    note_image_failures([failure(product, document_id="d2", trouble=ImageTrouble.MISSING)], at=NOON)
    assert remove_lost_images(at=NOON) == 0

    note_image_failures(
        [failure(product, document_id="d2", trouble=ImageTrouble.MISSING, next_attempt_at=None)], at=NOON
    )
    assert remove_lost_images(at=NOON) == 1


def test_a_failure_of_a_document_that_is_past_is_forgotten():
    product = saved_product("1", image_document_id="d1")
    save_fetched_images([fetched(product)], at=NOON)
    note_image_failures(
        [failure(product, document_id="d0", trouble=ImageTrouble.MISSING, next_attempt_at=None)], at=NOON
    )

    assert remove_lost_images(at=NOON) == 0

    assert not FailedImage.objects.exists()
    assert product.images.exists()


def test_images_whose_files_are_lost_are_fetched_again(media):
    save_products([product_values(str(n), image_document_id=f"d{n}") for n in (1, 2)], at=NOON)
    one, two = Product.objects.order_by("zoho_id")
    save_fetched_images([fetched(one, "d1"), fetched(two, "d2", colour=BLUE)], at=NOON)
    save_product_images(one.pk, saved=[uploaded(data=drawn(colour=(9, 9, 9)))], removed=[], at=NOON)
    lost = one.images.exclude(zoho_document_id="").get()
    (media / picture_files.sized_name(str(lost.image), "card")).unlink()

    grow_old(media)

    call_command("clean_images", "--missing", stdout=(told := StringIO()))

    assert told.getvalue() == "0 files removed\n1 images will be fetched again\n"
    assert wanted() == ["1"]
    assert one.images.count() == 1


def test_queries_do_not_grow_with_the_batch():
    save_products([product_values(str(n), image_document_id="d") for n in range(1, 111)], at=NOON)
    products = list(Product.objects.order_by("pk"))
    red, blue = store_picture(drawn()), store_picture(drawn(colour=BLUE))

    def images(some, picture, document):
        return [FetchedImage(product_id=row.pk, document_id=document, picture=picture) for row in some]

    def ours(some, picture, document) -> list[str]:
        """Without the events, which are stored in one of two ways, by their number."""
        ran = steps(lambda: save_fetched_images(images(some, picture, document), at=NOON))
        return [statement for statement in ran if '"catalog_' in statement]

    assert ours(products[:2], red, "d") == ours(products[2:], red, "d")
    assert ours(products[:2], blue, "e") == ours(products[2:], blue, "e")


# --- what staff upload -----------------------------------------------------------------------------


def test_a_product_has_one_main_image():
    product = saved_product("1")
    first = uploaded("1.png", is_primary=True)
    save_product_images(product.pk, saved=[first], removed=[], at=NOON)

    second, third = uploaded("2.png", is_primary=True), uploaded("3.png", is_primary=True)
    save_product_images(product.pk, saved=[second, third], removed=[], at=LATER)

    assert list(product.images.filter(is_primary=True)) == [third]

    save_product_images(product.pk, saved=[], removed=[third, first], at=LATER)
    assert list(product.images.all()) == [second]
    assert StoredEvent.objects.latest("id").data["fields"] == ["images"]


def test_an_upload_gets_the_three_sizes(media):
    product = saved_product("1")

    save_product_images(product.pk, saved=[uploaded(data=drawn(1600, 800))], removed=[], at=NOON)

    image = product.images.get()
    assert (image.width, image.height) == (1200, 600)
    assert picture_is_whole(str(image.image))
    assert image.image.address("thumb") == f"/media/{picture_files.sized_name(str(image.image), 'thumb')}"
    assert len(files(media)) == 3


def test_an_upload_that_is_no_picture_changes_nothing(media):
    product = saved_product("1")

    with pytest.raises(PictureRefused):
        save_product_images(product.pk, saved=[uploaded(), uploaded(data=b"<svg/>")], removed=[], at=NOON)

    assert not product.images.exists()


def test_the_files_of_an_upload_go_with_it(media, django_capture_on_commit_callbacks):
    product = saved_product("1")
    row = uploaded()
    save_product_images(product.pk, saved=[row], removed=[], at=NOON)
    grow_old(media)

    with django_capture_on_commit_callbacks(execute=True):
        save_product_images(product.pk, saved=[], removed=[row], at=LATER)

    assert files(media) == []
