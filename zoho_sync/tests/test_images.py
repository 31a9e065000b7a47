"""Images of items from a real (make-believe) Zoho to files on disk."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.choices import ImageTrouble
from catalog.models import FailedImage, Product, ProductImage
from catalog.picture_files import picture_is_whole
from catalog.services.images import save_product_images
from catalog.services.products import save_products
from catalog.tests.builders import NOON, product_values
from catalog.tests.drawing import drawn
from catalog.tests.test_images import uploaded
from tsh_erp.events.models import StoredEvent
from zoho_sync import images, runs, tasks
from zoho_sync.images import FIRST_PAUSE, LONGEST_PAUSE, next_attempt
from zoho_sync.models import SyncRun
from zoho_sync.tests.conftest import lift_limits

pytestmark = pytest.mark.django_db
Kind, Status = SyncRun.Kind, SyncRun.Status
IMAGE = "/inventory/v1/items/{id}/image"


@pytest.fixture(autouse=True)
def media(settings, tmp_path) -> Path:
    settings.MEDIA_ROOT = str(tmp_path / "media")
    return tmp_path / "media"


@pytest.fixture
def products(zoho) -> list[Product]:
    """Five products as a pull leaves them: four whose item has an image in Zoho, and one without."""
    ids = [item["item_id"] for item in zoho.control.records("item")[:5]]
    documents = [f"90000000000000000{number}" for number in range(4)]
    for zoho_id, document in zip(ids, [*documents, ""], strict=True):
        show(zoho, zoho_id, document)
    return list(Product.objects.order_by("pk"))


def show(zoho, zoho_id: str, document: str, **values) -> None:
    """The item has this document in Zoho, and we have heard of it."""
    zoho.control.patch("item", zoho_id, {"image_document_id": document}, webhook=False)
    save_products([product_values(zoho_id, image_document_id=document, **values)], at=NOON)


def new_run() -> SyncRun:
    opened = runs.open_run(Kind.IMAGES, "item", mode=SyncRun.Mode.INCREMENTAL, trigger=SyncRun.Trigger.COMMAND)
    return runs.take(opened.pk)


def fetch() -> SyncRun:
    return images.perform(new_run())


def counts(run: SyncRun) -> dict[str, int]:
    names = ("seen", "created", "updated", "retired", "failed", "calls")
    return {name: count for name in names if (count := getattr(run, name))}


def asked(zoho) -> int:
    return zoho.app.calls[IMAGE]


def test_every_item_with_an_image_gets_it_in_three_sizes(zoho, products):
    run = fetch()

    assert (run.status, run.error, run.expected) == (Status.COMPLETED, "", 4)
    assert counts(run) == {"seen": 4, "created": 4, "calls": 4}
    stored = {image.product_id: image for image in ProductImage.objects.all()}
    assert set(stored) == {product.pk for product in products[:4]}
    for product in products[:4]:
        image = stored[product.pk]
        assert (image.zoho_document_id, image.is_primary) == (product.image_document_id, True)
        assert (image.width, image.height) == (32, 32)
        assert picture_is_whole(str(image.image))
    assert {event.correlation_id is None for event in StoredEvent.objects.filter(data__fields=["images"])} == {False}


def test_nothing_is_asked_when_nothing_changed(zoho, products):
    fetch()
    before = asked(zoho)

    run = fetch()

    assert (counts(run), run.status, asked(zoho)) == ({}, Status.COMPLETED, before)


def test_only_the_image_that_changed_is_fetched(zoho, products):
    fetch()
    show(zoho, products[2].zoho_id, "900000000000000099")

    run = fetch()

    assert counts(run) == {"seen": 1, "updated": 1, "calls": 1}
    assert products[2].images.get().zoho_document_id == "900000000000000099"


def test_the_schedule_starts_a_run_only_when_there_is_something_to_do(zoho, products):
    assert tasks.fetch_images_if_configured().startswith("run ")
    assert tasks.fetch_images_if_configured() == "under way already"
    run = SyncRun.objects.get()
    assert tasks.perform_run(run.pk) == Status.COMPLETED

    assert tasks.fetch_images_if_configured() == "nothing to do"

    show(zoho, products[0].zoho_id, "")
    assert tasks.fetch_images_if_configured().startswith("run ")


def test_the_schedule_says_when_zoho_is_not_configured(products, settings):
    settings.ZOHO_CLIENT_ID = ""

    assert "ZOHO_CLIENT_ID" in tasks.fetch_images_if_configured()
    assert not SyncRun.objects.exists()


def test_an_image_taken_away_in_zoho_goes_and_staffs_own_stays(zoho, products):
    fetch()
    save_product_images(products[0].pk, saved=[uploaded(alt_text="ours")], removed=[], at=NOON)
    show(zoho, products[0].zoho_id, "")

    run = fetch()

    assert counts(run) == {"retired": 1}
    assert [image.alt_text for image in products[0].images.all()] == ["ours"]


@pytest.mark.parametrize("kind", ["jpeg", "webp", "gif", "bmp"])
def test_other_kinds_of_pictures_arrive(zoho, products, kind):
    zoho.control.album.kinds[products[0].image_document_id] = kind

    assert counts(fetch()) == {"seen": 4, "created": 4, "calls": 4}


@pytest.mark.parametrize(
    ("kind", "trouble", "rests"),
    [
        ("garbage", ImageTrouble.NOT_AN_IMAGE, False),
        ("html", ImageTrouble.NOT_AN_IMAGE, False),
        ("empty", ImageTrouble.MISSING, False),
        ("huge", ImageTrouble.TOO_LARGE, True),
    ],
)
def test_what_is_no_picture_fails_alone_and_the_item_does_not(zoho, products, kind, trouble, rests):
    zoho.control.album.kinds[products[1].image_document_id] = kind

    run = fetch()

    assert (run.status, run.failed, run.created) == (Status.PARTIAL, 1, 3)
    assert products[1].zoho_id in run.error
    failed = FailedImage.objects.get()
    assert (failed.product, failed.trouble, failed.attempts) == (products[1], trouble, 1)
    assert (failed.next_attempt_at is None) == rests
    assert Product.objects.get(pk=products[1].pk).retired_at is None
    assert counts(fetch()) == {}


def test_an_item_without_an_image_after_all(zoho, products):
    zoho.control.patch("item", products[1].zoho_id, {"image_document_id": ""}, webhook=False)

    run = fetch()

    assert run.failed == 1
    assert FailedImage.objects.get().trouble == ImageTrouble.MISSING


def test_a_failure_is_tried_again_when_its_time_has_come(zoho, products):
    zoho.control.album.kinds[products[1].image_document_id] = "garbage"
    fetch()
    FailedImage.objects.update(next_attempt_at=timezone.now() - timedelta(seconds=1))

    assert counts(fetch()) == {"seen": 1, "failed": 1, "calls": 1}
    assert FailedImage.objects.get().attempts == 2

    zoho.control.album.kinds[products[1].image_document_id] = "png"
    FailedImage.objects.update(next_attempt_at=timezone.now() - timedelta(seconds=1))
    assert counts(fetch()) == {"seen": 1, "created": 1, "calls": 1}
    assert not FailedImage.objects.exists()


def test_another_document_is_asked_for_whatever_became_of_the_last(zoho, products):
    zoho.control.album.kinds[products[1].image_document_id] = "huge"
    fetch()
    show(zoho, products[1].zoho_id, "900000000000000077")

    assert counts(fetch()) == {"seen": 1, "created": 1, "calls": 1}


def test_a_limit_ends_the_run_keeps_what_was_fetched_and_the_rest_is_resumed(zoho, products):
    zoho.control.fault("daily_limit", path=f"{products[2].zoho_id}/image")

    run = fetch()

    assert (run.status, run.created, run.failed) == (Status.FAILED, 2, 0)
    assert "limit" in run.error
    assert run.checkpoint == {"is_active": True, "after": products[1].pk}

    zoho.control.fault()
    lift_limits()
    again = images.perform(runs.take(run.pk, resume=True))

    assert (again.status, again.seen, again.created, again.expected) == (Status.COMPLETED, 4, 4, 4)
    assert ProductImage.objects.count() == 4


def test_active_products_come_first(zoho, products):
    first = products[0]
    show(zoho, first.zoho_id, first.image_document_id, is_active=False)
    zoho.control.fault("daily_limit", path=f"{first.zoho_id}/image")

    run = fetch()

    assert (run.status, run.created) == (Status.FAILED, 3)


def test_a_run_that_is_cancelled_stops_and_keeps_what_it_has(zoho, products, monkeypatch):
    monkeypatch.setattr(images, "AT_ONCE", 2)

    def track(run: SyncRun) -> None:
        if run.seen:
            runs.request_cancel(run.pk)

    run = images.perform(new_run(), track=track)

    assert (run.status, run.seen, ProductImage.objects.count()) == (Status.CANCELLED, 4, 4)


def test_without_credentials_the_run_says_so(products, settings):
    settings.ZOHO_REFRESH_TOKEN = ""

    run = fetch()

    assert run.status == Status.FAILED
    assert "ZOHO_REFRESH_TOKEN" in run.error


def test_queries_do_not_grow_with_the_images(zoho):
    def queries(count: int) -> int:
        """Of the catalogue and the run; each call to Zoho has a few of its own."""
        for item in zoho.control.records("item")[:count]:
            show(zoho, item["item_id"], f"{count}{item['item_id']}")
        run = new_run()
        with CaptureQueriesContext(connection) as captured:
            images.perform(run)
        assert (run.created + run.updated, run.failed) == (count, 0)
        return sum('"catalog_' in query["sql"] for query in captured.captured_queries)

    queries(2)
    assert queries(3) == queries(20)


@pytest.mark.parametrize(
    ("trouble", "attempts", "pause"),
    [
        (ImageTrouble.UNREACHABLE, 1, FIRST_PAUSE),
        (ImageTrouble.UNREACHABLE, 4, FIRST_PAUSE * 8),
        (ImageTrouble.UNREACHABLE, 500, LONGEST_PAUSE),
        (ImageTrouble.DAMAGED, 2, FIRST_PAUSE * 2),
        (ImageTrouble.DAMAGED, 3, None),
        (ImageTrouble.MISSING, 3, None),
        (ImageTrouble.TOO_LARGE, 1, None),
        (ImageTrouble.TOO_MANY_PIXELS, 1, None),
    ],
)
def test_pauses_grow_and_what_cannot_get_better_is_left(trouble, attempts, pause):
    assert next_attempt(trouble, attempts, at=NOON) == (None if pause is None else NOON + pause)


def test_a_large_photograph_is_made_small(zoho, products, monkeypatch):
    monkeypatch.setattr("zoho_sandbox.pictures.png", lambda document: drawn(2400, 1800, kind="JPEG"))

    fetch()

    image = products[0].images.get()
    assert (image.width, image.height) == (1200, 900)
