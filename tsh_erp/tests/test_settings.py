"""The settings file read by a fresh process, as on a server."""

import os
import subprocess
import sys

import pytest

PRODUCTION = {
    "ENVIRONMENT": "production",
    "SECRET_KEY": "0123456789" * 6,
    "ALLOWED_HOSTS": "erp.example.com",
    "CSRF_TRUSTED_ORIGINS": "https://erp.example.com",
    "DATABASE_URL": "postgresql://user:word@127.0.0.1:1/name",
    "ZOHO_WEBHOOK_SECRET": "abcdefghijkl1234",
}


def start(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    values = {name: value for name, value in os.environ.items() if not name.startswith(("DATABASE_", "LOG_"))}
    return subprocess.run(
        [sys.executable, "-c", code], env=values | environment, capture_output=True, text=True, timeout=60, check=False
    )


def serve(**environment: str) -> subprocess.CompletedProcess[str]:
    return start("import tsh_erp.wsgi; print('serving')", **environment)


def test_production_serves_when_everything_is_set():
    answer = serve(**PRODUCTION)

    assert (answer.stdout, answer.returncode) == ("serving\n", 0), answer.stderr


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY: required when ENVIRONMENT is production"),
        ({"ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS: required when ENVIRONMENT is production"),
        ({"SECRET_KEY": "insecure" * 8}, "tsh_erp.E001"),
        ({"SECRET_KEY": "short"}, "tsh_erp.E001"),
        ({"FIELD_ENCRYPTION_KEYS": ""}, "tsh_erp.E002"),
        ({"FIELD_ENCRYPTION_KEYS": "nonsense"}, "tsh_erp.E003"),
        ({"DEBUG": "true"}, "tsh_erp.E004"),
        ({"ALLOWED_HOSTS": "*"}, "tsh_erp.E005"),
        ({"CSRF_TRUSTED_ORIGINS": ""}, "tsh_erp.E006"),
        ({"ZOHO_WEBHOOK_SECRET": ""}, "zoho_sync.E001"),
        ({"DATABASE_URL": "mysql://x"}, "DATABASE_URL: 'mysql' is neither sqlite nor postgresql"),
        ({"TDS_BATCHSIZE": "5"}, "TDS_BATCHSIZE: no such setting; did you mean TDS_BATCH_SIZE?"),
        ({"LOG_LEVEL": "LOUD"}, "LOG_LEVEL: 'LOUD' is not one of"),
    ],
)
def test_a_dangerous_or_wrong_setting_stops_the_start(change: dict[str, str], complaint: str):
    answer = serve(**PRODUCTION | change)

    assert answer.returncode == 1
    assert complaint in answer.stderr.splitlines()[-1]


def test_nothing_is_needed_in_development():
    answer = serve(ENVIRONMENT="development", FIELD_ENCRYPTION_KEYS="")

    assert (answer.stdout, answer.returncode) == ("serving\n", 0), answer.stderr


def test_a_host_in_the_query_is_a_socket_folder():
    answer = start(
        "from django.conf import settings as s; d = s.DATABASES['default']; print(d['HOST'], d['NAME'], d['OPTIONS'])",
        DATABASE_URL="postgresql://user@/name?host=/run/postgresql",
    )

    assert answer.stdout == "/run/postgresql name {'connect_timeout': 5}\n"
