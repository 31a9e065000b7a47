"""The hands on the sandbox: look at records, change them, and let Zoho's webhooks tell the story.

Every change moves the record's `last_modified_time` and sends its webhook, unless told otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, fields, replace
from decimal import Decimal
from typing import Any, TypeVar

from zoho_sandbox.faults import Faults
from zoho_sandbox.frozen import Frozen
from zoho_sandbox.limits import Gate, Limits
from zoho_sandbox.lists import detail_row
from zoho_sandbox.modules import BY_NAME, Module
from zoho_sandbox.pictures import KINDS, Album
from zoho_sandbox.tokens import TokenDesk, TokenRules
from zoho_sandbox.webhooks import Habits, Sender, Target
from zoho_sandbox.wire import Record
from zoho_sandbox.world.happenings import CREATORS, Change, NothingToDo, happen
from zoho_sandbox.world.oddities import make_odd
from zoho_sandbox.world.state import Switches, World

S = TypeVar("S", Habits, Switches, Limits, TokenRules)


class Refused(ValueError):
    """The control call makes no sense; the text says why."""


class Control:
    """What the control API offers, also to tests in the same process."""

    def __init__(self, world: World, sender: Sender, faults: Faults, desk: TokenDesk, gate: Gate | None = None) -> None:
        self.world, self.sender, self.faults, self.desk = world, sender, faults, desk
        self.gate, self.album, self.frozen = gate or Gate(), Album(), Frozen(world)

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
            self.frozen.forget(module, zoho_id)
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
            self.frozen.forget(module, zoho_id)
            self._tell([Change(module, zoho_id, "updated", record)], webhook, habits)
            return detail_row(self.world, kind, record)

    def delete(self, module: str, zoho_id: str, *, webhook: bool = True, **habits: Any) -> Record:
        """Delete for good; the answer is what the record was."""
        kind = _module(module)
        with self.world.lock:
            if self.world.get(module, zoho_id) is None:
                raise Refused(f"no {module} {zoho_id}")
            record = self.world.remove(module, zoho_id)
            self.frozen.forget(module, zoho_id)
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
            self.frozen.forget_all()  # what one thing brings about is not told in full
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
                self.frozen.forget_all()
                self._tell(changes, webhook, habits)
                told += [{"module": c.module, "id": c.zoho_id, "event": c.event} for c in changes]
        return told

    def make_odd(self) -> int:
        """Let the books have what grown companies have in them; how many records changed, without a webhook."""
        with self.world.lock:
            self.frozen.forget_all()
            return make_odd(self.world)

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
            self.frozen.forget_all()
            return asdict(self.world.switches)

    def webhooks(
        self, *, to: str | None = None, secret: str = "", key: str = "", hands: int = 1, **habits: Any
    ) -> dict[str, Any]:
        """Set where webhooks go ("" for nowhere) and the standing habits; the habits as they stand now.

        More `hands` send over more connections at once; they stay.
        """
        self.sender.habits = _with(self.sender.habits, habits)
        self.sender.employ(hands)
        if to is not None:
            self.sender.target = Target(url=to.rstrip("/"), secret=secret, key=key) if to else None
        return asdict(self.sender.habits)

    def hold(self, held: bool = True) -> bool:
        self.sender.hold(held)
        return held

    def flush(self, seconds: float = 10) -> bool:
        """Wait until every webhook is delivered or given up; False when time ran out."""
        return self.sender.wait_until_quiet(float(seconds))

    def picture(self, zoho_id: str, kind: str = "png") -> Record:
        """Give an item another picture with an id of its own; some kinds are no pictures, or too big."""
        if kind not in KINDS:
            raise Refused(f"no picture is called {kind!r}; there are {', '.join(KINDS)}")
        with self.world.lock:
            document_id = self.world.new_id() if kind != "none" else ""
            self.album.kinds[document_id] = kind
            suffix = "png" if kind in ("garbage", "empty", "huge") else kind
            named = {"image_name": f"item.{suffix}", "image_type": suffix, "image_document_id": document_id}
            return self.patch("item", zoho_id, named if document_id else dict.fromkeys(named, ""), webhook=False)

    # --- how the sandbox goes wrong -----------------------------------------------------------------

    def fault(
        self,
        name: str = "",
        *,
        kinds: Sequence[str] = (),
        times: int | None = None,
        path: str = "",
        seconds: float | None = None,
        rate: float | Decimal = 1.0,
        seed: int = 1,
    ) -> None:
        """Arm a fault, or one of several `kinds`, for sure or at a `rate`; without a name, disarm all.

        `seconds` is how long slow answers and timeouts take.
        """
        names = (*([name] if name else ()), *kinds)
        if seconds is not None:
            self.faults.slow_seconds = float(seconds)
        if not names:
            return self.faults.clear()
        return self.faults.arm(*names, times=times, path=path, rate=float(rate), seed=seed)

    def outage(self, seconds: float = 30, *, hangs_up: bool = True) -> None:
        """Answer nobody for so long, neither the API nor the accounts server; 0 ends an outage."""
        self.faults.begin_outage(float(seconds), hangs_up=hangs_up)

    def limits(self, **limits: Any) -> dict[str, Any]:
        """Enforce limits from now on (0: not); all of them as they stand now."""
        if limits:
            self.gate.set(_with(self.gate.limits, limits))
        return asdict(self.gate.limits)

    def tokens(self, **rules: Any) -> dict[str, Any]:
        """Set how long tokens last and how many there are in a window; the rules as they stand now."""
        self.desk.rules = _with(self.desk.rules, rules)
        return asdict(self.desk.rules)

    def freeze(self, modules: Sequence[str] = ("item",)) -> None:
        """Render lists of `modules` now and keep all answers: for benchmarks."""
        for module in modules:
            _module(module)
        with self.world.lock:
            self.frozen.freeze(*modules)

    def thaw(self) -> None:
        with self.world.lock:
            self.frozen.thaw()

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
    "make_odd": Control.make_odd,
    "switch": Control.switch,
    "webhooks": Control.webhooks,
    "hold": Control.hold,
    "flush": Control.flush,
    "picture": Control.picture,
    "fault": Control.fault,
    "outage": Control.outage,
    "limits": Control.limits,
    "tokens": Control.tokens,
    "freeze": Control.freeze,
    "thaw": Control.thaw,
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
