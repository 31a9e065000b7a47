"""What staff decide for the phones: the settings of the apps, banners, ways of delivery and payment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from catalog.choices import Subject
from catalog.models.picture_field import is_upload
from catalog.services.images import forget_files, store_upload
from commerce.models import AppSettings, Banner, DeliveryMethod, PaymentMethod
from commerce.models.app_settings import THE_ONE
from commerce.services.selling import changed_columns, tell, tell_all, touch_last

Row = AppSettings | Banner | DeliveryMethod | PaymentMethod


def save_app_settings(settings: AppSettings, *, at: datetime) -> bool:
    """Store the settings; whether anything changed. ValidationError by field."""
    settings.pk = THE_ONE
    settings._state.adding = not AppSettings.objects.filter(pk=THE_ONE).exists()
    return _save(settings, at=at)


def save_banner(banner: Banner, *, at: datetime) -> bool:
    """Store a banner; whether anything changed. PictureRefused when its image is no picture."""
    if is_upload(banner.image):
        banner.image = store_upload(banner.image).name
    before = Banner.objects.filter(pk=banner.pk).values_list("image", flat=True).first()
    with transaction.atomic():
        changed = _save(banner, at=at)
        if before and before != str(banner.image):
            forget_files([before])
    return changed


def save_delivery_method(method: DeliveryMethod, *, at: datetime) -> bool:
    return _save(method, at=at)


def save_payment_method(method: PaymentMethod, *, at: datetime) -> bool:
    return _save(method, at=at)


@transaction.atomic
def remove_rows(
    model: type[Banner] | type[DeliveryMethod] | type[PaymentMethod], keys: Sequence[int], *, at: datetime
) -> int:
    """Delete banners or methods; orders keep what they say of theirs. How many there were."""
    rows = list(model._default_manager.filter(pk__in=keys).order_by("pk"))
    if rows:
        model._default_manager.filter(pk__in=[row.pk for row in rows]).delete()
        forget_files(str(row.image) for row in rows if isinstance(row, Banner))
        tell_all(model._meta.label_lower, "removed", [row.pk for row in rows], at=at)
        touch_last(Subject.APPS, at=at)
    return len(rows)


@transaction.atomic
def _save(row: Row, *, at: datetime) -> bool:
    row.full_clean()
    changed = changed_columns(row)
    if changed:
        row.save(update_fields=None if row._state.adding else [*changed, "updated_at"])
        tell("saved", row, at=at, fields=changed)
        touch_last(Subject.APPS, at=at)
    return bool(changed)
