"""One request to Zoho: its turn, the login, the answer; and again, as long as that may help."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

import requests
import structlog
from django.db import Error as DatabaseError
from django.db import InterfaceError, OperationalError, close_old_connections, connection

from zoho_sync.client.answers import (
    CONCURRENCY_LIMIT,
    DAILY_LIMIT,
    LOGIN_SECONDS,
    WRONG_ORGANISATION,
    Answer,
    NoSuchAddress,
    read_file,
    read_json,
)
from zoho_sync.client.configuration import Configuration
from zoho_sync.client.limits import AllBusy, Limiter, Permit, jitter
from zoho_sync.client.sessions import Sessions
from zoho_sync.errors import FileTooLarge, MissingScope, OrganisationMustWait, TemporaryError

__all__ = ["NoSuchAddress", "ZohoHttp"]

log = structlog.get_logger(__name__)

T = TypeVar("T")

TIMEOUT_SECONDS = (5, 30)
# A whole answer takes no longer, however slowly it drips, and holds no more.
MOST_SECONDS, MOST_BYTES = 40.0, 64 * 1024 * 1024
CHUNK_BYTES = 128 * 1024
PREFIXES = {"inventory": "inventory/v1", "books": "books/v3"}
# Full jitter up to these seconds between two tries, doubled from the first to the last.
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0
# Those who wait for the same moment do not come back all at once.
SPREAD_SECONDS = (0.05, 2.0)
# A deadlock, a lost connection, a locked database: nobody's fault, and over soon.
HICCUPS = (OperationalError, InterfaceError)
# After so long a wait for its turn a call looks again whether it is still wanted.
STALE_SECONDS = 0.5

Parameters = Mapping[str, str]


class Tokens(Protocol):
    """Who has the access token: `token.TokenKeeper`."""

    def token(self) -> str: ...
    def replace(self, rejected: str) -> str: ...
    def is_known_to_lack(self, token: str, area: str) -> bool: ...
    def note_lack(self, token: str, area: str) -> None: ...


class ZohoHttp:
    """Sends requests to one organisation, from any number of threads. `calls` counts them."""

    def __init__(
        self,
        configuration: Configuration,
        sessions: Sessions,
        keeper: Tokens,
        limiter: Limiter,
        *,
        patience: float,
        asks_again: bool,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`patience` in seconds is how long a request waits for its turn, `asks_again` whether it also
        bears with failures so long.
        """
        self._configuration, self._sessions, self._keeper, self._limiter = configuration, sessions, keeper, limiter
        self._patience, self._asks_again, self._sleep = patience, asks_again, sleep
        self._calls, self._counting = 0, threading.Lock()

    @property
    def calls(self) -> int:
        return self._calls

    def get(self, api: str, path: str, parameters: Parameters | None = None) -> dict[str, Any]:
        """The JSON body of a successful answer, fractions as Decimal. `path` begins with a slash.

        Raises OrganisationMustWait (limits, breaker, login, rights), TemporaryError (no or no sensible answer),
        GoneFromZoho (404/1002), NoSuchAddress, PermanentError (any other refusal).
        """
        return self._persist(path, lambda most_wait: read_json(self._ask(api, path, parameters, most_wait), path))

    def get_file(self, api: str, path: str, *, most_bytes: int) -> tuple[bytes, str]:
        """A file and the content type Zoho gives it. GoneFromZoho when there is none (404/1002, or it is empty).

        FileTooLarge when it is larger than `most_bytes`; else as `get`.
        """
        return self._persist(path, lambda most_wait: read_file(self._ask(api, path, None, most_wait, most_bytes), path))

    # --- again and again ------------------------------------------------------------------------

    def _persist(self, path: str, ask: Callable[[float], T]) -> T:
        """Ask until there is an answer, or waiting is of no use, or patience is at an end.

        What was not settled when the database failed in the middle (a slot, a probe) is given back when its lease ends.
        """
        ends, failures = time.monotonic() + self._patience, 0
        while True:
            left = max(ends - time.monotonic(), 0.0)
            try:
                return ask(left)
            except AllBusy as error:
                pause = jitter(*error.look_after) if error.retry_after else 0.0
                if error.retry_after and pause > left:
                    raise
            except OrganisationMustWait as error:
                pause = (error.retry_after or 0.0) + jitter(*SPREAD_SECONDS)
                if pause > left:
                    raise
                log.info("zoho_waits", path=path, seconds=round(pause, 1), reason=str(error))
            except TemporaryError as error:
                failures += 1
                pause = _growing_pause(failures)
                if not self._asks_again or pause > left:
                    raise
                log.warning("zoho_asked_again", path=path, pause=round(pause, 1), error=str(error))
            except HICCUPS as error:
                failures += 1
                pause = _growing_pause(failures)
                # A transaction that was broken, if there is one against the rules, is its owner's.
                is_inside = connection.in_atomic_block
                if pause > left or (is_inside and not connection.is_usable()):
                    raise
                log.warning("zoho_asked_again", path=path, pause=round(pause, 1), error=str(error))
                if not is_inside:
                    close_old_connections()
            self._sleep(pause)

    # --- once -----------------------------------------------------------------------------------

    def _ask(
        self, api: str, path: str, parameters: Parameters | None, most_wait: float, most_bytes: int | None = None
    ) -> Answer:
        """The answer to a request with a token that Zoho accepts: after a 401 it is sent once more with another."""
        token = self._keeper.token()
        answer = self._send(api, path, parameters, token, most_wait, most_bytes)
        if answer.is_unauthorised:
            # The first part of an address is what scopes are given for, by each API its own.
            area = path.split("/")[1] if api == "inventory" else f"{api}/{path.split('/')[1]}"
            if not self._keeper.is_known_to_lack(token, area):
                token = self._keeper.replace(token)
                answer = self._send(api, path, parameters, token, most_wait, most_bytes)
            if answer.is_unauthorised:
                self._keeper.note_lack(token, area)
                raise MissingScope(
                    f"{path}: Zoho rejects a fresh token: the login lacks the scope or the right to read this; "
                    "connect again with all scopes (code 57)",
                    retry_after=LOGIN_SECONDS,
                )
        if answer.code == WRONG_ORGANISATION:
            self._keeper.note_lack(token, "organization_id")
        return answer

    def _send(
        self,
        api: str,
        path: str,
        parameters: Parameters | None,
        token: str,
        most_wait: float,
        most_bytes: int | None,
    ) -> Answer:
        permit = self._limiter.enter(most_wait=most_wait)
        self._await_turn(permit)
        known = self._configuration
        try:
            answer = self._receive(
                f"{known.api_url}/{PREFIXES[api]}{path}",
                {"organization_id": known.organization_id, **(parameters or {})},
                path,
                token,
                most_bytes,
            )
        except TemporaryError as error:
            self._settle(permit, failure=str(error))
            raise
        except BaseException:
            self._leave(permit)
            raise
        self._settle(permit, answer=answer, failure=f"{path}: HTTP {answer.status}" if answer.is_failure else "")
        return answer

    def _await_turn(self, permit: Permit) -> None:
        if permit.wait <= 0:
            return
        try:
            self._sleep(permit.wait)
        except BaseException:
            self._limiter.give_back(permit)
            raise
        if permit.wait > STALE_SECONDS:
            try:
                self._limiter.check(permit)
            except DatabaseError:
                self._leave(permit)
                raise

    def _receive(self, url: str, parameters: Parameters, path: str, token: str, most_bytes: int | None) -> Answer:
        with self._counting:
            self._calls += 1
        ends, most = time.monotonic() + MOST_SECONDS, most_bytes or MOST_BYTES
        try:
            with (
                self._sessions.borrow() as session,
                session.get(
                    url,
                    params=parameters,
                    auth=_Login(token),
                    timeout=TIMEOUT_SECONDS,
                    allow_redirects=False,
                    stream=True,
                ) as response,
            ):
                content = bytearray()
                for chunk in response.iter_content(CHUNK_BYTES):
                    content += chunk
                    if len(content) > most:
                        raise FileTooLarge(f"{path}: larger than {most} bytes")
                    if time.monotonic() > ends:
                        raise TemporaryError(f"{path}: Zoho did not answer within {MOST_SECONDS:g} s")
                return Answer(response.status_code, response.headers, bytes(content), most_bytes is not None)
        except requests.RequestException as error:
            raise TemporaryError(f"{path}: Zoho did not answer: {type(error).__name__}") from None

    # --- afterwards -----------------------------------------------------------------------------

    def _settle(self, permit: Permit, *, answer: Answer | None = None, failure: str = "") -> None:
        """Give the slot back, and tell the others what the answer means for all."""
        try:
            self._limiter.leave(permit)
            if failure:
                self._limiter.breaker.note_failure(failure, is_probe=permit.is_probe)
                self._limiter.count("failed")
            elif permit.is_probe or permit.failures:
                self._limiter.breaker.note_success(is_probe=permit.is_probe)
            if answer is not None:
                self._heed(permit, answer)
        except DatabaseError:
            # The answer is here and is worth more; the lease of the slot ends by itself.
            log.exception("zoho_call_not_settled")

    def _heed(self, permit: Permit, answer: Answer) -> None:
        limit, remaining, resets_in = (
            answer.number(f"X-Rate-Limit-{name}") for name in ("Limit", "Remaining", "Reset")
        )
        if answer.is_limit:
            self._limiter.count("limited")
            if answer.code == DAILY_LIMIT:
                self._limiter.spend_day(answer.limit_seconds, limit=limit)
            elif answer.code != CONCURRENCY_LIMIT:
                self._limiter.block(answer.limit_seconds, f"a limit of Zoho's is reached (code {answer.code})")
        elif limit is not None and remaining is not None and resets_in is not None:
            self._limiter.heed(permit, limit=limit, remaining=remaining, resets_in=resets_in)

    def _leave(self, permit: Permit) -> None:
        try:
            self._limiter.give_back(permit)
        except DatabaseError:
            log.exception("zoho_call_not_settled")


def _growing_pause(failures: int) -> float:
    return jitter(0.0, min(FIRST_PAUSE * 2 ** (failures - 1), LONGEST_PAUSE))


class _Login(requests.auth.AuthBase):
    """Zoho wants its own word before the token; as `auth`, no .netrc can replace it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Zoho-oauthtoken {self._token}"
        return request
