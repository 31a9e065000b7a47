"""Ways in which Zoho goes wrong, armed by name for a number of requests."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from zoho_sandbox.tokens import DENIED
from zoho_sandbox.wire import encode

HTML = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
BLOCKED = (
    "For security reasons your organization has been blocked as it have exceeded "
    "the maximum number of requests per minute that can originate from an organization."
)
DAILY = "The API call for this organization has exceeded the maximum call rate limit of 10000."
CONCURRENT = "You have reached the maximum number of in process requests allowed. Kindly try again after some time."


@dataclass(frozen=True)
class Reply:
    """An answer that takes the place of the right one."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = "application/json;charset=UTF-8"


def _says(status: int, code: int, message: str, *headers: tuple[str, str]) -> Reply:
    return Reply(status, encode({"code": code, "message": message}), headers)


# Whole answers of the API.
API_REPLIES = {
    "unauthorized": _says(401, 57, "You are not authorized to perform this operation"),
    "minute_limit": _says(429, 44, BLOCKED),
    "minute_limit_under_200": _says(200, 44, BLOCKED),
    "daily_limit": _says(
        429,
        45,
        DAILY,
        ("X-Rate-Limit-Limit", "10000"),
        ("X-Rate-Limit-Remaining", "0"),
        ("X-Rate-Limit-Reset", "34881"),
    ),
    "too_many_at_once": _says(429, 1070, CONCURRENT),
    "retry_after": _says(429, 44, BLOCKED, ("Retry-After", "17")),
    "internal_error": _says(500, 1000, "Internal error"),
    "html": Reply(502, HTML, content_type="text/html"),
    "html_under_200": Reply(200, HTML, content_type="text/html"),
    "cut_off": Reply(200, b'{"code":0,"message":"success","items":[{"item_id":"1'),
}
# Answers of the accounts server.
TOKEN_REPLIES = {
    "token_denied": Reply(400, encode(DENIED)),
    "token_revoked": Reply(200, encode({"error": "invalid_code"})),
    "token_html": Reply(502, HTML, content_type="text/html"),
}
# Distortions of a right answer, made where the answer is made.
MISSING_LIST_KEY, ENDLESS, DOUBLED_ROWS, SLOW = "missing_list_key", "endless", "doubled_rows", "slow"
NAMES = (*API_REPLIES, *TOKEN_REPLIES, MISSING_LIST_KEY, ENDLESS, DOUBLED_ROWS, SLOW)


class UnknownFault(ValueError):
    """No fault of that name; the text lists the ones there are."""


@dataclass
class _Armed:
    name: str
    times: int | None
    path: str


@dataclass
class Faults:
    """The faults that are armed now."""

    slow_seconds: float = 1.0
    _armed: list[_Armed] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def arm(self, name: str, *, times: int | None = None, path: str = "") -> None:
        """Let `name` happen to the next `times` requests (None: to all) whose address contains `path`."""
        if name not in NAMES:
            raise UnknownFault(f"no fault is called {name!r}; there are {', '.join(NAMES)}")
        with self._lock:
            self._armed.append(_Armed(name, times, path))

    def arm_text(self, text: str) -> None:
        """The same from the command line: NAME, NAME:TIMES or NAME:TIMES:PATH."""
        name, _, rest = text.partition(":")
        times, _, path = rest.partition(":")
        if times and not times.isdigit():
            raise UnknownFault(f"{text!r}: {times!r} is not a number of times")
        self.arm(name, times=int(times) if times else None, path=path)

    def clear(self) -> None:
        with self._lock:
            self._armed.clear()

    def strikes(self, name: str, path: str) -> bool:
        """Whether `name` happens to this request; uses up one of its times."""
        with self._lock:
            for armed in self._armed:
                if armed.name == name and armed.path in path and armed.times != 0:
                    if armed.times is not None:
                        armed.times -= 1
                    return True
        return False

    def reply(self, replies: dict[str, Reply], path: str) -> Reply | None:
        """The first of `replies` that happens to this request."""
        return next((reply for name, reply in replies.items() if self.strikes(name, path)), None)
