"""Notice that a cluster no longer works although its processes are there."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from datetime import datetime

import structlog
from django.db import Error as DatabaseError
from django.db import close_old_connections
from django.utils import timezone

from tsh_erp.jobs.heartbeat import ask_for_beat, last_beat
from tsh_erp.jobs.schedules import bring_back

log = structlog.get_logger(__name__)

# Until it has beaten for the first time a cluster is only starting, which takes a busy machine a while.
START_SECONDS = 60.0


class Watch:
    """Watches the beat of this machine's cluster, which has `window` seconds to show a new one (more for its first).

    Counted from when a beat was seen to change, so that a clock that is set does not matter. While
    the database does not answer nothing can beat, and the cluster, which comes round by itself, is
    not to blame.
    """

    def __init__(self, cluster: str, *, window: float, now: Callable[[], float] = time.monotonic) -> None:
        self._cluster, self._window, self._now = cluster, window, now
        self._seen: datetime | None = None
        self._changed_at, self._patience = now(), window

    def begin(self) -> None:
        """The cluster was started just now."""
        self._changed_at, self._patience = self._now(), max(self._window, START_SECONDS)

    def has_stopped(self) -> bool:
        """Whether nothing was heard for the window. Asks the cluster to beat, for the next look.

        Sees to the schedules too: after a clock was put back nobody inside the cluster would be called to.
        """
        try:
            close_old_connections()
            bring_back(at=timezone.now())
            ask_for_beat(self._cluster)
            newest = last_beat(self._cluster, host=socket.gethostname()[:100])
        except DatabaseError:
            log.warning("beat_not_read", cluster=self._cluster, exc_info=True)
            self._changed_at = self._now()
            return False
        if newest != self._seen:
            self._seen = newest
            self._changed_at, self._patience = self._now(), self._window
        return self._now() - self._changed_at > self._patience
