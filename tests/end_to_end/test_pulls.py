"""`manage.py sync_zoho` in all its modes against a sandbox: what it says it did, it did."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command

from catalog.models import Product
from tests.end_to_end.conftest import Machine
from tests.live.processes import run_manage
from tests.live.sandbox import LiveSandbox
from tests.live.web import Web
from tests.live.workers import Workers
from zoho_sync.entities import BY_MODULE, ENTITIES
from zoho_sync.models import InboxEvent, SyncRun, ZohoRecord

ROOT_CATEGORY = "-1"  # of the tree; Zoho lists it, and it is no category


@pytest.fixture
def connected(clean: None, zoho: LiveSandbox, settings: Any) -> Iterator[LiveSandbox]:
    """The sandbox, with this process's settings pointing at it."""
    for name, value in zoho.settings.items():
        setattr(settings, name, int(value) if name.startswith("ZOHO_REQUESTS") else value)
    yield zoho
    zoho.control("fault")


def ids_in_zoho(zoho: LiveSandbox, module: str) -> set[str]:
    return {str(record[BY_MODULE[module].id_key]) for record in zoho.control("list", module=module)}


@pytest.mark.lesson("L24")
def test_a_full_pull_brings_every_record_of_every_entity(
    connected: LiveSandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("sync_zoho", "--full")

    told = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in told] == [entity.name for entity in ENTITIES]
    for entity in ENTITIES:
        wanted = ids_in_zoho(connected, entity.module)
        mirrored = ZohoRecord.objects.filter(module=entity.module).values_list("zoho_id", flat=True)
        assert set(mirrored) >= wanted
        stored = {
            zoho_id
            for label in entity.models
            for zoho_id in apps.get_model(label).objects.values_list("zoho_id", flat=True)
        }
        assert stored >= wanted - {ROOT_CATEGORY}
    assert set(SyncRun.objects.values_list("status", flat=True)) == {"completed"}


@pytest.mark.lesson("L24")
@pytest.mark.parametrize(
    "options",
    [
        ["product"],
        ["products", "customers", "--full"],
        ["ITEM", "--incremental"],
        ["product", "--since", "2020-01-01"],
        ["product", "--since", "2020-01-01T08:00:00+03:00", "--batch-size", "10"],
        ["product", "--full", "--batch-size", "200"],
        ["product", "--full", "--active-only"],
        ["product", "--full", "--no-active-only"],
        ["product", "--full", "--with-stock-only"],
        ["product", "--full", "--images"],
    ],
    ids=" ".join,
)
def test_every_mode_of_sync_zoho_brings_what_it_counts(
    connected: LiveSandbox, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    items = connected.control("list", module="item")
    if "--active-only" in options:
        items = [item for item in items if item["status"] == "active"]
    if "--with-stock-only" in options:
        items = [item for item in items if (item.get("stock_on_hand") or 0) > 0]

    call_command("sync_zoho", *options)

    assert capsys.readouterr().out.startswith("product: completed, ")
    run = SyncRun.objects.get(kind="pull", module="item")
    assert (run.status, run.created, run.failed) == ("completed", len(items), 0)
    assert set(Product.objects.values_list("zoho_id", flat=True)) == {item["item_id"] for item in items}


@pytest.mark.lesson("L24")
def test_a_second_pull_finds_exactly_what_changed(connected: LiveSandbox) -> None:
    call_command("sync_zoho", "product")
    changed = connected.control("list", module="item")[3]["item_id"]
    connected.control("patch", module="item", zoho_id=changed, changes={"name": "renamed"}, webhook=False)

    call_command("sync_zoho", "product")

    run = SyncRun.objects.latest("id")
    assert (run.created, run.updated) == (0, 1)
    assert Product.objects.get(name="renamed").zoho_id == changed


@pytest.mark.lesson("L23")
@pytest.mark.parametrize("entity", ENTITIES, ids=lambda entity: entity.module)
def test_an_answer_without_its_list_key_fails_the_run(
    connected: LiveSandbox, capsys: pytest.CaptureFixture[str], entity: Any
) -> None:
    connected.control("fault", name="missing_list_key", path=entity.path)

    with pytest.raises(SystemExit) as ended:
        call_command("sync_zoho", entity.name, "--full")

    assert ended.value.code == 1
    run = SyncRun.objects.get()
    assert (run.status, run.seen, run.created) == ("failed", 0, 0)
    assert entity.list_keys[0] in run.error
    told = capsys.readouterr()
    assert told.out.startswith(f"{entity.name}: failed")
    assert run.error in told.err


@pytest.mark.lesson("L24")
def test_without_a_connection_nothing_answers_success(
    clean: None, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.ZOHO_CLIENT_ID = settings.ZOHO_CLIENT_SECRET = settings.ZOHO_REFRESH_TOKEN = ""

    with pytest.raises(CommandError, match="ZOHO_CLIENT_ID") as refused:
        call_command("sync_zoho", "product")

    assert refused.value.returncode == 2
    assert capsys.readouterr().out == ""
    assert not SyncRun.objects.exists()


@pytest.mark.lesson("L24")
@pytest.mark.parametrize(
    "options",
    [
        ["rocket"],
        ["product", "--batch-size", "9"],
        ["product", "--batch-size", "0"],
        ["product", "--since", "yesterday"],
        ["--resume", "123456789"],
        ["product", "--confirm-sweep"],
    ],
    ids=" ".join,
)
def test_wrong_use_is_told_apart_by_its_exit_code(connected: LiveSandbox, options: list[str]) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("sync_zoho", *options)

    assert refused.value.returncode == 2


@pytest.mark.lesson("L24")
def test_sync_zoho_as_a_process(connected: LiveSandbox, machine: Machine) -> None:
    environment = machine.environment(**connected.settings)

    done = run_manage("sync_zoho", "tax", "--full", environment=environment)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("tax: completed, ")
    for secret in ("ZOHO_CLIENT_SECRET", "ZOHO_REFRESH_TOKEN"):
        assert connected.settings[secret] not in done.stdout


@pytest.mark.lesson("L24")
def test_the_sandbox_tells_of_its_changes_by_webhook(
    connected: LiveSandbox, web: Web, workers: Workers, machine: Machine
) -> None:
    connected.control(
        "webhooks", to=web.url, secret=web.secrets.signing, key=web.secrets.api_key, duplicate=0.5, reorder=True
    )
    try:
        connected.control("create", module="item", count=5)
        connected.control("tick", count=10)
        assert connected.control("flush", seconds=20) is True
    finally:
        connected.control("webhooks", to="", duplicate=0, reorder=False)
    workers.settle()

    assert InboxEvent.objects.exists()
    assert set(InboxEvent.objects.values_list("state", flat=True)) <= {
        "applied",
        "unchanged",
        "superseded",
        "stale",
        "queued",
    }
    assert Product.objects.count() >= 5
