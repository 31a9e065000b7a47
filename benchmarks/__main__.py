"""`python -m benchmarks NAME [--json] [options]`: exit 0 when measured, 1 when that failed, 2 on wrong use."""

from __future__ import annotations

import argparse
import importlib
import os
import secrets
import signal
import sys
from dataclasses import dataclass
from typing import Any

from cryptography.fernet import Fernet

from benchmarks.database import own_database
from benchmarks.processes import ROOT
from benchmarks.report import BenchmarkFailed, Report
from tsh_erp.env import Environment

OUR_PREFIXES = ("TDS_", "ZOHO_", "WEBHOOK_", "DRIFT_")


@dataclass(frozen=True)
class Option:
    """A number on the command line, or a switch where the default is False."""

    name: str
    default: float
    help: str


BENCHMARKS: dict[str, tuple[str, tuple[Option, ...]]] = {
    "ingest": (
        "webhooks a second through gunicorn, beside a bare INSERT",
        (
            Option("seconds", 5.0, "how long each measurement posts"),
            Option("connections", 4, "processes that post at the same time"),
            Option("rate", 100.0, "requests a second for the percentile"),
        ),
    ),
    "drain": (
        "waiting events a second through two workers, beside a django-q2 task for each",
        (
            Option("events", 10_000, "waiting events"),
            Option("peer-events", 0, "events for the peer, if not as many"),
            Option("memory", False, "also measure how a worker's memory grows"),
            Option("memory-events", 10_000, "after so many events, and after ten times as many"),
        ),
    ),
    "latency": (
        "seconds from POST to visible row, at a steady trickle",
        (
            Option("rate", 20.0, "events a second"),
            Option("seconds", 20.0, "how long each measurement posts"),
        ),
    ),
    "backlog": (
        "cost of a claim with a long history and queue, beside a short one",
        (
            Option("finished", 1_000_000, "finished jobs"),
            Option("waiting", 100_000, "waiting jobs"),
            Option("claims", 100, "claims of each batch size"),
        ),
    ),
    "pull": (
        "items pulled a second, new and unchanged, beside COPY and beside get-and-save",
        (
            Option("items", 50_000, "items that Zoho lists"),
            Option("few", 5_000, "items of the pull whose memory is compared"),
            Option("sample", 1_000, "items that are got and saved one by one"),
            Option("real-items", 2_221, "items of the company whose calls are counted"),
            Option("real-contacts", 2_584, "its customers and vendors"),
        ),
    ),
    "stock": (
        "items whose stock is read a second, and in how many calls",
        (Option("items", 2_221, "items that Zoho has"),),
    ),
    "forecast": (
        "error of the forecasts of hourly webhooks, beside repeating yesterday",
        (Option("days", 35, "days of webhooks, of which the first 14 are only seen"),),
    ),
    "monitoring": (
        "time of the dashboard's pages with a million rows in inbox, queue and log",
        (
            Option("rows", 1_000_000, "rows in each of the three tables"),
            Option("requests", 60, "requests for each page"),
        ),
    ),
    "admin": (
        "time of the overview and of every list of the admin, with a million rows in inbox, queue and log",
        (
            Option("rows", 1_000_000, "rows in each of the three tables"),
            Option("products", 50_000, "products, and documents of each kind"),
            Option("partners", 5_000, "customers, and a tenth as many vendors"),
            Option("requests", 20, "requests for each page"),
        ),
    ),
    "mobile": (
        "bytes, calls and time of the phones' screens, beside the same screen from the ERP's own resources",
        (
            Option("products", 50_000, "products of the shop"),
            Option("rate", 20.0, "requests a second"),
            Option("seconds", 20.0, "how long each measurement asks"),
            Option("clients", 20, "phones that ask at the same time"),
        ),
    ),
    "remap": (
        "mirrored records mapped anew a second, beside a loop that gets and saves",
        (Option("items", 20_000, "mirrored items"),),
    ),
}


def main() -> int:
    arguments = _parser().parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that databases are dropped and processes stopped
    given = Environment.load(ROOT / ".env").secret("DATABASE_URL", "sqlite:///var/tsh_erp.sqlite3")
    try:
        with own_database(given, ROOT) as url:
            report = _measure(arguments, url)
    except BenchmarkFailed as error:
        print(f"{arguments.name}: {error}", file=sys.stderr)
        return 1
    report.print_table()
    if arguments.json:
        print(report.as_json())
    return 0


def _measure(arguments: argparse.Namespace, url: str) -> Report:
    _set_environment(url)
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)
    try:
        report: Report = importlib.import_module(f"benchmarks.{arguments.name}").run(arguments)
        return report
    finally:
        connection.close()


def _set_environment(url: str) -> None:
    """Settings as in production, for this process and those it starts; nothing of this machine's own settings."""
    fixed = {
        "ENV_FILE": os.devnull,
        "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
        "DATABASE_URL": url,
        "ENVIRONMENT": "production",
        "DEBUG": "false",
        "SECRET_KEY": secrets.token_urlsafe(60),
        "FIELD_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "ALLOWED_HOSTS": "127.0.0.1",
        "CSRF_TRUSTED_ORIGINS": "http://127.0.0.1",
        "SECURE_SSL_REDIRECT": "false",
        "LOG_LEVEL": "WARNING",
        "LOG_FORMAT": "json",
        "WEBHOOK_API_KEY": secrets.token_hex(20),
        "METRICS_TOKEN": secrets.token_hex(20),
    }
    for name in list(os.environ):
        if name.startswith(OUR_PREFIXES) or name.removesuffix("_FILE") in fixed or name == "CACHE_URL":
            del os.environ[name]
    os.environ.update(fixed)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure the system against DATABASE_URL's server, in a database of its own.",
    )
    names = parser.add_subparsers(dest="name", metavar="NAME", required=True)
    for name, (description, options) in BENCHMARKS.items():
        one = names.add_parser(
            name,
            help=description,
            description=description,
            formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        )
        one.add_argument("--json", action="store_true", help="print the figures as one JSON object on the last line")
        one.add_argument("--repeat", type=_positive, default=3, help="measurements of which the median counts")
        for option in options:
            _add(one, option)
    return parser


def _add(parser: argparse.ArgumentParser, option: Option) -> None:
    how: dict[str, Any] = (
        {"action": "store_true"}
        if option.default is False
        else {"type": type(option.default), "default": option.default, "metavar": "N"}
    )
    parser.add_argument(f"--{option.name}", help=option.help, **how)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


if __name__ == "__main__":
    sys.exit(main())
