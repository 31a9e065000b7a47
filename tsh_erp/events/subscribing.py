"""Who wants to hear of which domain events. Listeners register themselves in their own `AppConfig.ready`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache

from tsh_erp.events.models import StoredEvent

Listener = Callable[[Sequence[StoredEvent]], None]


@dataclass(frozen=True)
class Subscriber:
    """A function that is called with stored events whose type matches `pattern`, in the order they were stored.

    `in_transaction`: called where the events are published, before the commit. Otherwise called
    after it, in a transaction of its own that also notes the events as dispatched. Either way it may
    be called again with events it has seen, and must not care. It must not call the network.
    """

    name: str
    pattern: str
    listener: Listener
    in_transaction: bool = False

    def wants(self, event_type: str) -> bool:
        return any(fnmatchcase(event_type, one) for one in self.pattern.split("|"))


_subscribers: dict[str, Subscriber] = {}


def on(pattern: str, *, in_transaction: bool = False) -> Callable[[Listener], Listener]:
    """Register the decorated function for event types such as "catalog.product.updated" or "catalog.product.*".

    Several patterns stand between bars: "catalog.category.*|catalog.product.created".
    """

    def register(listener: Listener) -> Listener:
        name = f"{listener.__module__}.{listener.__qualname__}"
        subscribe(Subscriber(name, pattern, listener, in_transaction))
        return listener

    return register


def subscribe(subscriber: Subscriber) -> None:
    """ValueError when another subscriber has the same name."""
    if known := _subscribers.get(subscriber.name):
        if known != subscriber:
            raise ValueError(f"{subscriber.name} already listens to {known.pattern}")
        return
    _subscribers[subscriber.name] = subscriber
    listens.cache_clear()


def unsubscribe(name: str) -> None:
    """For tests: forget a subscriber."""
    _subscribers.pop(name, None)
    listens.cache_clear()


def find_subscriber(name: str) -> Subscriber | None:
    return _subscribers.get(name)


def subscribers(*, in_transaction: bool) -> Iterator[Subscriber]:
    """Those of one kind, by name, so that they always run in the same order."""
    for name in sorted(_subscribers):
        if _subscribers[name].in_transaction is in_transaction:
            yield _subscribers[name]


@cache
def listens(event_type: str) -> bool:
    """Whether anybody wants to hear of this type after the commit."""
    return any(one.wants(event_type) for one in subscribers(in_transaction=False))
