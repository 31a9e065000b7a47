import os
import subprocess
import sys

import pytest
from django.db.migrations.recorder import MigrationRecorder

HEALTHY = {"status": "healthy", "message": "النظام يعمل بشكل طبيعي"}
UNHEALTHY = {"status": "unhealthy", "message": "النظام لا يعمل بشكل طبيعي"}

ASK = """
import django, json
django.setup()
from django.test import Client
for path in ("/health", "/health/live", "/health/ready"):
    answer = Client(raise_request_exception=False).get(path, HTTP_COOKIE="sessionid=abc")
    print(answer.status_code, json.dumps(answer.json(), ensure_ascii=False))
"""


def ask_with_database(url: str) -> list[str]:
    """What the three addresses answer in a process whose database is at `url`."""
    answer = subprocess.run(
        [sys.executable, "-c", ASK],
        env=os.environ | {"DATABASE_URL": url, "ALLOWED_HOSTS": "testserver", "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=True,
    )
    return answer.stdout.splitlines()


@pytest.mark.django_db
def test_a_working_system_is_healthy_in_the_promised_words(client):
    answer = client.get("/health", headers={"accept-language": "en"})

    assert (answer.status_code, answer.json()) == (200, HEALTHY)
    assert answer["Content-Type"] == "application/json"
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
def test_health_costs_one_query(client, django_assert_num_queries):
    client.get("/health")

    with django_assert_num_queries(1):
        client.get("/health")


def test_live_asks_the_database_nothing(client):
    answer = client.get("/health/live")

    assert (answer.status_code, answer.json()) == (200, HEALTHY)


@pytest.mark.django_db
def test_ready_says_what_was_checked(client):
    answer = client.get("/health/ready")

    assert answer.json() == {**HEALTHY, "checks": {"database": True, "migrations": True}}


@pytest.mark.django_db
def test_a_missing_migration_is_unhealthy(client):
    MigrationRecorder.Migration.objects.filter(app="auth").delete()

    assert client.get("/health").json() == UNHEALTHY
    assert client.get("/health").status_code == 503
    assert client.get("/health/ready").json() == {**UNHEALTHY, "checks": {"database": True, "migrations": False}}


@pytest.mark.parametrize(
    ("url", "answers"),
    [("postgresql://nobody:secret@127.0.0.1:1/gone", False), ("sqlite:////nowhere/at/all.sqlite3", False)],
)
def test_a_lost_database_is_unhealthy_but_the_process_lives(url: str, answers: bool, tmp_path):
    if url.startswith("sqlite"):
        (tmp_path / "folder").mkdir()
        url = f"sqlite:///{tmp_path / 'folder'}"  # a folder is no database

    health, live, ready = ask_with_database(url)

    assert health == '503 {"status": "unhealthy", "message": "النظام لا يعمل بشكل طبيعي"}'
    assert live == '200 {"status": "healthy", "message": "النظام يعمل بشكل طبيعي"}'
    assert ready.startswith("503 ")
    assert '"checks": {"database": false, "migrations": false}' in ready
    assert "secret" not in ready


def test_an_empty_database_is_unhealthy(tmp_path):
    health, _live, ready = ask_with_database(f"sqlite:///{tmp_path / 'empty.sqlite3'}")

    assert health.startswith("503 ")
    assert '"checks": {"database": true, "migrations": false}' in ready


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready"])
def test_health_is_only_read(client, path: str):
    answer = client.post(path)

    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "method_not_allowed"
