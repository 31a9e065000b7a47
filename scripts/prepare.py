"""Makes a fresh clone ready for `make run`: .env, database, a superuser, schedules. Safe to repeat."""

from __future__ import annotations

import os
import secrets
import socket
import string
import sys
from pathlib import Path

from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command

from tsh_erp.env import read_dotenv

ROOT = Path(__file__).resolve().parent.parent
DOTENV = ROOT / ".env"
PASSWORD_FILE = ROOT / "var" / "demo-password.txt"
SANDBOX_PORT = 9800
LETTERS = string.ascii_letters + string.digits


def prepare() -> int:
    """0, or 1 after saying on stderr why this machine cannot be made ready."""
    try:
        complete_dotenv(DOTENV, os.environ)
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tsh_erp.settings")
        _refuse_taken_ports(int(os.environ.get("PORT", "8000")), SANDBOX_PORT)
        _prepare_database()
    except (ImproperlyConfigured, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def complete_dotenv(path: Path, environment: os._Environ[str] | dict[str, str]) -> list[str]:
    """Write the secrets and the sandbox's address that are set neither in `path` nor in `environment`.

    Nothing that is there is touched; Zoho's settings are written only when none of them is set, so that a real
    organisation is never mixed with the sandbox. Returns the names written. Refuses a file of another machine.
    """
    present = {**(read_dotenv(path) if path.is_file() else {}), **environment}
    stage = present.get("ENVIRONMENT") or "development"
    if stage != "development":
        raise ImproperlyConfigured(f"ENVIRONMENT is {stage}: `make run` is for a desk; see docs/operations.md")
    wanted = {
        "SECRET_KEY": _random(64),
        "FIELD_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "WEBHOOK_API_KEY": _random(40),
        "ZOHO_WEBHOOK_SECRET": _random(40),  # Zoho takes 12 to 50 letters and digits
    }
    zoho = {
        "ZOHO_ACCOUNTS_URL": f"http://127.0.0.1:{SANDBOX_PORT}",
        "ZOHO_API_URL": f"http://127.0.0.1:{SANDBOX_PORT}",
        "ZOHO_CLIENT_ID": f"1000.{_random(30).upper()}",
        "ZOHO_CLIENT_SECRET": _random(42),
        "ZOHO_REFRESH_TOKEN": f"1000.{_random(32)}.{_random(32)}",
        "ZOHO_ORGANIZATION_ID": "".join(secrets.choice("123456789") for _ in range(9)),
    }
    if not any(present.get(name) for name in zoho):
        # The sandbox bears more than Zoho, and nobody wants to wait for a demonstration.
        wanted |= zoho | {"ZOHO_REQUESTS_PER_MINUTE": "6000", "ZOHO_REQUESTS_PER_DAY": "1000000"}
    missing = {name: value for name, value in wanted.items() if not present.get(name)}
    if missing:
        is_new = not path.exists()
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "a", encoding="utf-8") as file:
            if is_new:
                file.write("# Settings of this machine, written by `make run`. Never commit this file.\n")
            elif not path.read_text(encoding="utf-8").endswith("\n"):
                file.write("\n")
            file.writelines(f"{name}={value}\n" for name, value in missing.items())
        sys.stdout.write(f"Wrote {', '.join(missing)} to {path.name}\n")
    return list(missing)


def _prepare_database() -> None:
    import django

    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)
    call_command("sync_schedules", verbosity=0)
    _create_superuser()


def _create_superuser() -> None:
    """`admin`, with a random password kept for the next run in a file that only this user reads."""
    from django.contrib.auth import get_user_model

    users = get_user_model().objects
    if users.filter(is_superuser=True).exists():
        return
    password = _random(14)
    users.create_superuser("admin", "admin@example.com", password)
    PASSWORD_FILE.unlink(missing_ok=True)
    with os.fdopen(os.open(PASSWORD_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f"{password}\n")


def _refuse_taken_ports(*ports: int) -> None:
    for port in ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                hint = "" if port == SANDBOX_PORT else " (or choose another: make run PORT=8001)"
                raise OSError(f"Port {port} is taken: stop the program that uses it{hint}.") from error


def _random(length: int) -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(length))
