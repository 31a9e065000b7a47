"""The back-fill's command and its schedule."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from commerce.models import Customer
from zoho_sync import tasks
from zoho_sync.models import SyncRun, ZohoRecord
from zoho_sync.tests.backfilling import fill, open_run, read_list, small_sandbox, without_detail

# The threads that fetch see what is committed, and nothing else.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def zoho(settings):
    with small_sandbox(settings) as sandbox:
        yield sandbox


@pytest.fixture
def invoices(zoho):
    """The headers of all invoices, as a list tells them, and their customers."""
    read_list("contact")
    return read_list("invoice")


# --- by itself ------------------------------------------------------------------------------------


def test_the_schedule_begins_a_run_for_every_module_that_lacks_details(invoices):
    begun = tasks.backfill_if_configured()

    opened = list(SyncRun.objects.order_by("id").values_list("kind", "module", "status", "trigger"))
    assert opened == [("backfill", module, "queued", "schedule") for module in ("contact", "invoice")]
    assert list(begun) == ["contact", "invoice"]
    assert tasks.backfill_if_configured() == {}


def test_the_cluster_works_on_them_one_after_the_other(invoices):
    tasks.backfill_if_configured()
    first, second = SyncRun.objects.order_by("id")

    assert tasks.perform_run(first.pk) == tasks.perform_run(second.pk) == "completed"

    assert without_detail("contact") == without_detail("invoice") == set()
    assert tasks.backfill_if_configured() == {}


def test_the_schedule_does_nothing_without_credentials(invoices, settings):
    settings.ZOHO_CLIENT_ID = ""

    assert "ZOHO_CLIENT_ID" in tasks.backfill_if_configured()["skipped"]
    assert not SyncRun.objects.exists()


# --- the command ----------------------------------------------------------------------------------


def test_the_command_fetches_what_is_missing(zoho, invoices, capsys):
    call_command("zoho_backfill", "invoice", "customer")

    told = capsys.readouterr().out.splitlines()
    contacts = ZohoRecord.objects.filter(module="contact").count()
    assert [line.rpartition(",")[0] for line in told] == [
        f"customer: completed, {contacts} seen, {contacts} updated, 0 unchanged, 0 stale, 0 retired, 0 failed, "
        f"{contacts} calls, 0 left",
        f"invoice: completed, {len(invoices)} seen, {len(invoices)} updated, 0 unchanged, 0 stale, 0 retired, "
        f"0 failed, {len(invoices)} calls, 0 left",
    ]
    assert without_detail() == set()
    assert Customer.objects.filter(contactpersons__isnull=False).exists()


def test_the_limit_holds_for_all_modules_together(zoho, invoices, capsys):
    contacts = ZohoRecord.objects.filter(module="contact").count()

    call_command("zoho_backfill", "--limit", str(contacts + 2))

    assert (len(without_detail("contact")), len(without_detail())) == (0, len(invoices) - 2)


def test_a_spent_day_is_said_and_is_no_failure(zoho, invoices, settings, capsys):
    settings.ZOHO_REQUESTS_PER_DAY = 10

    call_command("zoho_backfill")

    told = capsys.readouterr()
    assert told.out.startswith("customer: completed, ")
    assert "requests are used" in told.err
    assert SyncRun.objects.count() == 1


def test_what_could_not_be_applied_ends_the_command_with_1(zoho, invoices, capsys):
    zoho.control.fault("bad_parameter", path=invoices[0])

    with pytest.raises(SystemExit) as ended:
        call_command("zoho_backfill", "invoice", "--limit", "1")

    assert ended.value.code == 1
    assert capsys.readouterr().err.startswith(f"invoice: {invoices[0]}: ")


def test_the_status_says_how_far_it_is(zoho, invoices, capsys):
    fill(limit=3)
    calls = zoho.calls()
    capsys.readouterr()

    call_command("zoho_backfill", "invoice", "--status")

    heading, row, total = capsys.readouterr().out.splitlines()
    assert heading.split("  ")[-1].strip() == "days left"
    assert row.split()[:5] == ["invoice", str(len(invoices)), "3", str(len(invoices) - 3), "0"]
    assert total == f"{len(invoices) - 3} to fetch, about 0.0 days"
    assert (zoho.calls(), SyncRun.objects.count()) == (calls, 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["rocket"], "unknown: rocket"),
        (["currency", "invoice"], "leave nothing out: currency"),
        (["--limit", "0"], "--limit: must be at least 1"),
    ],
    ids=str,
)
def test_wrong_use_is_told_in_one_line(zoho, arguments, message):
    with pytest.raises(CommandError, match=message) as refused:
        call_command("zoho_backfill", *arguments)

    assert (refused.value.returncode, SyncRun.objects.count(), zoho.calls()) == (2, 0, 0)


def test_without_credentials_nothing_is_begun(zoho, settings):
    settings.ZOHO_CLIENT_ID = ""

    with pytest.raises(CommandError, match="ZOHO_CLIENT_ID") as refused:
        call_command("zoho_backfill")

    assert (refused.value.returncode, SyncRun.objects.count()) == (2, 0)


def test_a_second_run_of_the_same_module_is_refused(zoho):
    open_run()

    with pytest.raises(CommandError, match="backfill of invoice is already under way") as refused:
        call_command("zoho_backfill", "invoice")

    assert refused.value.returncode == 2
