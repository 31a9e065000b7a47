"""What every test stands on: no .env, no network but loopback, one database of its own, hypothesis profiles."""

from __future__ import annotations

import ipaddress
import os
import sys
from pathlib import Path
from typing import Any

import django
import pytest
from cryptography.fernet import Fernet
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

# Set before Django reads its settings, and inherited by the processes that tests start.
os.environ["ENV_FILE"] = os.devnull
os.environ["ENVIRONMENT"] = "development"
if "PYTEST_XDIST_WORKER" not in os.environ:  # a worker inherits them, and has read its settings by now
    os.environ["FIELD_ENCRYPTION_KEYS"] = Fernet.generate_key().decode()
os.environ.setdefault("LOG_LEVEL", "WARNING")
os.environ["DJANGO_SETTINGS_MODULE"] = "tsh_erp.settings"
django.setup()

for name, examples in (("quick", 200), ("thorough", 2_000)):
    hypothesis_settings.register_profile(
        name, max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


class NetworkForbidden(Exception):
    """A test tried to leave the machine."""


def _is_local(host: Any) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost"):
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _refuse_network(event: str, args: tuple[Any, ...]) -> None:
    if event == "socket.getaddrinfo":
        host = args[0]
    elif event in ("socket.connect", "socket.sendto") and isinstance(args[1], tuple):
        host = args[1][0]
    else:
        return
    if not _is_local(host):
        raise NetworkForbidden(f"tests stay on this machine, but something asked for {host!r}")


sys.addaudithook(_refuse_network)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """SQLite as a file, as in real life (threads and processes share it), in this run's own folder."""
    from django.conf import settings

    from tests.prepared_database import template

    database = settings.DATABASES["default"]
    wanted = database.setdefault("TEST", {})
    if database["ENGINE"].endswith("sqlite3"):
        wanted["NAME"] = str(_sqlite_file(tmp_path_factory))
    else:
        wanted["TEMPLATE"] = template()


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_keepdb: bool, tmp_path_factory: pytest.TempPathFactory) -> bool:
    """On SQLite, work on a copy of a migrated database where one is kept (on PostgreSQL it is the template)."""
    from django.db import connection

    from tests.prepared_database import place_copy

    return django_db_keepdb or (connection.vendor == "sqlite" and place_copy(_sqlite_file(tmp_path_factory)))


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_keepdb: bool, django_db_blocker: Any) -> None:
    from django.db import connection

    from tests.prepared_database import keep

    if not django_db_keepdb and not connection.settings_dict["TEST"].get("TEMPLATE"):
        with django_db_blocker.unblock():
            keep()


def _sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.getbasetemp() / "test.sqlite3"


@pytest.fixture(scope="session", autouse=True)
def _keep_migrated_rows() -> None:
    """After a test that really commits, Django empties every table; the groups that a migration made must stay."""
    from django.test import TransactionTestCase

    from tests.live.tables import empty_tables

    TransactionTestCase._fixture_teardown = lambda self: empty_tables()


@pytest.fixture(autouse=True)
def _english(settings: Any) -> None:
    """Tests read English unless they ask for Arabic."""
    settings.LANGUAGE_CODE = "en"


@pytest.fixture(scope="session", autouse=True)
def _own_media(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Pictures go to this run's own folder, also those of the processes that tests start."""
    from django.conf import settings

    settings.MEDIA_ROOT = os.environ["MEDIA_ROOT"] = str(tmp_path_factory.getbasetemp() / "media")


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    """Signing in is not what these tests are about: a real hash costs a second each time."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
