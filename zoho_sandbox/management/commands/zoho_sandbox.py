"""`manage.py zoho_sandbox`: a local stand-in for Zoho, until Ctrl-C."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from zoho_sandbox.faults import NAMES, WEATHER, Faults, UnknownFault
from zoho_sandbox.limits import Limits
from zoho_sandbox.server import Sandbox
from zoho_sandbox.tokens import Credentials
from zoho_sandbox.webhooks import Habits, Target
from zoho_sandbox.world.build import REAL_ITEMS, Size


class Command(BaseCommand):
    help = "Serve a make-believe Zoho organisation over HTTP and send its webhooks."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=9800)
        parser.add_argument("--items", type=int, default=REAL_ITEMS, help="items; everything else in proportion")
        parser.add_argument("--contacts", type=int, help="customers and vendors together")
        parser.add_argument("--invoices", type=int, help="invoices; orders, payments, bills in proportion")
        parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same company")
        parser.add_argument("--frozen-clock", action="store_true", help="changes a second apart, not now")
        parser.add_argument(
            "--webhooks-to", metavar="URL", default="", help="where webhooks go, e.g. http://127.0.0.1:8000"
        )
        parser.add_argument("--tick-every", type=float, metavar="SECONDS", help="let something happen every so often")
        parser.add_argument(
            "--duplicate", type=float, default=0.0, metavar="SHARE", help="share of webhooks sent twice"
        )
        parser.add_argument("--drop", type=float, default=0.0, metavar="SHARE", help="share of webhooks never sent")
        parser.add_argument("--late", type=float, default=0.0, metavar="SECONDS", help="delay of every webhook")
        parser.add_argument("--reorder", action="store_true", help="send waiting webhooks in random order")
        parser.add_argument(
            "--fault",
            action="append",
            default=[],
            metavar="NAME[:TIMES[:PATH]]",
            help=f"go wrong: {', '.join(NAMES)}",
        )
        parser.add_argument("--fault-rate", type=float, default=0.0, metavar="SHARE", help="go wrong by chance")
        parser.add_argument("--fault-seed", type=int, default=1, help="the same seed makes the same chances")
        parser.add_argument(
            "--fault-kinds", default=",".join(WEATHER), metavar="NAME,…", help="what goes wrong by chance: %(default)s"
        )
        parser.add_argument("--fault-seconds", type=float, default=1.0, help="how long slow answers and timeouts take")
        parser.add_argument("--per-minute", type=int, default=0, metavar="N", help="enforce a minute's limit (code 44)")
        parser.add_argument("--minute-seconds", type=float, default=60.0, help="a shorter minute, for tests")
        parser.add_argument("--per-day", type=int, default=0, metavar="N", help="enforce a day's limit (code 45)")
        parser.add_argument("--day-seconds", type=float, default=86_400.0, help="a shorter day, for tests")
        parser.add_argument("--at-once", type=int, default=0, metavar="N", help="enforce concurrency (code 1070)")
        parser.add_argument(
            "--frozen", action="store_true", help="render the lists of items beforehand: for benchmarks"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            size = Size.scaled(options["items"], contacts=options["contacts"], invoices=options["invoices"])
            faults = configured_faults(options)
            sandbox = Sandbox(
                host=options["host"],
                port=options["port"],
                size=size,
                seed=options["seed"],
                live=not options["frozen_clock"],
                credentials=configured_credentials(),
                target=configured_target(options["webhooks_to"]),
                habits=Habits(
                    duplicate=options["duplicate"],
                    drop=options["drop"],
                    late=options["late"],
                    reorder=options["reorder"],
                ),
                faults=faults,
                limits=Limits(
                    per_minute=options["per_minute"],
                    minute_seconds=options["minute_seconds"],
                    per_day=options["per_day"],
                    day_seconds=options["day_seconds"],
                    at_once=options["at_once"],
                ),
                frozen=("item",) if options["frozen"] else (),
                tick_every=options["tick_every"],
            )
        except UnknownFault as error:
            raise CommandError(str(error), returncode=2) from error
        # A service manager says SIGTERM where a person says Ctrl-C, and a shell's background job would not hear that.
        for stop in (signal.SIGTERM, signal.SIGINT):
            signal.signal(stop, signal.default_int_handler)
        with sandbox:
            self.stdout.write(f"Zoho sandbox on {sandbox.address}: {size.items} items, {size.contacts} contacts")
            try:
                sandbox.wait()
            except KeyboardInterrupt:
                self.stderr.write("stopped")


def configured_faults(options: Mapping[str, Any]) -> Faults:
    """What goes wrong for certain and by chance. UnknownFault names what is none."""
    faults = Faults(slow_seconds=options["fault_seconds"])
    for text in options["fault"]:
        faults.arm_text(text)
    if rate := options["fault_rate"]:
        kinds = [kind.strip() for kind in options["fault_kinds"].split(",") if kind.strip()]
        faults.arm(*kinds, rate=rate, seed=options["fault_seed"])
    return faults


def configured_credentials() -> Credentials:
    """What this installation would show Zoho, so that it is let in; the sandbox's own where nothing is set."""
    own = Credentials()
    return Credentials(
        client_id=settings.ZOHO_CLIENT_ID or own.client_id,
        client_secret=settings.ZOHO_CLIENT_SECRET or own.client_secret,
        refresh_token=settings.ZOHO_REFRESH_TOKEN or own.refresh_token,
        organization_id=settings.ZOHO_ORGANIZATION_ID or own.organization_id,
    )


def configured_target(url: str) -> Target | None:
    """Webhooks prove themselves with this installation's newest secret and key."""
    if not url:
        return None
    secrets, keys = settings.ZOHO_WEBHOOK_SECRETS, settings.WEBHOOK_API_KEYS
    return Target(url=url.rstrip("/"), secret=secrets[0] if secrets else "", key=keys[0] if keys else "")
