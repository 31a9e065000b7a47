"""What went wrong, by what happens next. Caught in one place: the worker."""

from __future__ import annotations

from datetime import datetime
from typing import Any


class SyncError(Exception):
    """Anything this app raises on purpose."""


class TemporaryError(SyncError):
    """Try again later; `retry_after` (seconds) wins over the back-off."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class PermanentError(SyncError):
    """Trying again cannot help: a person must look at it."""


class MappingError(PermanentError):
    """A field of a Zoho record holds what it must not hold. Names the field and shows the value."""

    def __init__(self, field: str, value: Any, problem: str) -> None:
        shown = repr(value)
        super().__init__(f"{field}: {shown if len(shown) <= 120 else shown[:117] + '...'} {problem}")
        self.field, self.value = field, value


class InvalidPayload(PermanentError):
    """A body that cannot be read as a webhook; the text says why."""


class NotConfigured(PermanentError):
    """A setting is missing; the text names it."""


class GoneFromZoho(SyncError):
    """Zoho answered 404/1002 for this one record."""


class OrganisationMustWait(TemporaryError):
    """Not this record's fault: the whole organisation waits (a limit, an open breaker, a refused login)."""


class WaitingForParent(SyncError):
    """The record is held until its parent `module` `zoho_id` has been applied."""

    def __init__(self, module: str, zoho_id: str) -> None:
        super().__init__(f"waits for {module} {zoho_id}")
        self.module, self.zoho_id = module, zoho_id


class LostLease(SyncError):
    """Another worker holds the record now; nothing may be written under the old token."""

    def __init__(self, since: datetime | None = None) -> None:
        super().__init__("the lease was lost")
        self.since = since
