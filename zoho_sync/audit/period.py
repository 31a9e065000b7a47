"""What an audit looks at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
SHOWN = 20  # rows that a check names; it reads no more of what is broken


@dataclass(frozen=True)
class Period:
    """History from `since` on (None: all of it). `at` is now; None where nothing is to be measured by the clock."""

    at: datetime | None = None
    since: datetime | None = None

    def of(self, column: str) -> dict[str, datetime]:
        """The condition on a column of times."""
        return {f"{column}__gte": self.since} if self.since else {}

    def before(self, patience: timedelta) -> datetime:
        """What is older than this has used up its patience."""
        return self.at - patience if self.at else LONG_AGO

    @property
    def kept_since(self) -> datetime:
        """Before then retention may have forgotten inbox events."""
        return self.before(timedelta(days=settings.TDS_INBOX_RETENTION_DAYS))
