"""Price lists with their items, from wherever an organisation's API gives them (api.md §4)."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from zoho_sync.client.http import NoSuchAddress, ZohoHttp
from zoho_sync.client.reading import Endpoint, Payload, read_one, read_pages
from zoho_sync.errors import GoneFromZoho

PATH, ITEMS, PERCENTAGE = "/pricebooks", "pricebook_items", "fixed_percentage"


@dataclass(frozen=True, kw_only=True)
class _Items:
    """Books' list of the items of one price list."""

    path: str
    api: str = "books"
    id_key: str = "item_id"
    list_keys: tuple[str, ...] = (ITEMS, "items")
    detail_keys: tuple[str, ...] = ()
    filter_all: bool = False
    sorts_by_modified: bool = False
    sorts_by_created: bool = False
    filters_modified: str = ""


def read_pricebook(http: ZohoHttp, endpoint: Endpoint, zoho_id: str) -> Payload:
    """The whole price list: by its own address, which is not documented but works, or else its list row; the
    items that neither has from Books. Percentage lists have none. GoneFromZoho when Zoho does not have it.
    """
    try:
        book = read_one(http, endpoint, zoho_id)
    except NoSuchAddress:
        book = _list_row(http, endpoint, zoho_id)
    if ITEMS in book or book.get("pricebook_type") == PERCENTAGE:
        return book
    items = _Items(path=f"{PATH}/items?pricebook_id={quote(zoho_id, safe='')}")
    return {**book, ITEMS: [dict(row) for page in read_pages(http, items) for row in page.rows.values()]}


def _list_row(http: ZohoHttp, endpoint: Endpoint, zoho_id: str) -> Payload:
    for page in read_pages(http, endpoint):
        if row := page.rows.get(zoho_id):
            return row
    raise GoneFromZoho(f"{PATH}: no {zoho_id} in the whole list, and Zoho has no address for a single one")
