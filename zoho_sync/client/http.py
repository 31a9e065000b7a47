"""One GET to Zoho: the login, the organisation, and what an answer that is not success means (api.md §2)."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import requests
import structlog
from requests.adapters import HTTPAdapter

from zoho_sync.client.configuration import Configuration
from zoho_sync.client.token import TokenKeeper
from zoho_sync.errors import GoneFromZoho, OrganisationMustWait, PermanentError, SyncError, TemporaryError

log = structlog.get_logger(__name__)

TIMEOUT_SECONDS = (5, 30)
PREFIXES = {"inventory": "inventory/v1", "books": "books/v3"}
CONNECTIONS = 10

UNAUTHORISED_CODES = (57, 14)
GONE, NO_SUCH_ADDRESS, WRONG_ORGANISATION, INTERNAL = 1002, 5, 6041, 1000
MINUTE_LIMITS, DAILY_LIMIT, CONCURRENCY_LIMIT = (44, 43), 45, 1070
LIMIT_CODES = (*MINUTE_LIMITS, DAILY_LIMIT, CONCURRENCY_LIMIT)
MINUTE_SECONDS, MOMENT_SECONDS, HOUR_SECONDS = 60.0, 5.0, 3600.0
LOGIN_SECONDS = 600.0
PAUSES = (0.5, 2.0)


class NoSuchAddress(PermanentError):
    """Zoho has no such address for this organisation (404, code 5)."""


def open_session() -> requests.Session:
    """A pooled session for one thread."""
    session = requests.Session()
    session.mount("http://", HTTPAdapter(pool_maxsize=CONNECTIONS))
    session.mount("https://", HTTPAdapter(pool_maxsize=CONNECTIONS))
    return session


class ZohoHttp:
    """Sends requests to one organisation. `calls` counts them."""

    def __init__(
        self,
        configuration: Configuration,
        session: requests.Session,
        keeper: TokenKeeper,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._configuration, self._session, self._keeper, self._sleep = configuration, session, keeper, sleep
        self.calls = 0

    def get(
        self, api: str, path: str, parameters: Mapping[str, str] | None = None, *, tries: int = 1
    ) -> dict[str, Any]:
        """The JSON body of a successful answer, fractions as Decimal. `path` begins with a slash.

        Raises OrganisationMustWait (limits, login, rights), TemporaryError (no or no sensible answer, as
        often as `tries`), GoneFromZoho (404/1002), NoSuchAddress, PermanentError (any other refusal).
        """
        for pause in PAUSES[: tries - 1]:
            try:
                return self._get(api, path, parameters)
            except OrganisationMustWait:
                raise
            except TemporaryError:
                log.warning("zoho_asked_again", path=path, pause=pause, exc_info=True)
                self._sleep(pause)
        return self._get(api, path, parameters)

    def _get(self, api: str, path: str, parameters: Mapping[str, str] | None) -> dict[str, Any]:
        token = self._keeper.token()
        response = self._send(api, path, parameters, token)
        if _is_unauthorised(response):
            response = self._send(api, path, parameters, self._keeper.replace(token))
            if _is_unauthorised(response):
                raise OrganisationMustWait(
                    f"{path}: Zoho rejects a fresh token: the login lacks the scope or the right to read this; "
                    "connect again with all scopes",
                    retry_after=LOGIN_SECONDS,
                )
        return _read(response, path)

    def _send(self, api: str, path: str, parameters: Mapping[str, str] | None, token: str) -> requests.Response:
        known = self._configuration
        self.calls += 1
        try:
            return self._session.get(
                f"{known.api_url}/{PREFIXES[api]}{path}",
                params={"organization_id": known.organization_id, **(parameters or {})},
                auth=_Login(token),
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise TemporaryError(f"{path}: Zoho did not answer: {type(error).__name__}") from None


class _Login(requests.auth.AuthBase):
    """Zoho wants its own word before the token; as `auth`, no .netrc can replace it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Zoho-oauthtoken {self._token}"
        return request


def _body(response: requests.Response) -> dict[str, Any] | None:
    try:
        body = json.loads(response.content, parse_float=Decimal)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _code(body: Mapping[str, Any] | None) -> int:
    code = (body or {}).get("code", 0)
    return code if isinstance(code, int) else -1


def _is_unauthorised(response: requests.Response) -> bool:
    """401, and codes 57 and 14, which have been seen under other statuses."""
    if response.status_code == 401:
        return True
    return response.status_code >= 400 and _code(_body(response)) in UNAUTHORISED_CODES


def _read(response: requests.Response, path: str) -> dict[str, Any]:
    """The body of success. The code decides: limits come under HTTP 200 too."""
    body = _body(response)
    status, code = response.status_code, _code(body)
    if status == 429 or code in LIMIT_CODES:
        raise OrganisationMustWait(
            f"{path}: a limit of Zoho's is reached (HTTP {status}, code {code})", retry_after=_pause(response, code)
        )
    if body is None:
        raise TemporaryError(f"{path}: HTTP {status} without JSON")
    if code == 0 and status < 300:
        return body
    raise _refusal(path, status, code, str(body.get("message") or ""))


def _refusal(path: str, status: int, code: int, message: str) -> SyncError:
    text = f"{path}: HTTP {status}, code {code}: {message}"
    if status == 404 and code == GONE:
        return GoneFromZoho(text)
    if status == 404 and code == NO_SUCH_ADDRESS:
        return NoSuchAddress(text)
    if code == WRONG_ORGANISATION:
        return OrganisationMustWait(f"{text} Check ZOHO_ORGANIZATION_ID.", retry_after=LOGIN_SECONDS)
    if status >= 500 or 300 <= status < 400 or code == INTERNAL:
        return TemporaryError(text)
    return PermanentError(text)


def _pause(response: requests.Response, code: int) -> float:
    """Seconds: what Zoho says, else what the limit is about."""
    names = ("Retry-After", "X-Rate-Limit-Reset") if code == DAILY_LIMIT else ("Retry-After",)
    for name in names:
        text = response.headers.get(name, "")
        if text.isascii() and text.isdigit():
            return float(text)
    return {DAILY_LIMIT: HOUR_SECONDS, CONCURRENCY_LIMIT: MOMENT_SECONDS}.get(code, MINUTE_SECONDS)
