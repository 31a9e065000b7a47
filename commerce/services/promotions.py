"""Promotions as staff write them, with what they are about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from catalog.choices import Subject
from catalog.models.picture_field import is_upload
from catalog.services.images import forget_files, store_upload
from commerce.models import Promotion, PromotionTarget
from commerce.models.promotions import TARGETS, TEXTS, fold_code
from commerce.services.selling import changed_columns, tell, tell_all, touch_last

Key = tuple[object, ...]


def save_promotion(promotion: Promotion, targets: Sequence[PromotionTarget] | None = None, *, at: datetime) -> bool:
    """Store a promotion (new or changed) and, unless None, exactly these targets; whether anything changed.

    ValidationError by field when it is not one. PictureRefused when its image is no picture; then
    nothing is stored.
    """
    promotion.code = fold_code(promotion.code)
    if is_upload(promotion.image):
        promotion.image = store_upload(promotion.image).name
    with transaction.atomic():
        before = Promotion.objects.select_for_update(no_key=True).filter(pk=promotion.pk).first()
        if before is not None:
            promotion.used = before.used
        promotion.full_clean()
        changed = changed_columns(promotion)
        if changed:
            promotion.save()
        about = targets is not None and _replace_targets(promotion, targets)
        if not changed and not about:
            return False
        if before is not None and str(before.image) != str(promotion.image):
            forget_files([str(before.image)])
        tell("saved", promotion, at=at, fields=[*changed, *(["targets"] if about else [])])
        touch_last(Subject.PROMOTIONS, at=at)
        return True


@transaction.atomic
def switch_promotions(promotion_ids: Sequence[int], *, on: bool, at: datetime) -> int:
    """Switch promotions on or off; how many were not so before. ValidationError when one may not be on."""
    rows = Promotion.objects.select_for_update(no_key=True).filter(pk__in=promotion_ids).exclude(is_active=on)
    changed = list(rows.order_by("pk"))
    for one in changed:
        one.is_active = on
        one.full_clean()
        one.save(update_fields=["is_active", "updated_at"])
    if changed:
        tell_all(Promotion._meta.label_lower, "switched", [one.pk for one in changed], at=at, on=on)
        touch_last(Subject.PROMOTIONS, at=at)
    return len(changed)


@transaction.atomic
def copy_promotion(promotion_id: int, *, at: datetime) -> Promotion:
    """A copy with the same targets, switched off, without code and uses, for staff to finish."""
    copy = Promotion.objects.get(pk=promotion_id)
    targets = list(copy.targets.order_by("pk"))
    copy.pk, copy.code, copy.used, copy.is_active = None, "", 0, False
    copy._state.adding = True
    save_promotion(copy, [_copy_target(one) for one in targets], at=at)
    return copy


@transaction.atomic
def remove_promotions(promotion_ids: Sequence[int], *, at: datetime) -> int:
    """Delete promotions that no order ever took; ProtectedError when one did (switch it off instead)."""
    rows = Promotion.objects.select_for_update().filter(pk__in=promotion_ids).order_by("pk")
    images = {one.pk: str(one.image) for one in rows}
    if images:
        Promotion.objects.filter(pk__in=images).delete()
        forget_files(images.values())
        tell_all(Promotion._meta.label_lower, "removed", images, at=at)
        touch_last(Subject.PROMOTIONS, at=at)
    return len(images)


def _replace_targets(promotion: Promotion, targets: Sequence[PromotionTarget]) -> bool:
    stored = {_key(one): one.pk for one in PromotionTarget.objects.filter(promotion=promotion)}
    wanted = {_key(one): one for one in targets}
    gone = [pk for key, pk in stored.items() if key not in wanted]
    news = [one for key, one in wanted.items() if key not in stored]
    if gone:
        PromotionTarget.objects.filter(pk__in=gone).delete()
    for one in news:
        one.pk, one.promotion = None, promotion
    PromotionTarget.objects.bulk_create(news)
    return bool(gone or news)


def _key(target: PromotionTarget) -> Key:
    return tuple(getattr(target, _column(name)) for name in TARGETS)


def _copy_target(target: PromotionTarget) -> PromotionTarget:
    return PromotionTarget(**{_column(name): getattr(target, _column(name)) for name in TARGETS})


def _column(name: str) -> str:
    return name if name in TEXTS else f"{name}_id"
