"""What an answer of Zoho's means. Pure. The body's `code` decides, not the HTTP status (api.md §2)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from zoho_sync.errors import (
    GoneFromZoho,
    LimitReached,
    PermanentError,
    QuotaSpent,
    SyncError,
    TemporaryError,
    WrongOrganisation,
)
from zoho_sync.models.payload import exact_number

UNAUTHORISED_CODES = (57, 14)
GONE, NO_SUCH_ADDRESS, WRONG_ORGANISATION, INTERNAL = 1002, 5, 6041, 1000
MINUTE_LIMITS, DAILY_LIMIT, CONCURRENCY_LIMIT = (44, 43), 45, 1070
LIMIT_CODES = (*MINUTE_LIMITS, DAILY_LIMIT, CONCURRENCY_LIMIT)
MINUTE_SECONDS, MOMENT_SECONDS, HOUR_SECONDS = 60.0, 1.0, 3600.0
LOGIN_SECONDS = 600.0


class NoSuchAddress(PermanentError):
    """Zoho has no such address for this organisation (404, code 5)."""


@dataclass(frozen=True)
class Answer:
    """A whole answer. `is_file` says that a file was asked for, so that only what looks like it is read as JSON."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    is_file: bool = False

    @cached_property
    def body(self) -> dict[str, Any] | None:
        """The JSON object, fractions as Decimal; None when it is none."""
        if self.is_file and self.status < 300 and not self._looks_like_text:
            return None
        try:
            body = json.loads(self.content, parse_float=exact_number)
        except ValueError:
            return None
        return body if isinstance(body, dict) else None

    @property
    def code(self) -> int:
        code = (self.body or {}).get("code", 0)
        return code if isinstance(code, int) else -1

    @property
    def content_type(self) -> str:
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    @property
    def is_unauthorised(self) -> bool:
        """401, and codes 57 and 14, which have been seen under other statuses."""
        return self.status == 401 or (self.status >= 400 and self.code in UNAUTHORISED_CODES)

    @property
    def is_limit(self) -> bool:
        return self.status == 429 or self.code in LIMIT_CODES

    @property
    def is_failure(self) -> bool:
        """Zoho is in trouble: what counts for the breaker, and may be better when asked again."""
        if self.is_limit or self.is_unauthorised:
            return False
        if self.status >= 500 or 300 <= self.status < 400 or self.code == INTERNAL:
            return True
        return self.body is None and not (self.is_file and self.status < 300 and not self._looks_like_text)

    @property
    def limit_seconds(self) -> float:
        """How long to wait after a limit: what Zoho says, else what the limit is about."""
        names = ("Retry-After", "X-Rate-Limit-Reset") if self.code == DAILY_LIMIT else ("Retry-After",)
        for name in names:
            if (seconds := self.number(name)) is not None:
                return float(seconds)
        return {DAILY_LIMIT: HOUR_SECONDS, CONCURRENCY_LIMIT: MOMENT_SECONDS}.get(self.code, MINUTE_SECONDS)

    def number(self, header: str) -> int | None:
        """A header that holds a whole number; None when it is absent or something else."""
        text = self.headers.get(header, "").strip()
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None

    @property
    def _looks_like_text(self) -> bool:
        return self.content_type in ("application/json", "text/html", "text/json")


def read_json(answer: Answer, path: str) -> dict[str, Any]:
    """The body of success; raises what anything else means."""
    raise_for(answer, path)
    if answer.body is None:
        raise TemporaryError(f"{path}: HTTP {answer.status} without JSON")
    return answer.body


def read_file(answer: Answer, path: str) -> tuple[bytes, str]:
    """The bytes and the content type that Zoho named, which is not to be relied on; raises what anything else means."""
    raise_for(answer, path)
    if answer.body is not None:
        raise PermanentError(f"{path}: JSON instead of a file")
    if not answer.content:
        raise GoneFromZoho(f"{path}: an empty file")
    return answer.content, answer.content_type


def raise_for(answer: Answer, path: str) -> None:
    """Raise unless the answer is success: LimitReached, QuotaSpent, TemporaryError, or what the code says."""
    status, code = answer.status, answer.code
    if answer.is_limit:
        kind = QuotaSpent if code == DAILY_LIMIT else LimitReached
        raise kind(
            f"{path}: a limit of Zoho's is reached (HTTP {status}, code {code})", retry_after=answer.limit_seconds
        )
    if answer.body is None:
        if answer.is_failure:
            raise TemporaryError(f"{path}: HTTP {status} without JSON")
    elif code != 0 or status >= 300:
        raise _refusal(path, status, code, str(answer.body.get("message") or ""))


def _refusal(path: str, status: int, code: int, message: str) -> SyncError:
    text = f"{path}: HTTP {status}, code {code}: {message}"
    if status == 404 and code == GONE:
        return GoneFromZoho(text)
    if status == 404 and code == NO_SUCH_ADDRESS:
        return NoSuchAddress(text)
    if code == WRONG_ORGANISATION:
        return WrongOrganisation(f"{text} Check ZOHO_ORGANIZATION_ID.", retry_after=LOGIN_SECONDS)
    if status >= 500 or 300 <= status < 400 or code == INTERNAL:
        return TemporaryError(text)
    return PermanentError(text)
