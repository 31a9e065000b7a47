"""The sync's part of the overview: whether all is well, what was done, what waits, and what needs a person.

Every number comes from `zoho_sync.monitoring` and `zoho_sync.overview`; here it gets its link and its colour.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlsplit

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tsh_erp.admin_site import boards
from zoho_sync.admin.control_room.counters import Counter, counters
from zoho_sync.admin.control_room.entities import entity_rows
from zoho_sync.admin.control_room.graphs import graphs
from zoho_sync.admin.control_room.health import Lamp, health
from zoho_sync.admin.control_room.reading import read_numbers
from zoho_sync.admin.control_room.worklists import WorkList, worklists

T = TypeVar("T", Counter, Lamp, WorkList)
BOARD = boards.Board(
    key="zoho_sync_dashboard",
    title=_("Sync overview"),
    address="zoho_sync/dashboard/",
    permission="zoho_sync.view_dashboard",
    template="admin/zoho_sync/overview.html",
    read=lambda request: show(request),
)


def show(request: HttpRequest) -> dict[str, Any]:
    """What the template shows. A number leads to its list for whoever may see that."""
    numbers, may = read_numbers(), partial(may_open, request)
    state = health(numbers)
    reasons = [(text, address if may(address) else "") for text, address in state.reasons]
    return {
        "at": numbers.at,
        "health": replace(state, lamps=_only(may, state.lamps), reasons=reasons),
        "counters": _only(may, counters(numbers)),
        "graphs": graphs(numbers),
        "entities": entity_rows(numbers),
        "worklists": _only(may, worklists(numbers)),
        "may_run": request.user.has_perm("zoho_sync.run_sync"),
    }


def may_open(request: HttpRequest, address: str) -> bool:
    """Whether this person may see the list at an address of the admin."""
    if not address:
        return False
    app, model = urlsplit(address).path.strip("/").split("/")[-2:]
    return request.user.has_perm(f"{app}.view_{model}")


def _only(may: Callable[[str], bool], shown: Iterable[T]) -> list[T]:
    """Without the addresses that this person may not open."""
    return [one if may(one.address) else replace(one, address="") for one in shown]


boards.register(BOARD)
