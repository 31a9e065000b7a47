"""Ways in which Zoho goes wrong: armed by name for a number of requests, or by chance with a rate and a seed."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Literal

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
    """An answer that takes the place of the right one. `hangs_up` closes the connection after `body`."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = "application/json;charset=UTF-8"
    hangs_up: bool = False
    code: int | None = None


def says(status: int, code: int, message: str, *headers: tuple[str, str]) -> Reply:
    """A refusal as Zoho words it."""
    return Reply(status, encode({"code": code, "message": message}), headers, code=code)


CUT_OFF = b'{"code":0,"message":"success","items":[{"item_id":"1'
HUNG_UP = Reply(200, b"", hangs_up=True)
BAD_GATEWAY = Reply(502, HTML, content_type="text/html")
# Whole answers of the API.
API_REPLIES = {
    "unauthorized": says(401, 57, "You are not authorized to perform this operation"),
    "minute_limit": says(429, 44, BLOCKED),
    "minute_limit_43": says(429, 43, BLOCKED),
    "minute_limit_under_200": says(200, 44, BLOCKED),
    "daily_limit": says(
        429,
        45,
        DAILY,
        ("X-Rate-Limit-Limit", "10000"),
        ("X-Rate-Limit-Remaining", "0"),
        ("X-Rate-Limit-Reset", "34881"),
    ),
    "too_many_at_once": says(429, 1070, CONCURRENT),
    "retry_after": says(429, 44, BLOCKED, ("Retry-After", "17")),
    "internal_error": says(500, 1000, "Internal error"),
    "bad_parameter": says(400, 2, "Invalid value passed for page"),
    "html": BAD_GATEWAY,
    "html_under_200": Reply(200, HTML, content_type="text/html"),
    "cut_off": Reply(200, CUT_OFF),
    "broken_off": Reply(200, CUT_OFF, hangs_up=True),
    "hung_up": HUNG_UP,
}
# Answers of the accounts server.
TOKEN_REPLIES = {
    "token_denied": Reply(400, encode(DENIED)),
    "token_revoked": Reply(200, encode({"error": "invalid_code"})),
    "token_html": BAD_GATEWAY,
}
# Distortions of a right answer, made where the answer is made.
MISSING_LIST_KEY, ENDLESS, DOUBLED_ROWS, SLOW = "missing_list_key", "endless", "doubled_rows", "slow"
NO_PAGE_CONTEXT = "no_page_context"
# `timeout` answers nothing for `slow_seconds` and hangs up; `token_expired` makes every token given so far worthless.
TIMEOUT, TOKEN_EXPIRED = "timeout", "token_expired"
# The list changes between this page and the next.
DRIFTS: dict[str, Literal["created", "updated", "deleted"]] = {
    "drift_modified": "updated",
    "drift_created": "created",
    "drift_deleted": "deleted",
}
OF_THE_API = (
    *API_REPLIES,
    MISSING_LIST_KEY,
    ENDLESS,
    DOUBLED_ROWS,
    NO_PAGE_CONTEXT,
    SLOW,
    TIMEOUT,
    TOKEN_EXPIRED,
    *DRIFTS,
)
NAMES = (*OF_THE_API, *TOKEN_REPLIES)
# What a client must live through without a person: the usual weather.
WEATHER = ("timeout", "internal_error", "html", "too_many_at_once", "broken_off", "cut_off")


class UnknownFault(ValueError):
    """No fault of that name, or a chance that is none; the text says which."""


@dataclass
class _Armed:
    names: tuple[str, ...]
    times: int | None
    path: str
    rate: float = 1.0
    random: Random = field(default_factory=Random)

    @property
    def is_certain(self) -> bool:
        return self.rate >= 1

    def happens(self, path: str, among: Collection[str]) -> str:
        """The name of what happens to this request, "" for nothing; uses up one of its times."""
        names = [name for name in self.names if name in among]
        if self.times == 0 or self.path not in path or not names:
            return ""
        if not self.is_certain and self.random.random() >= self.rate:
            return ""
        if self.times is not None:
            self.times -= 1
        return self.random.choice(names)


@dataclass
class Faults:
    """The faults that are armed now."""

    slow_seconds: float = 1.0
    struck: dict[str, int] = field(default_factory=dict)
    """How often which fault has happened since the start."""
    _armed: list[_Armed] = field(default_factory=list)
    _outage: tuple[float, Reply] = (0.0, HUNG_UP)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def arm(
        self,
        *names: str,
        times: int | None = None,
        path: str = "",
        rate: float = 1.0,
        seed: int = 1,
    ) -> None:
        """Let one of `names` happen to the next `times` requests (None: to all) whose address contains `path`.

        With a `rate` below 1 it happens to that share of them, by chance; the same `seed` makes the same chances.
        """
        if not names:
            raise UnknownFault("a fault needs a name")
        for name in names:
            if name not in NAMES:
                raise UnknownFault(f"no fault is called {name!r}; there are {', '.join(NAMES)}")
        if not 0 <= rate <= 1:
            raise UnknownFault(f"{rate} is no rate: it lies between 0 and 1")
        with self._lock:
            self._armed.append(_Armed(names, times, path, rate, Random(seed)))  # noqa: S311 - chance, not a secret

    def arm_text(self, text: str) -> None:
        """The same from the command line: NAME, NAME:TIMES or NAME:TIMES:PATH."""
        name, _, rest = text.partition(":")
        times, _, path = rest.partition(":")
        if times and not times.isdigit():
            raise UnknownFault(f"{text!r}: {times!r} is not a number of times")
        self.arm(name, times=int(times) if times else None, path=path)

    def begin_outage(self, seconds: float, *, hangs_up: bool = True) -> None:
        """For so long nobody gets an answer: the connection is closed, or a gateway answers in HTML."""
        self._outage = (time.monotonic() + seconds, HUNG_UP if hangs_up else BAD_GATEWAY)

    def outage(self) -> Reply | None:
        """What everybody gets while the outage lasts."""
        until, reply = self._outage
        return reply if time.monotonic() < until else None

    def clear(self) -> None:
        with self._lock:
            self._armed.clear()
            self._outage = (0.0, HUNG_UP)

    def strikes(self, path: str, among: Collection[str]) -> str:
        """Which of `among` happens for certain to this request, "" for none: what was armed first."""
        return self._first(path, among, certain=True)

    def draw(self, path: str, among: Collection[str]) -> str:
        """Which of `among` happens by chance to this request, "" for none."""
        return self._first(path, among, certain=False)

    def _first(self, path: str, among: Collection[str], *, certain: bool) -> str:
        with self._lock:
            for armed in self._armed:
                if armed.is_certain == certain and (name := armed.happens(path, among)):
                    self.struck[name] = self.struck.get(name, 0) + 1
                    return name
        return ""


class Fate:
    """What goes wrong with one request: by chance at most one thing, drawn once, and whatever is certain."""

    def __init__(self, faults: Faults, path: str, among: Collection[str] = OF_THE_API) -> None:
        self._faults, self._path = faults, path
        self._drawn = faults.draw(path, among)

    def strikes(self, name: str) -> bool:
        return name == self._drawn or bool(self._faults.strikes(self._path, {name}))

    def reply(self, replies: Mapping[str, Reply]) -> Reply | None:
        """The one of `replies` that happens to this request."""
        name = self._drawn if self._drawn in replies else self._faults.strikes(self._path, replies.keys())
        return replies[name] if name else None
