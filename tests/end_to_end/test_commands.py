"""The commands: each says what it did, and ends with the exit code that is true."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django_q.models import Schedule

from tests.end_to_end.conftest import Machine
from tests.live.processes import ROOT, free_port, run_manage
from tests.live.records import invoice, item
from tests.live.web import Web
from tests.live.workers import Workers
from tests.live.zoho import EXAMPLES
from zoho_sync.models import InboxEvent
from zoho_sync.schedules import SCHEDULES

ITEM = EXAMPLES / "get_items_item_id.json"


@pytest.fixture
def proven(web: Web, settings: Any) -> Web:
    """A server whose secret this process knows."""
    settings.ZOHO_WEBHOOK_SECRETS = [web.secrets.signing]
    return web


# --- zoho_webhook -------------------------------------------------------------------------------------


@pytest.mark.lesson("L24")
@pytest.mark.parametrize("with_key_only", [False, True], ids=["signed", "with a key"])
def test_zoho_webhook_as_a_process(web: Web, workers: Workers, machine: Machine, with_key_only: bool) -> None:
    environment = machine.environment(**({"ZOHO_WEBHOOK_SECRET": ""} if with_key_only else {}))

    done = run_manage("zoho_webhook", "product", str(ITEM), "--to", web.url, environment=environment)
    workers.settle()

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "1 of 1 accepted"
    event = InboxEvent.objects.get()
    assert (event.state, event.proof) == ("applied", "api_key" if with_key_only else "signature")


@pytest.mark.lesson("L24")
def test_zoho_webhook_tells_of_deletions(proven: Web, workers: Workers) -> None:
    call_command("zoho_webhook", "product", str(ITEM), to=proven.url)
    workers.settle()
    call_command("zoho_webhook", "product", str(ITEM), "--deleted", to=proven.url)
    workers.settle()

    assert list(InboxEvent.objects.order_by("id").values_list("operation", flat=True)) == ["upsert", "delete"]
    assert apps.get_model("catalog.product").objects.get().retired_at is not None


@pytest.mark.lesson("L24")
def test_zoho_webhook_is_no_success_when_the_server_refuses(
    proven: Web, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.ZOHO_WEBHOOK_SECRETS = ["another secret"]

    with pytest.raises(SystemExit) as ended:
        call_command("zoho_webhook", "product", str(ITEM), to=proven.url)

    assert ended.value.code == 1
    assert capsys.readouterr().out.splitlines()[-1] == "0 of 1 accepted"
    assert not InboxEvent.objects.exists()


@pytest.mark.lesson("L24")
@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["rocket", str(ITEM)], 2, "'rocket' is not one of"),
        (["product", "nowhere.json"], 2, "No such file"),
        (["product", str(ROOT / "manage.py")], 2, "not JSON"),
        (["invoice", str(ITEM)], 2, "holds no invoice"),
        (["product", str(ITEM), "--to", "http://127.0.0.1:9"], 1, "cannot be reached"),
    ],
    ids=["entity", "no file", "no JSON", "nothing in it", "nobody there"],
)
def test_zoho_webhook_says_what_is_wrong(proven: Web, arguments: list[str], code: int, message: str) -> None:
    with pytest.raises(CommandError, match=message) as refused:
        call_command("zoho_webhook", *arguments)

    assert refused.value.returncode == code


# --- zoho_status and zoho_audit ---------------------------------------------------------------------------


@pytest.mark.lesson("L24")
def test_zoho_status_counts_what_is_there(web: Web, workers: Workers, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        web.deliver("products", item("1"))
    web.deliver("products", item("2", rate="abc"))
    web.deliver("products", b"rubbish")
    web.deliver("invoices", invoice("7", customer_id="1"))
    workers.settle()

    call_command("zoho_status", "--json")

    status = json.loads(capsys.readouterr().out)
    assert {name: count for name, count in status["queue"].items() if count} == {
        "completed": 1,
        "dead_letter": 1,
        "failed": 1,
        "total": 3,
    }
    assert (status["dead_letters_open"], status["alerts"]) == (1, {"info": 0, "warning": 1, "critical": 1})
    paths = {row["path"]: row for row in status["webhooks"]["paths"]}
    assert paths["products"]["deliveries"] == 4
    assert paths["products"]["events"] == {"applied": 1, "dead": 1, "invalid": 1}
    assert paths["invoices"]["events"] == {"queued": 1}
    assert {row["module"]: row["records"] for row in status["modules"]}["item"] == {"present": 1}


@pytest.mark.lesson("L24")
def test_zoho_status_for_people(web: Web, machine: Machine) -> None:
    done = run_manage("zoho_status", environment=machine.environment())

    assert (done.returncode, done.stderr) == (0, "")
    for title in ("Queue", "Webhooks, 24 hours", "Mirror", "products", "vendorcredit"):
        assert title in done.stdout


@pytest.mark.lesson("L24")
def test_zoho_audit_holds_and_names_what_does_not(web: Web, workers: Workers, machine: Machine) -> None:
    event_id = web.deliver("products", item("1"))["event_id"]
    workers.settle()

    held = run_manage("zoho_audit", "--deliveries", "1", environment=machine.environment())
    assert (held.returncode, held.stderr) == (0, "")
    assert "BROKEN" not in held.stdout

    event = InboxEvent.objects.get(uuid=event_id)
    InboxEvent.objects.filter(pk=event.pk).update(state="queued", log=None)
    with_two = run_manage("zoho_audit", "--deliveries", "2", environment=machine.environment())
    InboxEvent.objects.filter(pk=event.pk).update(state="applied", log=event.log)

    assert with_two.returncode == 1
    assert f"event {event.pk} (item 1) is queued and no job will read it" in with_two.stdout
    assert "2 deliveries were answered 202, 1 are stored" in with_two.stdout


# --- sync_schedules, zoho_sandbox -----------------------------------------------------------------------


@pytest.mark.lesson("L24")
def test_sync_schedules_writes_what_the_workers_can_run(web: Web, capsys: pytest.CaptureFixture[str]) -> None:
    Schedule.objects.create(name="of another age", func="nowhere.nothing")

    for _ in range(2):
        call_command("sync_schedules")

    first, second = capsys.readouterr().out.splitlines()
    total = len(SCHEDULES)
    assert first.startswith(f"{total} schedules: {total} created, 0 changed, 1 removed")
    assert second.startswith(f"{total} schedules: 0 created, 0 changed, 0 removed")
    for schedule in Schedule.objects.all():
        module, _, name = schedule.func.rpartition(".")
        assert callable(getattr(__import__(module, fromlist=[name]), name))


@pytest.mark.lesson("L24")
def test_zoho_sandbox_refuses_a_fault_it_does_not_know(machine: Machine) -> None:
    port = str(free_port())

    refused = run_manage("zoho_sandbox", "--port", port, "--fault", "sunshine", environment=machine.environment())

    assert refused.returncode == 2
    assert "sunshine" in refused.stderr


# --- all of them ------------------------------------------------------------------------------------------


def commands() -> Iterator[str]:
    """The names of this project's management commands."""
    for app in apps.get_app_configs():
        folder = Path(app.path)
        if folder.is_relative_to(ROOT) and not folder.is_relative_to(ROOT / ".venv"):
            yield from (file.stem for file in folder.glob("management/commands/[!_]*.py"))


def called_commands(folder: Path) -> Iterator[str]:
    """The first argument of every call_command(…), run_manage(…) and [*MANAGE, …] in the tests."""
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("call_command", "run_manage"):
                yield from (one.value for one in node.args[:1] if isinstance(one, ast.Constant))
            if isinstance(node, ast.List) and node.elts and isinstance(node.elts[0], ast.Starred):
                yield from (one.value for one in node.elts[1:2] if isinstance(one, ast.Constant))


@pytest.mark.lesson("L24")
def test_every_command_is_called_in_some_test() -> None:
    folders = [ROOT / "tests", *(ROOT / app / "tests" for app in ("catalog", "commerce", "zoho_sync", "zoho_sandbox"))]
    called = {name for folder in folders for name in called_commands(folder)}

    assert set(commands()) - called == set()


@pytest.mark.lesson("L24")
@pytest.mark.parametrize("name", sorted(commands()))
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        call_command(name, "--help")

    assert ended.value.code in (0, None)
    assert "usage:" in capsys.readouterr().out
