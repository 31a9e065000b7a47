"""`python -m tests.load.chaos`: exit code 0 when everything held, 1 when anything did not."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from pathlib import Path

import django
from cryptography.fernet import Fernet

from tests.live.postgres import Server
from tests.load.chaos.plan import Plan


def main() -> int:
    plan, folder = _read_arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that nothing is left running
    server = Server()
    try:
        os.environ |= {
            "DATABASE_URL": server.url,
            "DJANGO_SETTINGS_MODULE": "tsh_erp.settings",
            "ENV_FILE": os.devnull,
            "ENVIRONMENT": "development",
            "FIELD_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
            "LOG_LEVEL": "ERROR",
        }
        django.setup()
        from tests.load.chaos.running import run

        return 0 if run(server, plan, folder) else 1
    finally:
        server.remove()


def _read_arguments() -> tuple[Plan, Path]:
    usual = Plan()
    parser = argparse.ArgumentParser(prog="tests.load.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=usual.seed, help="the same seed makes the same chances")
    parser.add_argument("--changes", type=int, default=usual.changes)
    parser.add_argument("--storm-seconds", type=float, default=usual.storm_seconds)
    parser.add_argument("--most-seconds", type=float, default=usual.most_seconds)
    parser.add_argument("--least-kills", type=int, default=usual.least_kills)
    parser.add_argument("--logs", type=Path, help="a folder for what the processes say; a temporary one by default")
    given = vars(parser.parse_args())
    folder = given.pop("logs") or Path(tempfile.mkdtemp(prefix="tsh_erp_chaos_logs_"))
    return Plan(**given), folder


if __name__ == "__main__":
    sys.exit(main())
