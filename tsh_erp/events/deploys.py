"""When which version was brought out: written by every deploy, read by charts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from tsh_erp.common.together import Asked, Question, Row, ask
from tsh_erp.events.models import StoredEvent
from tsh_erp.events.publish import DomainEvent, publish

DEPLOYED = "system.deployed"
MOST = 50


@dataclass(frozen=True)
class Deploy:
    version: str
    at: datetime


def record_deploy(version: str, *, at: datetime) -> bool:
    """Note that `version` runs from now on; whether that is news. Safe to repeat."""
    newest = StoredEvent.objects.filter(type=DEPLOYED).order_by("-id").first()
    if newest is not None and newest.data.get("version") == version:
        return False
    with transaction.atomic():
        publish([DomainEvent(DEPLOYED, "system", {"version": version})], at=at)
    return True


def deploys(*, since: datetime) -> list[Deploy]:
    """What was brought out from `since` on, the oldest first; the newest `MOST` of them. One query."""
    asked = ask_deploys(since=since)
    ask(asked)
    return asked.value


def ask_deploys(*, since: datetime) -> Asked[list[Deploy]]:
    newest = StoredEvent.objects.filter(type=DEPLOYED, occurred_at__gte=since).order_by("-id")

    def read(rows: list[Row]) -> list[Deploy]:
        return [Deploy(str(data.get("version", "")), at) for data, at in reversed(rows)]

    return Question(newest.values_list("data", "occurred_at")[:MOST], read)
