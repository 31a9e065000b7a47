"""Boards: the parts of the overview that apps bring, each seen by who has its permission."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.functional import Promise


@dataclass(frozen=True, kw_only=True)
class Board:
    """A part of the overview. It is a page of its own too: `address` beneath the admin, named `admin:<key>`.

    `read(request)` gives `template` what it shows.
    """

    key: str
    title: str | Promise
    address: str
    permission: str
    template: str
    read: Callable[[HttpRequest], Mapping[str, Any]]


@dataclass(frozen=True)
class ShownBoard:
    board: Board
    shown: Mapping[str, Any]


boards: dict[str, Board] = {}


def register(board: Board) -> None:
    boards[board.key] = board


def boards_for(request: HttpRequest) -> list[ShownBoard]:
    """What each board that this person may see shows now."""
    return [
        ShownBoard(board, board.read(request)) for board in boards.values() if request.user.has_perm(board.permission)
    ]
