"""What the tests of reconciliation share: a company brought here whole, and what a report says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.management import call_command

from zoho_sandbox.server import Sandbox
from zoho_sync.models import Difference, Reconciliation
from zoho_sync.tests.conftest import point_at

Run = Callable[..., tuple[int, str, str]]


def brought(sandbox: Sandbox) -> None:
    """Everything that the sandbox has, whole, and the pictures."""
    call_command("sync_zoho", "--full", "--images")
    call_command("sync_stock", "--mode", "full")
    call_command("zoho_backfill")


@pytest.fixture
def zoho(transactional_db: None, settings: Any) -> Iterator[Sandbox]:
    """A sandbox with odd books, all of which is here."""
    with Sandbox() as sandbox:
        point_at(sandbox, settings)
        sandbox.control.make_odd()
        brought(sandbox)
        yield sandbox


@pytest.fixture
def listed(db: None, settings: Any) -> Iterator[Sandbox]:
    """A sandbox without pictures, of which everything is here that lists and the stock tell."""
    with Sandbox() as sandbox:
        point_at(sandbox, settings)
        for item in sandbox.control.records("item"):
            sandbox.control.picture(item["item_id"], "none")
        call_command("sync_zoho", "--full")
        call_command("sync_stock", "--mode", "full")
        yield sandbox


@pytest.fixture
def reconcile(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `zoho_reconcile`; its exit code, stdout and stderr."""

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = 0
        try:
            call_command("zoho_reconcile", *arguments)
        except SystemExit as ended:
            code = int(ended.code or 0)
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


def last_report() -> Reconciliation:
    return Reconciliation.objects.latest("pk")


def found(*states: str) -> set[tuple[str, str, str, str]]:
    """Subject, Zoho id, kind and field of what the last report found; of these states, all but duplicates without."""
    rows = last_report().differences.exclude(state=Difference.State.NOTED)
    rows = rows.filter(state__in=states) if states else rows
    return set(rows.values_list("subject", "zoho_id", "kind", "field"))
