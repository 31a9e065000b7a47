"""Reading records: lists page by page, one record by its id, details of many items at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import quote

import structlog
from django.utils import timezone

from zoho_sync.client.http import NoSuchAddress, ZohoHttp
from zoho_sync.errors import GoneFromZoho, PermanentError, TemporaryError

log = structlog.get_logger(__name__)

PER_PAGE = 200
DETAILS_AT_ONCE = 100
MOST_REPEATED_PAGES = 5
# A list that breaks off must be read from the start, so that a moment's trouble is sat out.
LIST_TRIES = 3
ALL = "Status.All"
MODIFIED = "last_modified_time"
# An organisation has locations or, from before, warehouses (api.md §4).
LEGACY_PATHS = {"/locations": "/settings/warehouses"}
LEGACY_IDS = {"location_id": "warehouse_id"}
ENVELOPE = frozenset({"code", "message", "page_context"})

Payload = Mapping[str, Any]


class Endpoint(Protocol):
    """What must be known to read a module; the registry's rows are such."""

    @property
    def api(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def id_key(self) -> str: ...
    @property
    def list_keys(self) -> tuple[str, ...]: ...
    @property
    def detail_keys(self) -> tuple[str, ...]: ...
    @property
    def filter_all(self) -> bool: ...
    @property
    def sorts_by_modified(self) -> bool: ...


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of a list: rows by id, none that an earlier page had.

    `asked_at` is when it was asked for. `is_newest_first` says whether Zoho really sorted by
    modification time. `nameless` counts rows without an id.
    """

    rows: Mapping[str, Payload]
    number: int
    asked_at: datetime
    is_newest_first: bool = False
    nameless: int = 0


def read_pages(http: ZohoHttp, endpoint: Endpoint, *, newest_first: bool = False) -> Iterator[Page]:
    """The pages of a list until Zoho has no more. PermanentError when an answer has no list in it.

    With `newest_first` the last modified come first, where this API sorts so.
    """
    parameters = {"per_page": str(PER_PAGE)}
    if endpoint.filter_all:
        parameters["filter_by"] = ALL
    if newest_first and endpoint.sorts_by_modified:
        parameters |= {"sort_column": MODIFIED, "sort_order": "D"}
    seen: set[str] = set()
    number = repeated = 0
    path = endpoint.path
    while True:
        number, asked_at = number + 1, timezone.now()
        try:
            body = _get_list(http, endpoint, path, parameters | {"page": str(number)})
        except NoSuchAddress:
            if number > 1 or path not in LEGACY_PATHS:
                raise
            number, path = 0, LEGACY_PATHS[path]
            continue
        rows, context = _rows(endpoint, path, body), body.get("page_context")
        context = context if isinstance(context, dict) else {}
        if number == 1:
            _check_filter(endpoint, path, context)
        named = {zoho_id: row for row in rows if (zoho_id := identify(endpoint, row))}
        fresh = {zoho_id: row for zoho_id, row in named.items() if zoho_id not in seen}
        seen |= fresh.keys()
        yield Page(
            rows=fresh,
            number=number,
            asked_at=asked_at,
            is_newest_first=context.get("sort_column") == MODIFIED and context.get("sort_order") == "D",
            nameless=sum(not identify(endpoint, row) for row in rows),
        )
        if not rows or not context.get("has_more_page"):
            return
        # A page may repeat another when records move while we read; one after the other is a list without end.
        repeated = 0 if fresh else repeated + 1
        if repeated == MOST_REPEATED_PAGES:
            raise TemporaryError(f"{path}: {repeated} pages in a row brought nothing new")


def read_one(http: ZohoHttp, endpoint: Endpoint, zoho_id: str) -> Payload:
    """The whole record. GoneFromZoho when Zoho does not have it; PermanentError when the answer holds no record."""
    path = f"{endpoint.path}/{quote(zoho_id, safe='')}"
    try:
        body = http.get(endpoint.api, path)
    except NoSuchAddress:
        if endpoint.path not in LEGACY_PATHS:
            raise
        path = f"{LEGACY_PATHS[endpoint.path]}/{quote(zoho_id, safe='')}"
        body = http.get(endpoint.api, path)
    for key in endpoint.detail_keys:
        if isinstance(body.get(key), dict):
            return body[key]  # type: ignore[no-any-return]
    if identify(endpoint, body):  # some records come without a key around them
        return {key: value for key, value in body.items() if key not in ENVELOPE}
    raise PermanentError(f"{path}: none of {', '.join(endpoint.detail_keys)} in an answer with {_keys(body)}")


def read_item_details(http: ZohoHttp, item_ids: Sequence[str]) -> tuple[dict[str, Payload], frozenset[str]]:
    """Whole items by id, and the ids that Zoho does not have.

    A hundred at a time; one dead id spoils a whole answer, so that one is asked for again in halves.
    """
    found: dict[str, Payload] = {}
    gone: set[str] = set()
    waiting = [list(item_ids[first : first + DETAILS_AT_ONCE]) for first in range(0, len(item_ids), DETAILS_AT_ONCE)]
    while waiting:
        ids = waiting.pop(0)
        try:
            body = http.get("inventory", "/itemdetails", {"item_ids": ",".join(ids)}, tries=LIST_TRIES)
        except GoneFromZoho:
            if len(ids) == 1:
                gone.add(ids[0])
            else:
                waiting = [ids[: len(ids) // 2], ids[len(ids) // 2 :], *waiting]
            continue
        rows = body.get("items")
        if not isinstance(rows, list):
            raise PermanentError(f"/itemdetails: no items in an answer with {_keys(body)}")
        found |= {str(row.get("item_id")): row for row in rows if isinstance(row, dict)}
    return found, frozenset(gone)


def identify(endpoint: Endpoint, row: Payload) -> str:
    """The record's id as text, "" when it has none."""
    value = row.get(endpoint.id_key) or row.get(LEGACY_IDS.get(endpoint.id_key, ""))
    return str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""


# --- inside -----------------------------------------------------------------------------------------


def _get_list(http: ZohoHttp, endpoint: Endpoint, path: str, parameters: Mapping[str, str]) -> dict[str, Any]:
    try:
        return http.get(endpoint.api, path, parameters, tries=LIST_TRIES)
    except GoneFromZoho as error:
        # Only for a single record does this mean that it is gone.
        raise PermanentError(str(error)) from error


def _rows(endpoint: Endpoint, path: str, body: Payload) -> list[Payload]:
    for key in endpoint.list_keys:
        rows = body.get(key)
        if isinstance(rows, list):
            return [row for row in rows if isinstance(row, dict)]
    raise PermanentError(f"{path}: none of {', '.join(endpoint.list_keys)} in an answer with {_keys(body)}")


def _check_filter(endpoint: Endpoint, path: str, context: Payload) -> None:
    applied = context.get("applied_filter") or ALL
    if endpoint.filter_all and applied != ALL:
        log.warning("zoho_list_is_filtered", path=path, applied_filter=applied)


def _keys(body: Payload) -> str:
    return ", ".join(sorted(body)) or "nothing"
