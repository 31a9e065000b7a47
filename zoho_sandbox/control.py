"""The hands on the sandbox: look at records, change them, and let Zoho's webhooks tell the story.

Every change moves the record's `last_modified_time` and sends its webhook, unless told otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, fields, replace
from decimal import Decimal
from typing import Any, TypeVar

from zoho_sandbox.faults import Faults
from zoho_sandbox.lists import detail_row
from zoho_sandbox.modules import BY_NAME, Module
from zoho_sandbox.tokens import TokenDesk
from zoho_sandbox.webhooks import Habits, Sender, Target
from zoho_sandbox.wire import Record
from zoho_sandbox.world.happenings import CREATORS, Change, NothingToDo, happen
from zoho_sandbox.world.state import Switches, World

S = TypeVar("S", Habits, Switches)


class Refused(ValueError):
    """The control call makes no sense; the text says why."""


class Control:
    """What the control API offers, also to tests in the same process."""

    def __init__(self, world: World, sender: Sender, faults: Faults, desk: TokenDesk) -> None:
        self.world, self.sender, self.faults, self.desk = world, sender, faults, desk

    # --- looking ------------------------------------------------------------------------------------

    def records(self, module: str) -> list[Record]:
        """Every record of a module, whole, oldest first."""
        kind = _module(module)
        with self.world.lock:
            return [detail_row(self.world, kind, record) for record in self.world.records(module)]

    def get(self, module: str, zoho_id: str) -> Record:
        """One record, whole. Refused when there is none."""
        kind = _module(module)
        with self.world.lock:
            record = self.world.get(module, zoho_id)
            if record is None:
                raise Refused(f"no {module} {zoho_id}")
            return detail_row(self.world, kind, record)

    # --- changing -----------------------------------------------------------------------------------

    def put(self, module: str, record: Record, *, webhook: bool = True, **habits: Any) -> Record:
        """Store a record whole, new or in place of the one with its id; without an id it gets one."""
        kind = _module(module)
        with self.world.lock:
            record = {kind.id_key: self.world.new_id()} | record
            zoho_id = str(record[kind.id_key])
            is_new = zoho_id not in self.world.tables[module]
            if is_new:
                self.world.add(module, record)
            else:
                self.world.tables[module][zoho_id].record = record
                self.world.touch(module, zoho_id)
            self._tell([Change(module, zoho_id, "created" if is_new else "updated", record)], webhook, habits)
            return detail_row(self.world, kind, record)

    def patch(
        self, module: str, zoho_id: str, changes: Record, *, webhook: bool = True, touch: bool = True, **habits: Any
    ) -> Record:
        """Overwrite top-level keys; with `touch` false the time stands still, as with stock and price lists."""
        kind = _module(module)
        with self.world.lock:
            record = self.world.get(module, zoho_id)
            if record is None:
                raise Refused(f"no {module} {zoho_id}")
            record.update(changes)
            if touch:
                self.world.touch(module, zoho_id)
            self._tell([Change(module, zoho_id, "updated", record)], webhook, habits)
            return detail_row(self.world, kind, record)

    def delete(self, module: str, zoho_id: str, *, webhook: bool = True, **habits: Any) -> Record:
        """Delete for good; the answer is what the record was."""
        kind = _module(module)
        with self.world.lock:
            if self.world.get(module, zoho_id) is None:
                raise Refused(f"no {module} {zoho_id}")
            record = self.world.remove(module, zoho_id)
            self._tell([Change(module, zoho_id, "deleted", record)], webhook, habits)
            return detail_row(self.world, kind, record)

    def create(self, module: str, count: int = 1, *, webhook: bool = True, **habits: Any) -> list[Record]:
        """`count` random new records; what they bring about (a payment settles an invoice) happens too."""
        kind = _module(module)
        if module not in CREATORS:
            raise Refused(f"cannot make up a {module}; only {', '.join(CREATORS)}")
        with self.world.lock:
            made: Sequence[Change] = ()
            rows = []
            for _ in range(count):
                try:
                    made = CREATORS[module](self.world)
                except NothingToDo as error:
                    raise Refused(str(error)) from error
                self._tell(made, webhook, habits)
                rows.append(detail_row(self.world, kind, made[0].record))
            return rows

    def tick(self, count: int = 1, *, webhook: bool = True, **habits: Any) -> list[dict[str, str]]:
        """`count` plausible things happen; which records changed, and how."""
        told = []
        for _ in range(count):
            with self.world.lock:
                changes = happen(self.world)
                self._tell(changes, webhook, habits)
                told += [{"module": c.module, "id": c.zoho_id, "event": c.event} for c in changes]
        return told

    def _tell(self, changes: Sequence[Change], webhook: bool, habits: dict[str, Any]) -> None:
        # The habits are looked at first, so that a typo is refused even when nothing would be sent.
        chosen = _with(self.sender.habits, habits)
        for change in changes if webhook else ():
            row = detail_row(self.world, BY_NAME[change.module], change.record)
            self.sender.send(change.module, row, change.event, habits=chosen)

    # --- how the sandbox behaves --------------------------------------------------------------------

    def switch(self, **switches: bool) -> dict[str, bool]:
        """Set switches; all of them as they stand now."""
        with self.world.lock:
            self.world.switches = _with(self.world.switches, switches)
            return asdict(self.world.switches)

    def webhooks(self, *, to: str | None = None, secret: str = "", key: str = "", **habits: Any) -> dict[str, Any]:
        """Set where webhooks go ("" for nowhere) and the standing habits; the habits as they stand now."""
        self.sender.habits = _with(self.sender.habits, habits)
        if to is not None:
            self.sender.target = Target(url=to.rstrip("/"), secret=secret, key=key) if to else None
        return asdict(self.sender.habits)

    def hold(self, held: bool = True) -> bool:
        self.sender.hold(held)
        return held

    def flush(self, seconds: float = 10) -> bool:
        """Wait until every webhook is delivered or given up; False when time ran out."""
        return self.sender.wait_until_quiet(float(seconds))

    def fault(self, name: str = "", *, times: int | None = None, path: str = "", seconds: float = 1) -> None:
        """Arm a fault; without a name, disarm all."""
        if not name:
            return self.faults.clear()
        self.faults.slow_seconds = float(seconds)
        return self.faults.arm(name, times=times, path=path)

    def expire_tokens(self) -> None:
        self.desk.expire_all()


ACTIONS: dict[str, Callable[..., Any]] = {
    "list": Control.records,
    "get": Control.get,
    "put": Control.put,
    "patch": Control.patch,
    "delete": Control.delete,
    "create": Control.create,
    "tick": Control.tick,
    "switch": Control.switch,
    "webhooks": Control.webhooks,
    "hold": Control.hold,
    "flush": Control.flush,
    "fault": Control.fault,
    "expire_tokens": Control.expire_tokens,
}
"""What can be posted to /_control/…; the arguments are those of the method."""


def _module(name: str) -> Module:
    if name not in BY_NAME:
        raise Refused(f"no module is called {name!r}; there are {', '.join(BY_NAME)}")
    return BY_NAME[name]


def _with(current: S, changes: dict[str, Any]) -> S:
    """A copy of the settings with `changes`; an unknown name or a value of another type is refused."""
    known = {field.name for field in fields(current)}
    if unknown := changes.keys() - known:
        raise Refused(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}")
    checked = {name: _like(name, getattr(current, name), value) for name, value in changes.items()}
    return replace(current, **checked)


def _like(name: str, present: Any, value: Any) -> Any:
    if isinstance(present, float) and isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return float(value)
    if type(value) is not type(present):
        raise Refused(f"{name}: {value!r} is not a {type(present).__name__}")
    return value
