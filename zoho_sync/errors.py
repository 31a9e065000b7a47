"""What went wrong, by what happens next. Caught in one place: the worker."""

from __future__ import annotations

from collections.abc import Sequence
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


class SenselessAnswer(PermanentError):
    """What came is not what this address answers; it says nothing of any record that was asked for."""


class InvalidPayload(PermanentError):
    """A body that cannot be read as a webhook; the text says why."""


class NotConfigured(PermanentError):
    """Settings are `missing`; the text names them."""

    def __init__(self, message: str, *, missing: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.missing = tuple(missing)


class FileTooLarge(PermanentError):
    """A file is larger than whoever asked for it takes."""


class GoneFromZoho(SyncError):
    """Zoho answered 404/1002 for this one record."""


class OrganisationMustWait(TemporaryError):
    """Not this record's fault: the whole organisation waits (a limit, an open breaker, a refused login)."""


class LimitReached(OrganisationMustWait):
    """A limit of ours or of Zoho's keeps us from calling now: per minute, at once, or of token requests."""


class QuotaSpent(OrganisationMustWait):
    """The day's calls, or this priority's share of them, are used up; `retry_after` is the time to the reset."""


class BreakerOpen(OrganisationMustWait):
    """Zoho failed so often in a row that it is left alone until `retry_after`."""


class LoginRefused(OrganisationMustWait):
    """Zoho does not let us in until a person acts; the text says what to do."""


class MissingScope(LoginRefused):
    """The login lacks the scope or the right to read this."""


class WrongOrganisation(LoginRefused):
    """The login does not belong to ZOHO_ORGANIZATION_ID."""


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
