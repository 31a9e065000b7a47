"""What staff decide for the phones: stored once, told once, and pictures that are theirs stay on disk."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.utils import translation

from catalog import picture_files
from catalog.choices import Subject
from catalog.services import images
from catalog.services.freshness import versions
from catalog.tests.drawing import drawn
from catalog.tests.test_images import grow_old, media
from commerce.models import AppSettings, Banner, DeliveryMethod, PaymentMethod
from commerce.services.shop import (
    remove_rows,
    save_app_settings,
    save_banner,
    save_delivery_method,
    save_payment_method,
)
from commerce.tests.builders import LATER, NOON

__all__ = ["media"]

pytestmark = pytest.mark.django_db


def raised(work) -> int:
    before = versions()[Subject.APPS]
    work()
    return versions()[Subject.APPS] - before


def banner(**values) -> Banner:
    upload = SimpleUploadedFile("b.png", drawn(colour=values.pop("colour", (1, 2, 3))))
    return Banner(**{"title_en": "Sale", "image": upload, **values})


def test_there_is_one_row_of_settings_and_defaults_before_it():
    assert AppSettings.objects.current().currency == "IQD"
    assert AppSettings.objects.current().stock_clock == "accounting"
    assert not AppSettings.objects.exists()

    save_app_settings(AppSettings(latest_version="1.4.0"), at=NOON)
    save_app_settings(AppSettings(latest_version="1.5.0"), at=LATER)

    assert AppSettings.objects.get().latest_version == "1.5.0"
    with pytest.raises(IntegrityError), transaction.atomic():
        AppSettings.objects.create(pk=2)


def test_a_version_rises_only_when_something_is_another():
    settings = AppSettings(latest_version="1.4.0")

    assert raised(lambda: save_app_settings(settings, at=NOON)) == 1
    assert raised(lambda: save_app_settings(AppSettings.objects.current(), at=LATER)) == 0
    cash = PaymentMethod(code="cod", kind="cash", name_en="Cash")
    assert raised(lambda: save_payment_method(cash, at=NOON)) == 1
    assert raised(lambda: save_payment_method(PaymentMethod.objects.get(), at=NOON)) == 0
    assert raised(lambda: remove_rows(PaymentMethod, [cash.pk], at=NOON)) == 1
    assert raised(lambda: remove_rows(PaymentMethod, [cash.pk], at=NOON)) == 0


@pytest.mark.parametrize("version", ["", "1.x", "v1", "1.2.3.4.5", "1..2"])
def test_a_version_that_is_none_is_refused(version):
    with pytest.raises(ValidationError) as refused:
        save_app_settings(AppSettings(minimum_version=version), at=NOON)

    assert [*refused.value.message_dict] == ["minimum_version"]


def test_a_banner_runs_in_its_window_for_its_audience():
    hour = timedelta(hours=1)
    save_banner(banner(title_en="now", starts_at=NOON, ends_at=NOON + hour, position=2), at=NOON)
    save_banner(banner(title_en="dealers", audience="wholesale", position=1), at=NOON)
    save_banner(banner(title_en="off", is_active=False), at=NOON)

    def shown(at, audience) -> list[str]:
        return [one.title_en for one in Banner.objects.shown(at, audience)]

    assert shown(NOON, "consumers") == ["now"]
    assert shown(NOON, "wholesale") == ["dealers", "now"]
    assert shown(NOON - hour, "consumers") == shown(NOON + hour, "consumers") == []


def test_a_banner_that_opens_nothing_it_names_is_refused():
    for action in ("category", "product", "promotion", "search", "link"):
        with pytest.raises(ValidationError):
            save_banner(banner(action=action), at=NOON)
    save_banner(banner(action="search", search_words="hdmi"), at=NOON)
    assert Banner.objects.get().target == "hdmi"


def test_pictures_of_banners_stay_as_long_as_a_banner_shows_them(media, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        save_banner(banner(), at=NOON)
    row = Banner.objects.get()
    name = str(row.image)
    assert picture_files.picture_is_whole(name)

    grow_old(media)
    assert images.clean_files() == images.remove_unused([name]) == 0
    row.image = SimpleUploadedFile("c.png", drawn(colour=(9, 9, 9)))
    with django_capture_on_commit_callbacks(execute=True):
        assert save_banner(row, at=LATER)
    assert not picture_files.picture_is_whole(name)
    assert picture_files.picture_is_whole(str(row.image))
    grow_old(media)
    with django_capture_on_commit_callbacks(execute=True):
        remove_rows(Banner, [row.pk], at=LATER)
    assert not picture_files.picture_is_whole(str(row.image))


def test_names_are_read_in_the_readers_language_or_the_other():
    both = DeliveryMethod(name_ar="مندوب", name_en="Courier", price=Decimal(1))
    save_delivery_method(both, at=NOON)

    with translation.override("ar"):
        assert both.name == "مندوب"
        assert DeliveryMethod(name_en="Courier").name == "Courier"
    with translation.override("en"):
        assert both.name == "Courier"
        assert DeliveryMethod(name_ar="مندوب").name == "مندوب"


def test_a_delivery_that_takes_fewer_days_at_most_than_at_least_is_refused():
    with pytest.raises(ValidationError):
        save_delivery_method(DeliveryMethod(name_en="x", least_days=3, most_days=1), at=NOON)
    with pytest.raises(ValidationError):
        save_delivery_method(DeliveryMethod(name_en="x", price=Decimal(-1)), at=NOON)
