"""The environment of the processes that tests start: this run's own database, secrets made up for the run."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from django.db import connection

OURS = ("TDS_", "ZOHO_", "WEBHOOK_", "DRIFT_", "ALERT_", "EMAIL_")


def _secret() -> str:
    return secrets.token_hex(20)


@dataclass(frozen=True, kw_only=True)
class Secrets:
    """What callers prove themselves with: the one in use, and the one before it, which still holds."""

    api_key: str = field(default_factory=_secret)
    old_api_key: str = field(default_factory=_secret)
    signing: str = field(default_factory=_secret)
    old_signing: str = field(default_factory=_secret)

    def __iter__(self) -> Iterator[str]:
        return iter((self.api_key, self.old_api_key, self.signing, self.old_signing))


def database_url() -> str:
    """The address of the database that this test process uses, for other processes."""
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{quote(str(database['NAME']))}"
    host = str(database["HOST"])
    login = ":".join(quote(str(part), safe="") for part in (database["USER"], database["PASSWORD"]) if part)
    place = "" if host.startswith("/") else host
    port = f":{database['PORT']}" if database["PORT"] else ""
    query = f"?{urlencode({'host': host})}" if host.startswith("/") else ""
    return f"postgresql://{login}@{place}{port}/{quote(str(database['NAME']), safe='')}{query}"


def project_environment(**settings: str) -> Mapping[str, str]:
    """Environment variables for a process of this project on the test database, with only `settings` set by name."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return inherited | {
        "ENV_FILE": os.devnull,
        "ENVIRONMENT": "development",
        "DEBUG": "false",
        "DATABASE_URL": database_url(),
        "PYTHONUNBUFFERED": "1",
        **settings,
    }
