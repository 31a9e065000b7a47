"""Have a long job done by the cluster that is there for them. Unlike a ring, such a task carries what it is about."""

from __future__ import annotations

from django.utils import timezone
from django_q.models import OrmQ
from django_q.tasks import async_task

CLUSTER = "long"


def enqueue(task: str, *arguments: int | str | bool) -> None:
    """Have a worker for long jobs run the function named by the dotted string `task`.

    Written in the caller's transaction: what the job is about and the order to do it are stored together or not at
    all. A database error is the caller's.
    """
    async_task(task, *arguments, save=False, cluster=CLUSTER)


def is_idle() -> bool:
    """Whether no long job waits for a worker."""
    return not OrmQ.objects.filter(key=CLUSTER, lock__lte=timezone.now()).exists()
