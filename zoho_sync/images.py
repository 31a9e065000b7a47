"""Bring the images of items: one call for each whose document in Zoho is not the one that is here, none for the rest.

A failure is noted beside its product and never touches the product itself.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar
from urllib.parse import quote

import structlog
from django.utils import timezone

from catalog.choices import ImageTrouble
from catalog.models import Product
from catalog.pictures import MOST_BYTES, PictureRefused
from catalog.services.freshness import touched_last
from catalog.services.images import (
    FetchedImage,
    ImageFailure,
    StoredPicture,
    lacking_image,
    lost_images,
    note_image_failures,
    remove_lost_images,
    save_fetched_images,
    store_picture,
)
from tsh_erp.events.publish import caused_by
from zoho_sync import client, runs
from zoho_sync.bringing import persist
from zoho_sync.client import Client, Priority
from zoho_sync.errors import FileTooLarge, GoneFromZoho, OrganisationMustWait, SyncError
from zoho_sync.models import SyncRun

log = structlog.get_logger(__name__)

T = TypeVar("T")
Track = Callable[[SyncRun], None]

MODULE = "item"
AT_ONCE = 25
LOOKED_UP = 200
# A run reports at least this often, which is also what a crash costs.
FLUSH_SECONDS = 15.0
FIRST_PAUSE, LONGEST_PAUSE = timedelta(hours=1), timedelta(days=7)
# What came broken, or not at all, this often is so in Zoho and rests until Zoho names another document.
MOST_LOOKS = 3
NEVER_BETTER = (ImageTrouble.TOO_LARGE, ImageTrouble.TOO_MANY_PIXELS)


def perform(run: SyncRun, *, track: Track | None = None) -> SyncRun:
    """Fetch what is missing, active products first; the finished run.

    `seen` counts products, `created` and `updated` their images, `retired` the images that Zoho has no
    more, `failed` what could not be fetched. `track` is called whenever the run has come further.
    """
    with runs.at_work(run):
        _Round(run, client.configured_client(priority=Priority.BACKFILL), track).work()
    return run


def is_needed(*, at: datetime) -> bool:
    """Whether a run would find anything to do. No API call."""
    return lacking_image(at).exists() or lost_images().exists()


def next_attempt(trouble: ImageTrouble, attempts: int, *, at: datetime) -> datetime | None:
    """When to ask again after `attempts` failures, each pause twice the one before; None: not for this document."""
    if trouble in NEVER_BETTER or (trouble != ImageTrouble.UNREACHABLE and attempts >= MOST_LOOKS):
        return None
    doublings: int = 2 ** min(max(attempts - 1, 0), 16)
    return at + min(FIRST_PAUSE * doublings, LONGEST_PAUSE)


@dataclass
class _Round:
    """One run at work. What was fetched waits here until a handful can be stored together."""

    run: SyncRun
    zoho: Client
    track: Track | None
    correlation: uuid.UUID = field(default_factory=uuid.uuid4)
    fetched: list[FetchedImage] = field(default_factory=list)
    failures: list[ImageFailure] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._began_at = timezone.now()
        self._calls_before = self.zoho.calls - self.run.calls
        self._stored_at = time.monotonic()

    def work(self) -> None:
        self.run.retired += self._write(lambda: remove_lost_images(at=timezone.now()))
        self.run.expected = self.run.seen + lacking_image(self._began_at).count()
        self._report()
        for is_active in (True, False):
            if not is_active or self._comes_to_active:
                while products := self._look_up(is_active):
                    self._bring_all(products)
                self.run.checkpoint = {"is_active": False, "after": 0}

    @property
    def _comes_to_active(self) -> bool:
        return bool(self.run.checkpoint.get("is_active", True))

    def _bring_all(self, products: Sequence[Product]) -> None:
        try:
            for product in products:
                self._bring(product)
                self.run.seen += 1
                self.run.checkpoint = {"is_active": self._comes_to_active, "after": product.pk}
                if self._is_due:
                    self._store()
        except (OrganisationMustWait, KeyboardInterrupt, SystemExit):
            self._store()
            raise
        self._store()

    def _look_up(self, is_active: bool) -> list[Product]:
        after = self.run.checkpoint.get("after", 0)
        wanted = lacking_image(self._began_at).filter(is_active=is_active, pk__gt=after).order_by("pk")
        return list(wanted.only("pk", "zoho_id", "image_document_id")[:LOOKED_UP])

    def _bring(self, product: Product) -> None:
        trouble, error = ImageTrouble.UNREACHABLE, ""
        try:
            picture = self._fetch(product)
        except OrganisationMustWait:
            raise
        except PictureRefused as refusal:
            trouble = refusal.trouble
        except FileTooLarge as refused:
            trouble, error = ImageTrouble.TOO_LARGE, str(refused)
        except GoneFromZoho as gone:
            trouble, error = ImageTrouble.MISSING, str(gone)
        except SyncError as failed:
            error = str(failed)
        else:
            document_id = product.image_document_id
            self.fetched.append(FetchedImage(product_id=product.pk, document_id=document_id, picture=picture))
            return
        self._fail(product, trouble, error)

    def _fetch(self, product: Product) -> StoredPicture:
        # Neither the content type nor the image's name is to be relied on (api.md §6.14): the bytes decide.
        path = f"/items/{quote(str(product.zoho_id), safe='')}/image"
        data, _ = self.zoho.fetch_file("inventory", path, most_bytes=MOST_BYTES)
        return store_picture(data)

    def _fail(self, product: Product, trouble: ImageTrouble, error: str) -> None:
        log.warning("image_not_fetched", zoho_id=product.zoho_id, trouble=trouble.value, error=error)
        self.run.failed += 1
        self.run.error = self.run.error or f"{product.zoho_id}: {error or trouble.value}"
        attempts = (product.failed_attempts or 0) + 1  # type: ignore[attr-defined]  # annotated by lacking_image
        self.failures.append(
            ImageFailure(
                product_id=product.pk,
                document_id=product.image_document_id,
                trouble=trouble,
                error=error,
                attempts=attempts,
                next_attempt_at=next_attempt(trouble, attempts, at=timezone.now()),
            )
        )

    @property
    def _is_due(self) -> bool:
        waiting = len(self.fetched) + len(self.failures)
        return waiting >= AT_ONCE or (waiting > 0 and time.monotonic() - self._stored_at >= FLUSH_SECONDS)

    def _store(self) -> None:
        created, updated = self._write(self._save)
        self.run.created += created
        self.run.updated += updated
        self.fetched, self.failures, self._stored_at = [], [], time.monotonic()
        self._report()

    def _save(self) -> tuple[int, int]:
        at = timezone.now()
        note_image_failures(self.failures, at=at)
        return save_fetched_images(self.fetched, at=at)

    def _write(self, step: Callable[[], T]) -> T:
        def within() -> T:
            with touched_last(), caused_by(self.correlation):
                return step()

        return persist(within, module=MODULE)

    def _report(self) -> None:
        self.run.calls = self.zoho.calls - self._calls_before
        runs.report(self.run)
        if self.track:
            self.track(self.run)
