"""`manage.py sync_stock`: read stock from Zoho now, here, or say how it stands."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from rich.console import Console
from rich.table import Table

from catalog.models import Product, Warehouse
from catalog.stock_summary import LOW, StockSummary, summarise_stock, warehouse_totals
from zoho_sync import runs, stock
from zoho_sync.errors import PermanentError
from zoho_sync.management.connecting import check_connection
from zoho_sync.management.interrupting import stoppable
from zoho_sync.management.performing import Teller, take_again
from zoho_sync.management.stock_tables import low_table, summary_as_json, summary_table, warehouse_table
from zoho_sync.models import SyncRun

LEAST_BATCH, MOST_BATCH = 10, 200
COUNTS = ("seen", "created", "updated", "unchanged", "stale", "skipped", "retired", "failed", "calls")
WAYS = ("mode", "items", "low_stock", "warehouse", "summary", "resume")
# What each way understands besides.
WITH = {
    "mode": {"batch_size", "active_only", "with_stock_only"},
    "items": {"batch_size"},
    "low_stock": {"batch_size", "threshold"},
    "warehouse": {"batch_size"},
    "summary": {"threshold", "json"},
    "resume": {"confirm_sweep"},
}


class Command(BaseCommand):
    help = "Bring the stock of items from Zoho into our tables, all of it or some, or show how it stands."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--mode", metavar="MODE", help="full: read every item; incremental: those that moved")
        parser.add_argument("--items", metavar="A,B", help="read these items: Zoho ids or SKUs")
        parser.add_argument(
            "--low-stock", action="store_true", default=None, help="read the items that run low, then list them"
        )
        parser.add_argument("--warehouse", metavar="ID", help="read the items of a warehouse: its Zoho id or name")
        parser.add_argument(
            "--summary", action="store_true", default=None, help="show how the stock stands, without asking Zoho"
        )
        parser.add_argument("--resume", type=int, metavar="RUN", help="go on with a run that stopped")
        parser.add_argument(
            "--confirm-sweep",
            action="store_true",
            default=None,
            help="with --resume: retire what Zoho says is gone, though it is much at once",
        )
        parser.add_argument("--threshold", metavar="N", help=f"how much on hand is low ({LOW})")
        parser.add_argument(
            "--batch-size", type=int, metavar="N", help=f"items that share a transaction ({stock.BATCH_SIZE})"
        )
        parser.add_argument(
            "--active-only", action=argparse.BooleanOptionalAction, default=None, help="leave out inactive items"
        )
        parser.add_argument(
            "--with-stock-only", action="store_true", default=None, help="leave out items that lie nowhere"
        )
        parser.add_argument("--json", action="store_true", default=None, help="the summary as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        way = chosen_way(options)
        threshold = read_threshold(options["threshold"])
        if way == "summary":
            return self._show(summarise_stock(threshold=threshold), as_json=bool(options["json"]))
        run = self._resume(options) if way == "resume" else self._read(way, options, threshold)
        if way == "low_stock":
            self._print(low_table(threshold))
        if way == "warehouse":
            self._print(warehouse_table(warehouse_totals(find_warehouse(options["warehouse"]).zoho_id)))
        if run.status != SyncRun.Status.COMPLETED:
            raise SystemExit(1)
        return None

    # --- reading ----------------------------------------------------------------------------------

    def _read(self, way: str, options: Mapping[str, Any], threshold: Decimal) -> SyncRun:
        wanted: dict[str, Any] = {"batch_size": options["batch_size"] or stock.BATCH_SIZE}
        mode = SyncRun.Mode.CHOSEN
        if way == "mode":
            mode = SyncRun.Mode(options["mode"])
            wanted |= {name: bool(options[name]) for name in ("active_only", "with_stock_only")}
        else:
            wanted["items"] = self._chosen_items(way, options, threshold)
        check_connection()
        try:
            opened = runs.open_run(
                SyncRun.Kind.STOCK,
                stock.MODULE,
                mode=mode,
                trigger=SyncRun.Trigger.COMMAND,
                options=wanted,
            )
        except runs.AlreadyRunning as error:
            raise CommandError(str(error), returncode=2) from error
        return self._perform(runs.take(opened.pk))

    def _chosen_items(self, way: str, options: Mapping[str, Any], threshold: Decimal) -> list[str]:
        if way == "items":
            names = [name for text in options["items"].split(",") if (name := text.strip())]
            try:
                return stock.find_items(names)
            except stock.UnknownItems as error:
                raise CommandError(f"--items: {error}", returncode=2) from error
        products = Product.objects.low(threshold)
        if way == "warehouse":
            warehouse = find_warehouse(options["warehouse"])
            products = Product.objects.tracked().filter(stock_levels__warehouse=warehouse)
        return [str(zoho_id) for zoho_id in products.values_list("zoho_id", flat=True) if zoho_id]

    def _resume(self, options: Mapping[str, Any]) -> SyncRun:
        run_id = options["resume"]
        known = SyncRun.objects.of(SyncRun.Kind.STOCK, stock.MODULE)
        confirmed = bool(options["confirm_sweep"])
        return self._perform(
            take_again(run_id, known, unknown=f"there is no stock run {run_id}", confirm_sweep=confirmed)
        )

    def _perform(self, run: SyncRun) -> SyncRun:
        teller, go_on = Teller(self, COUNTS), f"go on with: manage.py sync_stock --resume {run.pk}"
        with stoppable():
            teller.perform(run, stock.perform, name="stock", go_on=go_on)
        teller.tell(run, name="stock")
        if run.status in (SyncRun.Status.FAILED, SyncRun.Status.CANCELLED):
            self.stderr.write(f"stock: {go_on}")
        return run

    # --- showing ----------------------------------------------------------------------------------

    def _show(self, summary: StockSummary, *, as_json: bool) -> None:
        state = stock.stock_state(at=timezone.now())
        if as_json:
            self.stdout.write(json.dumps(summary_as_json(summary, state)))
            return
        for table in (summary_table(summary, state), warehouse_table(summary.warehouses)):
            self._print(table)

    def _print(self, table: Table) -> None:
        console = Console()
        with console.capture() as capture:
            console.print(table)
        self.stdout.write(capture.get())


def chosen_way(options: Mapping[str, Any]) -> str:
    """The one way that was asked for. CommandError (2) for none, several, or what it does not understand."""
    ways = [way for way in WAYS if options[way] is not None]
    if len(ways) != 1:
        names = ", ".join(_flag(way) for way in WAYS)
        raise CommandError(f"one of {names} is needed, and no more than one", returncode=2)
    [way] = ways
    others = {name for allowed in WITH.values() for name in allowed} - WITH[way]
    if wrong := sorted(_flag(name) for name in others if options[name] is not None):
        raise CommandError(f"{', '.join(wrong)}: not together with {_flag(way)}", returncode=2)
    if way == "mode" and options["mode"] not in (SyncRun.Mode.FULL, SyncRun.Mode.INCREMENTAL):
        raise CommandError(f"--mode: {options['mode']!r} is neither full nor incremental", returncode=2)
    if way == "items" and not options["items"].strip(" ,"):
        raise CommandError("--items: names no item", returncode=2)
    size = options["batch_size"]
    if size is not None and not LEAST_BATCH <= size <= MOST_BATCH:
        raise CommandError(f"--batch-size: must be between {LEAST_BATCH} and {MOST_BATCH}", returncode=2)
    return way


def read_threshold(text: str | None) -> Decimal:
    """How much on hand is low. CommandError (2) where it is no number."""
    if text is None:
        return LOW
    try:
        number = Decimal(str(text))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number) >= 10**18:
        raise CommandError(f"--threshold: {text!r} is not a number", returncode=2)
    return number


def find_warehouse(name: str) -> Warehouse:
    try:
        return stock.find_warehouse(name)
    except PermanentError as error:
        raise CommandError(f"--warehouse: {error}", returncode=2) from error


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"
