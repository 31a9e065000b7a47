"""Answers rendered beforehand, so that a benchmark measures the client and not the sandbox.

While it is on, every row is written once and pages are joined from the bytes. Records must then change
through the control API only, which forgets what it changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from zoho_sandbox.lists import Selection, detail_row, list_row, select
from zoho_sandbox.modules import BY_NAME, Module
from zoho_sandbox.wire import Record, encode
from zoho_sandbox.world.state import World

SUCCESS = b'{"code":0,"message":"success",'
MOST_SELECTIONS = 30


class Frozen:
    """The rendered rows of a world."""

    def __init__(self, world: World) -> None:
        self.is_on = False
        self._world = world
        self._list_rows: dict[tuple[str, str], bytes] = {}
        self._detail_rows: dict[tuple[str, str], bytes] = {}
        self._selections: dict[tuple[str, ...], Selection] = {}

    def freeze(self, *modules: str) -> None:
        """Render the list rows of `modules` now, everything else when it is first asked for."""
        self.is_on = True
        for name in modules:
            module = BY_NAME[name]
            for record in self._world.records(name):
                self._list_row(module, record)

    def thaw(self) -> None:
        self.is_on = False
        self.forget_all()

    def forget(self, module: str, zoho_id: str) -> None:
        """This record has changed."""
        self._list_rows.pop((module, zoho_id), None)
        self._detail_rows.pop((module, zoho_id), None)
        self._selections.clear()

    def forget_all(self) -> None:
        self._list_rows.clear()
        self._detail_rows.clear()
        self._selections.clear()

    def list_page(self, module: Module, api: str, query: Mapping[str, str]) -> bytes:
        """The same bytes that `lists.list_page` would make."""
        asked = sorted((key, value) for key, value in query.items() if key not in ("page", "per_page"))
        key = (module.name, api, *(part for pair in asked for part in pair))
        selection = self._selections.get(key)
        if selection is None:
            if len(self._selections) >= MOST_SELECTIONS:
                self._selections.clear()
            selection = self._selections[key] = select(self._world, module, api, query)
        rows, context = selection.page(query)
        body = b",".join([self._list_row(module, stored.record) for stored in rows])
        end = b',"page_context":' + encode(context) + b"}" if module.has_page_context else b"}"
        return SUCCESS + encode(selection.list_key) + b":[" + body + b"]" + end

    def details(self, module: Module, records: Sequence[Record]) -> bytes:
        """The answer of itemdetails."""
        rows = b",".join([self._detail_row(module, record) for record in records])
        return SUCCESS + encode(module.list_key) + b":[" + rows + b"]}"

    def _list_row(self, module: Module, record: Record) -> bytes:
        key = (module.name, str(record[module.id_key]))
        if (row := self._list_rows.get(key)) is None:
            row = self._list_rows[key] = encode(list_row(self._world, module, record))
        return row

    def _detail_row(self, module: Module, record: Record) -> bytes:
        key = (module.name, str(record[module.id_key]))
        if (row := self._detail_rows.get(key)) is None:
            row = self._detail_rows[key] = encode(detail_row(self._world, module, record))
        return row
