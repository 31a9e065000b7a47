"""The time of the sandbox's world: it moves only when the world changes, and never back."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

BAGHDAD = timezone(timedelta(hours=3))
START = datetime(2026, 11, 1, 9, 0, tzinfo=BAGHDAD)


class WorldClock:
    """Gives every change a later second than the one before, so that two runs with one seed are alike.

    With `live` a change happens now (but still later than the last one): for demonstrations, where
    people compare Zoho's times with the clock on the wall.
    """

    def __init__(self, start: datetime = START, *, live: bool = False) -> None:
        self._last, self._live = start, live

    @property
    def last(self) -> datetime:
        return self._last

    def advance(self) -> datetime:
        """The moment of a new change, in whole seconds."""
        later = self._last + timedelta(seconds=1)
        if self._live:
            later = max(later, datetime.now(BAGHDAD).replace(microsecond=0))
        self._last = later
        return later


def stamp(moment: datetime) -> str:
    """`2026-11-01T09:00:00+0300`: the offset has no colon (api.md §6.5)."""
    return moment.astimezone(BAGHDAD).strftime("%Y-%m-%dT%H:%M:%S%z")


def parse_stamp(text: str) -> datetime:
    """A time as clients send it in `last_modified_time`. ValueError when it is none."""
    moment = datetime.fromisoformat(text.strip())
    return moment if moment.tzinfo else moment.replace(tzinfo=BAGHDAD)
