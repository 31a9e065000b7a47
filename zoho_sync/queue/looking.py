"""Which rows nobody is about to work on."""

from __future__ import annotations

from typing import TypeVar

from django.db.models import Exists, Model, OuterRef, QuerySet

from zoho_sync.models import SyncQueueItem

M = TypeVar("M", bound=Model)


def without_job(rows: QuerySet[M]) -> QuerySet[M]:
    """Those of `rows` (of a model with `module` and `zoho_id`) whose record has no waiting and no processing job.

    Asked as two questions, so that the two partial unique indexes answer them, however many jobs have ended.
    """
    jobs = SyncQueueItem.objects.filter(module=OuterRef("module"), zoho_id=OuterRef("zoho_id"))
    return rows.filter(~Exists(jobs.waiting()), ~Exists(jobs.processing()))
