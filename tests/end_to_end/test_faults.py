"""A Zoho that fails one call in five, forgets tokens and goes away for a while: the pull completes all the same."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import Count

from tests.comparing import differences
from tests.live.tables import empty_tables
from tests.live.waiting import wait_for
from zoho_sandbox.server import Sandbox
from zoho_sandbox.world.build import Size
from zoho_sync.client import answers, breaker, http
from zoho_sync.models import WAITING, DeadLetter, SyncQueueItem, SyncRun, ZohoConnection, ZohoRecord
from zoho_sync.tests.conftest import point_at

SHARE, EXPIRIES = 0.2, 5
KINDS = ("timeout", "internal_error", "html", "minute_limit", "too_many_at_once", "cut_off", "broken_off", "hung_up")
# The outage begins in the middle of the first pull.
FIRST_CALLS = 20


@pytest.fixture
def nothing_here(db: None) -> Iterator[None]:
    empty_tables()
    yield
    empty_tables()


@pytest.fixture
def quick_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting as in real life, but for a fraction of the time."""
    monkeypatch.setattr(http, "TIMEOUT_SECONDS", (5, 0.4))
    monkeypatch.setattr(http, "SPREAD_SECONDS", (0.01, 0.05))
    monkeypatch.setattr(http, "FIRST_PAUSE", 0.05)
    monkeypatch.setattr(http, "LONGEST_PAUSE", 0.5)
    monkeypatch.setattr(answers, "MINUTE_SECONDS", 0.2)
    monkeypatch.setattr(answers, "MOMENT_SECONDS", 0.05)
    monkeypatch.setattr(breaker, "OPEN_SECONDS", 1)
    monkeypatch.setattr(breaker, "MOST_OPEN_SECONDS", 1)


def live_through(zoho: Sandbox, settings: Any, *, outage: float, hang: float) -> None:
    """Pull, back-fill and read the stock while Zoho behaves as badly as it can."""
    point_at(zoho, settings)
    zoho.control.make_odd()
    zoho.control.fault("token_expired", rate=0.1, seed=11, times=EXPIRIES)
    zoho.control.fault(kinds=KINDS, rate=SHARE, seed=7, seconds=hang)
    blackout = threading.Thread(target=black_out, args=(zoho, outage))
    blackout.start()

    call_command("sync_zoho", "--full")
    blackout.join()
    call_command("zoho_backfill")
    call_command("sync_stock", "--mode", "full")

    zoho.control.fault()


def black_out(zoho: Sandbox, seconds: float) -> None:
    wait_for(lambda: zoho.stats()["requests"]["total"] >= FIRST_CALLS, seconds=60, what="the pull is under way")
    zoho.control.outage(seconds)


def check(zoho: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    """Equal to Zoho's books, nothing twice, nothing lost or left over; and it really was as bad as that."""
    assert differences(zoho) == []
    assert not ZohoRecord.objects.values("module", "zoho_id").annotate(n=Count("id")).filter(n__gt=1).exists()
    assert set(SyncRun.objects.values_list("status", flat=True)) == {"completed"}
    assert not DeadLetter.objects.exists()
    assert not SyncQueueItem.objects.filter(status__in=WAITING).exists()

    told = [record.msg["event"] for record in caplog.records if isinstance(record.msg, dict)]
    assert told.index("zoho_breaker_open") < told.index("zoho_breaker_closed")
    assert ZohoConnection.objects.get().breaker_state == ZohoConnection.Breaker.CLOSED
    stats = zoho.stats()
    assert stats["faults"].keys() >= {*KINDS, "token_expired"}
    assert sum(stats["faults"][kind] for kind in KINDS) > stats["requests"]["total"] * SHARE * 0.6
    # Two calls under way with the same token find it expired together: one refresh for both.
    assert 2 <= stats["tokens"]["issued"] <= 1 + stats["faults"]["token_expired"] <= 1 + EXPIRIES
    assert stats["tokens"]["refused"] == 0


def test_a_pull_lives_through_faults_expired_tokens_and_an_outage(
    nothing_here: None, quick_times: None, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with Sandbox(size=Size.scaled(60, contacts=24, invoices=20)) as zoho:
        live_through(zoho, settings, outage=2, hang=0.6)

        check(zoho, caplog)


@pytest.mark.slow
def test_the_same_with_half_a_minute_of_outage_and_real_waiting(
    nothing_here: None,
    settings: Any,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Zoho's blocked minute and a timeout would each cost a minute, again and again.
    monkeypatch.setattr(answers, "MINUTE_SECONDS", 5.0)
    monkeypatch.setattr(http, "TIMEOUT_SECONDS", (5, 2))
    with Sandbox(size=Size.scaled(450, contacts=60, invoices=60)) as zoho:
        live_through(zoho, settings, outage=30, hang=3)

        check(zoho, caplog)
