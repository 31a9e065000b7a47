"""Outgoing webhooks as Zoho sends them: signed, retried, and on demand late, twice or in another order (api.md §5)."""

from __future__ import annotations

import hashlib
import hmac
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from random import Random
from typing import Any
from urllib.parse import urlencode

import requests

from zoho_sandbox.modules import BY_NAME
from zoho_sandbox.wire import Record, encode, whole_numbers

CONNECT_SECONDS, READ_SECONDS = 5, 10
SIGNATURE_HEADER, KEY_HEADER = "X-Zoho-Webhook-Signature", "X-Webhook-Key"
Pairs = Sequence[tuple[str, str]]


def sign(secret: str, pairs: Pairs, body: bytes) -> str:
    """Lowercase hex HMAC-SHA256 over the query pairs, sorted and run together, and the raw body."""
    text = "".join(key + value for key, value in sorted(pairs))
    return hmac.new(secret.encode(), text.encode() + body, hashlib.sha256).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where webhooks go, and how they prove where they come from."""

    url: str
    secret: str = ""
    key: str = ""
    prefix: str = "/api/zoho/webhooks/"


@dataclass(frozen=True, kw_only=True)
class Habits:
    """How deliveries go wrong. Shares are between 0 and 1."""

    duplicate: float = 0.0
    """Share that is sent a second time."""
    drop: float = 0.0
    """Share that is never sent, as under load."""
    late: float = 0.0
    """Seconds before the first attempt."""
    delayed: float = 0.0
    """Share that is sent `delay_seconds` later than the rest, so that younger news overtakes it."""
    delay_seconds: float = 2.0
    reorder: bool = False
    """Whatever waits is sent in random order."""
    delete_method: str = "POST"
    """DELETE, where the rule for deletions is configured so."""
    retries: int = 5
    retry_seconds: float = 5.0


@dataclass(order=True)
class Delivery:
    """One webhook on its way; `due` is on the monotonic clock."""

    due: float
    number: int
    module: str = field(compare=False)
    method: str = field(compare=False)
    path: str = field(compare=False)
    pairs: Pairs = field(compare=False)
    body: bytes = field(compare=False)
    retries: int = field(compare=False)
    retry_seconds: float = field(compare=False)


@dataclass
class Tally:
    """What became of webhooks: `sent` counts attempts, `accepted` answers of 2xx, `resent` attempts after a failure."""

    sent: int = 0
    accepted: int = 0
    failed: int = 0
    resent: int = 0
    duplicated: int = 0
    delayed: int = 0
    dropped: int = 0
    given_up: int = 0


class Sender(threading.Thread):
    """Sends webhooks from a queue of its own, so that changes never wait for the receiver.

    One after the other, unless it is told to `employ` more hands.
    """

    def __init__(self, target: Target | None, *, habits: Habits | None = None, seed: int = 1) -> None:
        super().__init__(name="zoho-sandbox-webhooks", daemon=True)
        self.target, self.habits = target, habits or Habits()
        self.tallies: dict[str, Tally] = {}
        self.answers: Counter[str] = Counter()
        self._random = Random(seed)  # noqa: S311 - make-believe, not secrets
        self._waiting: list[Delivery] = []
        self._changed = threading.Condition()
        self._held = self._stopping = False
        self._busy = self._number = 0
        self._hands: list[threading.Thread] = []

    def send(self, module: str, record: Record, event: str, *, habits: Habits | None = None) -> int:
        """Queue the webhook of one change (created, updated, deleted); how many deliveries that made.

        Modules that Zoho has no webhooks for, and a sandbox without target, send nothing. The body is
        written now: later changes do not show in it.
        """
        habits = habits or self.habits
        webhook = BY_NAME[module].webhook
        if self.target is None or webhook is None:
            return 0
        path, root = webhook
        tally = self.tallies.setdefault(module, Tally())
        if self._random.random() < habits.drop:
            tally.dropped += 1
            return 0
        copies = 2 if self._random.random() < habits.duplicate else 1
        tally.duplicated += copies - 1
        # Asked only where it matters: the chances of a seed stay what they were.
        is_delayed = habits.delayed > 0 and self._random.random() < habits.delayed
        tally.delayed += is_delayed
        due = time.monotonic() + habits.late + (habits.delay_seconds if is_delayed else 0)
        deleted = event == "deleted"
        with self._changed:
            for _ in range(copies):
                self._number += 1
                delivery = Delivery(
                    due=due,
                    number=self._number,
                    module=module,
                    method=habits.delete_method if deleted else "POST",
                    path=path,
                    pairs=[("event", "deleted")] if deleted else [],
                    body=encode({root: whole_numbers(record)}),
                    retries=habits.retries,
                    retry_seconds=habits.retry_seconds,
                )
                self._waiting.append(delivery)
            self._changed.notify_all()
        return copies

    def employ(self, hands: int) -> None:
        """Send over so many connections at once; then nothing is sure of the order of what is due."""
        while len(self._hands) + 1 < hands:
            hand = threading.Thread(name=f"{self.name}-{len(self._hands) + 2}", target=self.run, daemon=True)
            self._hands.append(hand)
            hand.start()

    def hold(self, held: bool) -> None:
        """Keep everything waiting (so that it can pile up), or let it go."""
        with self._changed:
            self._held = held
            self._changed.notify_all()

    def wait_until_quiet(self, seconds: float) -> bool:
        """Wait until nothing is left to send; False when time ran out first."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting and not self._busy, timeout=seconds)

    def waiting(self) -> int:
        with self._changed:
            return len(self._waiting) + self._busy

    def stats(self) -> dict[str, Any]:
        """Totals, the same per module, and how often which answer came."""
        by_module = {module: asdict(tally) for module, tally in sorted(self.tallies.items())}
        total = {key: sum(tally[key] for tally in by_module.values()) for key in asdict(Tally())}
        return total | {
            "waiting": self.waiting(),
            "by_module": by_module,
            "answers": dict(sorted(self.answers.items())),
        }

    def stop(self) -> None:
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self.is_alive():
            self.join(timeout=CONNECT_SECONDS + READ_SECONDS)

    def run(self) -> None:
        with requests.Session() as session:
            session.trust_env = False
            while (delivery := self._next()) is not None:
                try:
                    self._deliver(session, delivery)
                finally:
                    with self._changed:
                        self._busy -= 1
                        self._changed.notify_all()

    def _next(self) -> Delivery | None:
        with self._changed:
            while not self._stopping:
                now = time.monotonic()
                due = [] if self._held else [delivery for delivery in self._waiting if delivery.due <= now]
                if due:
                    chosen = self._random.choice(due) if self.habits.reorder else min(due)
                    self._waiting.remove(chosen)
                    self._busy += 1
                    return chosen
                sleep = min((delivery.due for delivery in self._waiting), default=now + 1) - now
                self._changed.wait(timeout=None if self._held or not self._waiting else max(sleep, 0.001))
        return None

    def _deliver(self, session: requests.Session, delivery: Delivery) -> None:
        target, tally = self.target, self.tallies[delivery.module]
        if target is None:
            return
        headers = {"Content-Type": "application/json", "User-Agent": "ZohoInventory"}
        if target.secret:
            headers[SIGNATURE_HEADER] = sign(target.secret, delivery.pairs, delivery.body)
        if target.key:
            headers[KEY_HEADER] = target.key
        query = f"?{urlencode(delivery.pairs)}" if delivery.pairs else ""
        with self._changed:
            tally.sent += 1
        try:
            response = session.request(
                delivery.method,
                f"{target.url}{target.prefix}{delivery.path}{query}",
                data=delivery.body,
                headers=headers,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
            )
            answer, accepted = str(response.status_code), 200 <= response.status_code < 300
        except requests.RequestException as error:
            answer, accepted = type(error).__name__, False
        with self._changed:
            self._note(delivery, tally, answer, accepted=accepted)

    def _note(self, delivery: Delivery, tally: Tally, answer: str, *, accepted: bool) -> None:
        self.answers[answer] += 1
        if accepted:
            tally.accepted += 1
            return
        tally.failed += 1
        if not delivery.retries:
            tally.given_up += 1
            return
        tally.resent += 1
        delivery.retries -= 1
        delivery.due = time.monotonic() + delivery.retry_seconds
        self._waiting.append(delivery)
