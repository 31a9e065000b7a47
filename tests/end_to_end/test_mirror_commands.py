"""zoho_backfill, zoho_replay and zoho_remap as operators run them: as processes, beside workers that are at work."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from catalog.models import Product
from commerce.models import Invoice
from tests.end_to_end.conftest import Machine
from tests.live.processes import MANAGE, LiveProcess, run_manage
from tests.live.records import item
from tests.live.sandbox import LiveSandbox
from tests.live.waiting import wait_for
from tests.live.web import Web
from tests.live.workers import Workers
from zoho_sync.models import InboxEvent, SyncRun, ZohoRecord


@pytest.fixture
def connected(clean: None, zoho: LiveSandbox, settings: Any) -> Iterator[LiveSandbox]:
    """The sandbox, with this process's settings pointing at it."""
    for name, value in zoho.settings.items():
        setattr(settings, name, int(value) if name.startswith("ZOHO_REQUESTS") else value)
    yield zoho
    zoho.control("fault")


@pytest.mark.lesson("L24")
def test_the_back_fill_brings_the_lines_of_every_document(connected: LiveSandbox, machine: Machine) -> None:
    call_command("sync_zoho", "currency", "customer", "product", "invoice", "--full")
    environment = machine.environment(**connected.settings)
    ZohoRecord.objects.filter(module="invoice").update(detail_at=None)

    told = run_manage("zoho_backfill", "invoice", "--status", environment=environment)
    done = run_manage("zoho_backfill", "invoice", environment=environment)

    sold = connected.control("list", module="invoice")
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.splitlines()[1].split()[:4] == ["invoice", str(len(sold)), "0", str(len(sold))]
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"invoice: completed, {len(sold)} seen, ")
    assert not ZohoRecord.objects.without_detail().filter(module="invoice").exists()
    for record in sold:
        assert Invoice.objects.get(zoho_id=record["invoice_id"]).lines.count() == len(record["line_items"])


@pytest.mark.lesson("L24")
def test_a_replay_hands_what_was_put_aside_to_the_workers(web: Web, workers: Workers, machine: Machine) -> None:
    web.deliver("products", item("1", rate="abc"))
    web.deliver("products", b"rubbish")
    workers.settle()
    assert sorted(InboxEvent.objects.values_list("state", flat=True)) == ["dead", "invalid"]
    # As if the code had learned to read both since.
    InboxEvent.objects.filter(state="dead").update(body=b'{"item": {"item_id": "1", "name": "one", "rate": 5}}')
    InboxEvent.objects.filter(state="invalid").update(body=b'{"item": {"item_id": "2", "name": "two", "rate": 6}}')

    looked = run_manage("zoho_replay", "--since", "2020-01-01", "--dry-run", environment=machine.environment())
    assert (looked.returncode, looked.stderr) == (0, "")
    assert looked.stdout.splitlines()[-1] == "2 would be queued again, 0 cannot be read"
    done = run_manage("zoho_replay", "--since", "2020-01-01", environment=machine.environment())
    workers.settle()

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "product dead: 1",
        "product invalid: 1",
        "2 queued again, 0 cannot be read",
    ]
    assert sorted(Product.objects.values_list("zoho_id", "base_price")) == [("1", Decimal(5)), ("2", Decimal(6))]
    assert set(InboxEvent.objects.values_list("state", flat=True)) == {"applied"}


@pytest.mark.lesson("L12")
def test_a_remap_beside_live_webhooks_brings_no_older_data_back(web: Web, workers: Workers, machine: Machine) -> None:
    ids = [str(number) for number in range(1, 31)]
    for zoho_id in ids:
        web.deliver("products", item(zoho_id, rate=0))
    workers.settle()
    Product.objects.update(name="of an older mapper")

    price, last = 0, dict.fromkeys(ids, 0)
    with LiveProcess(
        "remap",
        [*MANAGE, "zoho_remap", "product", "--batch-size", "10"],
        environment=machine.environment(),
        folder=machine.folder,
    ) as remap:
        while remap.is_running:
            price += 1
            for zoho_id in ids[price % 5 :: 5]:
                web.deliver("products", item(zoho_id, rate=price))
                last[zoho_id] = price
        assert remap.wait(seconds=5) == 0, remap.describe()
    workers.settle()

    assert SyncRun.objects.get().status == "completed"
    assert price > 1
    assert {product.zoho_id: (product.name, product.base_price) for product in Product.objects.all()} == {
        zoho_id: (f"item {zoho_id}", Decimal(told)) for zoho_id, told in last.items()
    }


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite lets nobody in between")
def test_a_remap_that_is_killed_is_taken_up_again(
    web: Web, workers: Workers, machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(11, 41):
        web.deliver("products", item(str(number), rate=1))
    workers.settle()
    with transaction.atomic():
        list(ZohoRecord.objects.filter(zoho_id="40").select_for_update())
        with LiveProcess(
            "remap",
            [*MANAGE, "zoho_remap", "product", "--batch-size", "10"],
            environment=machine.environment(),
            folder=machine.folder,
        ) as remap:
            wait_for(
                lambda: SyncRun.objects.filter(status="running", seen=20).exists(),
                seconds=30,
                what="it has come to the record that is held",
                otherwise=remap.describe,
            )
            remap.stop(seconds=0)
    run = SyncRun.objects.get()
    assert (run.status, run.checkpoint) == ("running", {"after": "30"})

    call_command("zoho_remap", "--resume", str(run.pk))

    run.refresh_from_db()
    assert (run.status, run.seen, run.unchanged) == ("completed", 30, 30)
    assert capsys.readouterr().out.startswith("product: completed, 30 seen")
