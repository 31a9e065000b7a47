"""`sync_zoho`: each mode does what it says, each mistake is one line and the right exit code."""

from __future__ import annotations

import re

import pytest
from django.core.management import CommandError, call_command

from catalog.models import Product
from zoho_sync import bulk, runs
from zoho_sync.entities import BY_MODULE, ENTITIES
from zoho_sync.models import SyncRun

pytestmark = pytest.mark.django_db


def test_the_command_says_what_came_of_it(zoho, capsys):
    call_command("sync_zoho", "warehouses", "Currency")

    out, err = capsys.readouterr()
    lines = [re.sub(r"\d+\.\d s", "N s", line) for line in out.splitlines()]
    counts = "3 seen, 3 created, 0 updated, 0 unchanged, 0 stale, 0 skipped, 0 retired, 0 failed, 1 calls"
    assert lines == [f"currency: completed, {counts}, N s", f"warehouse: completed, {counts}, N s"]
    assert err == ""


@pytest.mark.parametrize(
    ("arguments", "mode", "seen"),
    [
        ([], "incremental", 60),
        (["--incremental"], "incremental", 60),
        (["--full"], "full", 60),
        (["--since", "2026-11-01T09:00"], "since", 1),
        (["--full", "--active-only", "--batch-size", "10"], "full", 60),
        (["--no-active-only"], "incremental", 60),
        (["--full", "--with-stock-only"], "full", 60),
        (["--full", "--images"], "full", 60),
    ],
)
def test_every_mode_of_the_command_works(zoho, capsys, arguments, mode, seen):
    zoho.control.patch("item", zoho.control.records("item")[0]["item_id"], {"description": "x"})

    call_command("sync_zoho", "products", *arguments)

    run = SyncRun.objects.get(kind="pull")
    assert (run.mode, run.seen, run.status) == (mode, seen, "completed")
    taken = [item for item in zoho.control.records("item") if is_wanted(item, arguments)]
    assert (run.created, run.skipped) == ((len(taken), seen - len(taken)) if seen > 1 else (1, 0))


def is_wanted(item, arguments):
    if "--active-only" in arguments and item["status"] != "active":
        return False
    return "--with-stock-only" not in arguments or (item.get("stock_on_hand") or 0) > 0


def test_without_names_the_command_takes_everything_parents_first(zoho, capsys):
    call_command("sync_zoho")

    runs = list(SyncRun.objects.order_by("id").values_list("module", "status"))
    assert runs == [(entity.module, "completed") for entity in ENTITIES]


def test_what_was_not_applied_is_exit_code_1_with_the_reason_on_stderr(zoho, capsys):
    zoho.control.patch("item", zoho.control.records("item")[0]["item_id"], {"rate": "a lot"})

    with pytest.raises(SystemExit) as caught:
        call_command("sync_zoho", "currencies", "products")

    out, err = capsys.readouterr()
    assert caught.value.code == 1
    assert (
        "product: partial, 60 seen, 59 created, 0 updated, 0 unchanged, 0 stale, 0 skipped, 0 retired, 1 failed" in out
    )
    assert "rate: 'a lot' is not a number" in err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["products", "unicorns", "invoices", "dragons"], r"unknown: unicorns, dragons; there are currency, tax, "),
        (["products", "--since", "someday"], "--since: 'someday' is not a date or time"),
        (["products", "--batch-size", "5"], "--batch-size: must be between 10 and 200"),
        (["products", "--batch-size", "0"], "--batch-size: must be between 10 and 200"),
        (["products", "--since", ""], "--since: '' is not a date or time"),
        (["products", "--confirm-sweep"], "--confirm-sweep: name the run with --resume"),
        (["--resume", "77"], "--resume: there is no pull with the number 77"),
        (["products", "--resume", "77"], "--resume: the run goes on as it was begun; name nothing else"),
    ],
)
def test_wrong_use_is_exit_code_2(zoho, arguments, says):
    with pytest.raises(CommandError, match=says) as caught:
        call_command("sync_zoho", *arguments)

    assert caught.value.returncode == 2
    assert not SyncRun.objects.exists()


def test_the_command_without_configuration_says_what_is_missing():
    with pytest.raises(CommandError, match="Zoho is not configured: set ZOHO_CLIENT_ID, ZOHO_CLIENT_SECRET") as caught:
        call_command("sync_zoho", "products")

    assert caught.value.returncode == 2
    assert not SyncRun.objects.exists()


def test_images_follow_in_a_run_of_their_own(zoho, capsys):
    call_command("sync_zoho", "products", "--full", "--images")

    pull, images = SyncRun.objects.order_by("id")
    assert (pull.kind, images.kind, images.status, images.batch) == ("pull", "images", "completed", pull.batch)
    pictured = [item for item in zoho.control.records("item") if item["image_document_id"]]
    assert images.created == len(pictured) > 0


def test_a_second_run_of_the_same_entity_is_refused_and_the_first_one_named(zoho):
    other = runs.open_run(
        SyncRun.Kind.PULL, "contact", mode=SyncRun.Mode.FULL, trigger=SyncRun.Trigger.ADMIN, options={}
    )

    with pytest.raises(CommandError, match=f"pull of contact is already under way: run {other.pk}, queued") as caught:
        call_command("sync_zoho", "products", "customers")

    assert caught.value.returncode == 2
    assert SyncRun.objects.get() == other


@pytest.mark.parametrize(
    ("settings_", "says"),
    [
        ({"ZOHO_CLIENT_SECRET": "wrong"}, "ZOHO_CLIENT_SECRET"),
        ({"ZOHO_REFRESH_TOKEN": "1000.wrong.wrong"}, "ZOHO_REFRESH_TOKEN"),
        ({"ZOHO_ORGANIZATION_ID": "1"}, "ZOHO_ORGANIZATION_ID"),
    ],
    ids=["secret", "token", "organisation"],
)
def test_a_login_that_zoho_refuses_is_one_line_and_exit_code_2(zoho, settings, settings_, says, capsys):
    for name, value in settings_.items():
        setattr(settings, name, value)

    with pytest.raises(CommandError, match=says) as caught:
        call_command("sync_zoho", "products", "customers")

    assert caught.value.returncode == 2
    assert "\n" not in str(caught.value)
    run = SyncRun.objects.get()
    assert (run.status, run.seen, run.pages) == ("failed", 0, 0)
    assert not Product.objects.exists()


def test_a_scope_that_is_missing_is_named_by_its_address(zoho):
    zoho.control.fault("unauthorized", path="/items")

    with pytest.raises(CommandError, match="product: /items: Zoho rejects a fresh token: the login lacks") as caught:
        call_command("sync_zoho", "products")

    assert caught.value.returncode == 2
    assert not Product.objects.exists()


def test_a_host_that_nobody_listens_on_is_named_and_nothing_is_begun(zoho, settings):
    settings.ZOHO_API_URL = "http://127.0.0.1:9"

    with pytest.raises(CommandError, match=r"Zoho cannot be reached at http://127\.0\.0\.1:9: ") as caught:
        call_command("sync_zoho", "products")

    assert caught.value.returncode == 2
    assert not SyncRun.objects.exists()


def test_a_limit_ends_the_command_there(zoho, capsys):
    zoho.control.fault("daily_limit", path="/items")

    with pytest.raises(SystemExit) as caught:
        call_command("sync_zoho", "currencies", "products", "customers")

    assert caught.value.code == 1
    assert list(SyncRun.objects.order_by("id").values_list("module", "status")) == [
        ("currency", "completed"),
        ("item", "failed"),
    ]
    assert "a limit of Zoho's is reached" in capsys.readouterr().err


def test_every_error_of_a_record_is_told(zoho, capsys):
    items = [item["item_id"] for item in zoho.control.records("item")[:3]]
    for item_id in items:
        zoho.control.patch("item", item_id, {"rate": "a lot"}, webhook=False)

    with pytest.raises(SystemExit):
        call_command("sync_zoho", "products", "--full")

    err = capsys.readouterr().err
    assert all(f"product: {item_id}: rate: 'a lot' is not a number" in err for item_id in items)
    run = SyncRun.objects.get()
    assert sorted(error["zoho_id"] for error in run.checkpoint["errors"]) == sorted(items)


def test_a_sweep_that_stopped_goes_on_by_the_command(zoho, capsys):
    call_command("sync_zoho", "products", "--full")
    for item in zoho.control.records("item")[:5]:
        zoho.control.delete("item", item["item_id"], webhook=False)
    with pytest.raises(SystemExit):
        call_command("sync_zoho", "products", "--full")
    run = SyncRun.objects.latest("id")
    assert f"--resume {run.pk} --confirm-sweep" in capsys.readouterr().err

    call_command("sync_zoho", "--resume", str(run.pk), "--confirm-sweep")

    assert "5 retired, 0 failed" in capsys.readouterr().out
    assert Product.objects.filter(retired_at__isnull=False).count() == 5
    with pytest.raises(CommandError, match=f"run {run.pk} has no sweep that waits") as caught:
        call_command("sync_zoho", "--resume", str(run.pk), "--confirm-sweep")
    assert caught.value.returncode == 2


def test_a_finished_run_cannot_be_resumed(zoho):
    run = bulk.pull(BY_MODULE["item"])

    with pytest.raises(CommandError, match=f"--resume: run {run.pk} is completed and cannot be taken up") as caught:
        call_command("sync_zoho", "--resume", str(run.pk))

    assert caught.value.returncode == 2
