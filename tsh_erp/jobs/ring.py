"""Ring the workers: tell django-q2 that there is work. A ring carries no data; losing one loses nothing."""

from __future__ import annotations

import structlog
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ
from django_q.tasks import async_task

log = structlog.get_logger(__name__)


def ring(task: str, *, at_most: int) -> bool:
    """Have a worker run the function named by the dotted string `task`, unless `at_most` rings are not yet taken.

    Call it after the commit. Never raises: the sweep makes a failed ring good within a minute.
    """
    try:
        cluster = str(settings.Q_CLUSTER["name"])  # not this process's own, which may be the one for long jobs
        if _unclaimed(cluster) >= at_most:
            return False
        async_task(task, save=False, cluster=cluster)
    except DatabaseError:
        log.warning("ring_failed", task=task, exc_info=True)
        return False
    return True


def waiting_rings() -> int:
    """How many rings no worker has taken."""
    return _unclaimed(str(settings.Q_CLUSTER["name"]))


def _unclaimed(cluster: str) -> int:
    """How many tasks of the cluster no worker has taken. As SQL, because every delivery asks."""
    table = connection.ops.quote_name(OrmQ._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f'SELECT count(*) FROM {table} WHERE "key" = %s AND "lock" <= %s',  # noqa: S608 - names from the model
            [cluster, connection.ops.adapt_datetimefield_value(timezone.now())],
        )
        return int(cursor.fetchone()[0])
