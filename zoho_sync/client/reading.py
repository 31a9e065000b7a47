"""Reading records: lists page by page, one record by its id, details of many items at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from typing import Any, Protocol, TypedDict, Unpack
from urllib.parse import quote

from django.utils import timezone

from zoho_sync.client.ahead import PagesAhead
from zoho_sync.client.http import NoSuchAddress, ZohoHttp
from zoho_sync.errors import GoneFromZoho, OrganisationMustWait, PermanentError, SenselessAnswer, TemporaryError
from zoho_sync.models.payload import EncodedPayload

PER_PAGE = 200
DETAILS_AT_ONCE = 100
MOST_REPEATED_PAGES = 5
ALL = "Status.All"
MODIFIED, CREATED = "last_modified_time", "created_time"
# Their answers need not say whether there is more (api.md §3).
WITHOUT_CONTEXT = frozenset({"/settings/currencies", "/locations", "/settings/warehouses"})
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
    @property
    def sorts_by_created(self) -> bool: ...
    @property
    def filters_modified(self) -> str: ...


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of a list: rows by id, none that an earlier page had.

    `asked_at` is when it was asked for. `is_newest_first` says whether Zoho really sorted by
    modification time. `nameless` counts rows without an id, `repeats` those that were told before.
    `filtered_by` is the filter that Zoho applied though all records were asked for, "" when it did not.
    """

    rows: Mapping[str, Payload]
    number: int
    asked_at: datetime
    is_newest_first: bool = False
    nameless: int = 0
    repeats: int = 0
    filtered_by: str = ""


class How(TypedDict, total=False):
    """How a list is to be read; everything may be left out.

    `newest_first` puts the last modified first and `oldest_first` follows the order of creation,
    where this API sorts so. `modified_since` leaves out what is older, where one does that; the
    caller must look at the rows, for Zoho ignores filters without a word. `first_page` and `known`
    (ids not to be told again) go on with a list that was begun. Up to `at_once` pages are fetched
    ahead of the caller, concurrently as far as `expected` rows go (`ahead.PagesAhead`).
    """

    newest_first: bool
    oldest_first: bool
    modified_since: datetime | None
    first_page: int
    known: Collection[str]
    expected: int | None
    at_once: int


def read_pages(http: ZohoHttp, endpoint: Endpoint, **how: Unpack[How]) -> Generator[Page]:
    """The pages of a list until Zoho has no more. PermanentError when an answer has no list in it, or no end."""
    reader = _ListReader(http, endpoint, how)
    number, seen, repeated = how.get("first_page", 1), set(how.get("known", ())), 0
    expected = ceil((how.get("expected") or 0) / PER_PAGE)
    with PagesAhead(
        reader.fetch, goes_on=lambda answer: not answer.is_last, at_once=how.get("at_once", 1), expected=expected
    ) as ahead:
        while True:
            answer = ahead.take(number)
            named = {identify(endpoint, row): row for row in answer.rows}
            nameless = "" in named and sum(not identify(endpoint, row) for row in answer.rows)
            fresh = {zoho_id: row for zoho_id, row in named.items() if zoho_id and zoho_id not in seen}
            seen |= fresh.keys()
            is_last = answer.is_last or (answer.is_endless and not fresh)
            yield Page(
                rows=fresh,
                number=number,
                asked_at=answer.asked_at,
                is_newest_first=answer.sorted_by == (MODIFIED, "D"),
                nameless=int(nameless),
                repeats=len(named) - ("" in named) - len(fresh),
                filtered_by=answer.filtered_by,
            )
            if is_last:
                return
            # A page may repeat another when records move while we read; one after the other is a list without end.
            repeated = 0 if fresh else repeated + 1
            if repeated == MOST_REPEATED_PAGES:
                raise TemporaryError(f"{reader.path}: {repeated} pages in a row brought nothing new")
            number += 1


@dataclass(frozen=True, kw_only=True)
class _Answer:
    """A page as Zoho gave it. `is_endless`: it does not say whether there is more, and may repeat itself for ever."""

    rows: Sequence[Payload]
    asked_at: datetime
    is_last: bool
    is_endless: bool
    sorted_by: tuple[object, object]
    filtered_by: str


class _ListReader:
    """Fetches single pages of one list. Threads may share it."""

    def __init__(self, http: ZohoHttp, endpoint: Endpoint, how: How) -> None:
        self._http, self._endpoint, self.path, self._api = http, endpoint, endpoint.path, endpoint.api
        self._parameters = {"per_page": str(PER_PAGE)}
        if endpoint.filter_all:
            self._parameters["filter_by"] = ALL
        since = how.get("modified_since")
        if since and endpoint.filters_modified:
            # Inventory and Books have the same records; only one of them may filter them (api.md §3).
            self._api = endpoint.filters_modified
            self._parameters[MODIFIED] = f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%S%z}"
        elif how.get("newest_first") and endpoint.sorts_by_modified:
            self._parameters |= {"sort_column": MODIFIED, "sort_order": "D"}
        elif how.get("oldest_first") and endpoint.sorts_by_created:
            self._parameters |= {"sort_column": CREATED, "sort_order": "A"}

    def fetch(self, number: int) -> _Answer:
        try:
            return self._fetch(number)
        except NoSuchAddress:
            if self.path not in LEGACY_PATHS:
                raise
            self.path = LEGACY_PATHS[self.path]
            return self._fetch(number)

    def _fetch(self, number: int) -> _Answer:
        path, asked_at = self.path, timezone.now()
        try:
            body = self._http.get(self._api, path, self._parameters | {"page": str(number)})
            rows = _rows(self._endpoint, path, body)
        except GoneFromZoho as error:
            # Only for a single record does this mean that it is gone.
            raise PermanentError(f"{error} (page {number})") from error
        except (NoSuchAddress, OrganisationMustWait):
            raise
        except (PermanentError, TemporaryError) as error:
            error.args = (f"{error} (page {number})",)
            raise
        context = body.get("page_context")
        context = context if isinstance(context, dict) else {}
        more = context.get("has_more_page")
        if not isinstance(more, bool) and path not in WITHOUT_CONTEXT:
            raise PermanentError(f"{path}: the answer does not say whether there are more pages (page {number})")
        applied = str(context.get("applied_filter") or ALL)
        return _Answer(
            # Encoded here, where another thread applies what came before.
            rows=[EncodedPayload(row) for row in rows],
            asked_at=asked_at,
            is_last=not rows or not (len(rows) >= PER_PAGE if more is None else more),
            is_endless=more is None,
            sorted_by=(context.get("sort_column"), context.get("sort_order")),
            filtered_by=applied if self._endpoint.filter_all and applied != ALL else "",
        )


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


def read_item_details(
    http: ZohoHttp,
    item_ids: Sequence[str],
    *,
    goes_on: Callable[[], bool] = lambda: True,
    note_gone: Callable[[str], None] = lambda zoho_id: None,
) -> tuple[dict[str, Payload], frozenset[str]]:
    """Whole items by id, and the ids that Zoho does not have.

    A hundred at a time; one dead id spoils a whole answer, so that one is asked for again in halves.
    `goes_on` is asked before each call: with False the rest is not asked for and is in neither. `note_gone` is
    told of each id that Zoho does not have at once. SenselessAnswer when an answer holds no items.
    """
    found: dict[str, Payload] = {}
    gone: set[str] = set()
    waiting = [list(item_ids[first : first + DETAILS_AT_ONCE]) for first in range(0, len(item_ids), DETAILS_AT_ONCE)]
    while waiting and goes_on():
        ids = waiting.pop(0)
        try:
            body = http.get("inventory", "/itemdetails", {"item_ids": ",".join(ids)})
        except GoneFromZoho:
            if len(ids) == 1:
                gone.add(ids[0])
                note_gone(ids[0])
            else:
                waiting = [ids[: len(ids) // 2], ids[len(ids) // 2 :], *waiting]
            continue
        rows = body.get("items")
        if not isinstance(rows, list):
            raise SenselessAnswer(f"/itemdetails: no items in an answer with {_keys(body)}")
        found |= {str(row.get("item_id")): row for row in rows if isinstance(row, dict)}
    return found, frozenset(gone)


def identify(endpoint: Endpoint, row: Payload) -> str:
    """The record's id as text, "" when it has none."""
    value = row.get(endpoint.id_key) or row.get(LEGACY_IDS.get(endpoint.id_key, ""))
    return str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""


# --- inside -----------------------------------------------------------------------------------------


def _rows(endpoint: Endpoint, path: str, body: Payload) -> list[Payload]:
    for key in endpoint.list_keys:
        rows = body.get(key)
        if isinstance(rows, list):
            return [row for row in rows if isinstance(row, dict)]
    raise PermanentError(f"{path}: none of {', '.join(endpoint.list_keys)} in an answer with {_keys(body)}")


def _keys(body: Payload) -> str:
    return ", ".join(sorted(body)) or "nothing"
