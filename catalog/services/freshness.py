"""Remember when the catalogue last learned something new."""

from __future__ import annotations

from datetime import datetime

from catalog.choices import Subject
from catalog.models import Freshness


def touch(*subjects: Subject, at: datetime) -> None:
    """Note news about `subjects`. One query; call it last in the transaction, the rows are shared by all."""
    Freshness.objects.bulk_create(
        [Freshness(subject=subject, updated_at=at) for subject in sorted(set(subjects))],
        update_conflicts=True,
        unique_fields=["subject"],
        update_fields=["updated_at"],
    )
