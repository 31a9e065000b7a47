"""/metrics: who may scrape it, what it tells, and that many processes count as one."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from django.db import connection
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from tests.live.environment import project_environment
from tests.live.processes import PYTHON, LiveProcess, free_port
from tests.live.waiting import wait_for
from tsh_erp.request_metrics import route_of
from zoho_sync.tests.seeding import alert, job, letter

TOKEN = "scrape"
PROMISED = {
    "tsh_alerts_open",
    "tsh_database_bytes",
    "tsh_database_up",
    "tsh_dead_letters_open",
    "tsh_freshness_seconds",
    "tsh_http_request_duration_seconds",
    "tsh_http_requests",
    "tsh_lag_seconds",
    "tsh_processing_seconds",
    "tsh_queue_jobs",
    "tsh_queue_oldest_due_seconds",
    "tsh_success_rate",
    "tsh_sync_standing",
    "tsh_webhooks_last_day",
    "tsh_workers_alive",
}


def read(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Every sample of Prometheus' text by its name and labels."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def requests_to(text: str, route: str, status: str = "200", method: str = "GET") -> float:
    labels = (("method", method), ("route", route), ("status", status))
    return read(text).get(("tsh_http_requests_total", labels), 0)


def scrape(client: Client, **headers: str) -> Any:
    return client.get("/metrics", headers=headers)


# --- who may -------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_token_opens_it(client, settings):
    settings.IS_DEVELOPMENT, settings.METRICS_TOKEN = False, TOKEN

    assert scrape(client, authorization=f"Bearer {TOKEN}").status_code == 200
    refused = scrape(client, authorization="Bearer wrong")
    assert (refused.status_code, refused["WWW-Authenticate"]) == (401, "Bearer")
    assert TOKEN not in refused.content.decode()


@pytest.mark.django_db
def test_nobody_gets_in_where_no_token_is_configured(client, settings):
    settings.IS_DEVELOPMENT, settings.METRICS_TOKEN = False, ""

    assert scrape(client).status_code == 401
    assert scrape(client, authorization="Bearer ").status_code == 401


@pytest.mark.django_db
def test_in_development_this_machine_may_scrape_but_nobody_through_a_proxy(client):
    assert scrape(client).status_code == 200
    assert client.get("/metrics", REMOTE_ADDR="::1").status_code == 200

    for header in ("x-forwarded-for", "forwarded", "x-real-ip", "via", "x-forwarded-host", "x-forwarded-proto"):
        assert scrape(client, **{header: "127.0.0.1"}).status_code == 401
    for address in ("198.18.0.1", "", "nonsense"):
        assert client.get("/metrics", REMOTE_ADDR=address).status_code == 401


@pytest.mark.django_db
def test_it_is_only_read(client):
    assert client.post("/metrics").status_code == 405


# --- what it tells -------------------------------------------------------------------------------


@pytest.mark.django_db
def test_it_tells_the_state_of_the_sync_as_prometheus_reads_it(client):
    job("pending", at=timezone.now())
    job("completed")
    letter()
    alert()

    answer = scrape(client)

    assert answer["Content-Type"].startswith("text/plain; version=")
    text = answer.content.decode()
    assert {family.name for family in text_string_to_metric_families(text)} >= PROMISED
    found = read(text)
    assert found["tsh_queue_jobs", (("state", "pending"),)] == 1
    assert found["tsh_queue_jobs", (("state", "processing"),)] == 0
    assert found["tsh_dead_letters_open", ()] == found["tsh_database_up", ()] == 1
    assert found["tsh_sync_standing", (("standing", "unhealthy"),)] == 1
    assert ("tsh_success_rate", ()) not in found  # nothing was tried: unknown is not 0
    assert found["tsh_database_bytes", ()] > 0


@pytest.mark.django_db
def test_requests_are_counted_by_route_and_not_by_address(client):
    before = scrape(client).content.decode()
    for path in ("/no/such/1", "/no/such/2", "/media/pictures/x.webp", "/media/pictures/y.webp", "/health/live"):
        client.get(path)
    client.generic("BREW", "/health/live")

    after = scrape(client).content.decode()

    def more(route: str, status: str, method: str = "GET") -> float:
        return requests_to(after, route, status, method) - requests_to(before, route, status, method)

    assert more("unmatched", "404") == 2
    assert more("picture", "404") == 2
    assert more("health-live", "200") == 1
    assert more("health-live", "405", "other") == 1
    assert more("metrics", "200") == 1
    assert "/no/such" not in after
    assert ("tsh_http_request_duration_seconds_count", (("method", "GET"), ("route", "health-live"))) in read(after)


def test_a_request_that_found_no_route_has_none(rf):
    assert route_of(rf.get("/")) == "unmatched"


@pytest.mark.django_db
def test_labels_are_few(client):
    for number in range(3):
        client.get(f"/api/zoho/bulk-sync/status/{number}")
        client.post(f"/api/zoho/webhooks/products?number={number}")

    labels = {labels for name, labels in read(scrape(client).content.decode()) if name == "tsh_http_requests_total"}

    routes = {dict(one)["route"] for one in labels}
    assert {"zoho_sync:bulk-run", "zoho_sync:webhook"} <= routes
    assert not any(re.search(r"\d", route) for route in routes)


@pytest.mark.django_db
def test_a_database_that_fails_is_told_and_requests_are_told_still(client):
    with connection.execute_wrapper(_broken):
        answer = scrape(client)

    found = read(answer.content.decode())
    assert answer.status_code == 200
    assert found["tsh_database_up", ()] == 0
    assert not any(name == "tsh_queue_jobs" for name, _ in found)
    assert any(name == "tsh_http_requests_total" for name, _ in found)


def _broken(execute: Any, statement: str, *rest: Any) -> Any:
    from django.db import OperationalError

    raise OperationalError("the database is away")


# --- several processes ---------------------------------------------------------------------------


@pytest.fixture
def web(transactional_db: None, tmp_path: Path) -> Iterator[tuple[str, LiveProcess, Path]]:
    """gunicorn with two workers, which count in a folder of this test's."""
    folder = tmp_path / "metrics"
    folder.mkdir()
    (folder / "counter_1.db").write_bytes(b"what an earlier start left behind")
    port = free_port()
    with LiveProcess(
        "web",
        (PYTHON, "-m", "gunicorn", "tsh_erp.wsgi", "--bind", f"127.0.0.1:{port}", "--workers", "2"),
        environment=project_environment(PROMETHEUS_MULTIPROC_DIR=str(folder), METRICS_TOKEN=TOKEN),
        folder=tmp_path / "logs",
    ) as process:
        url = f"http://127.0.0.1:{port}"
        wait_for(lambda: _answers(url), seconds=60, what="gunicorn answers", otherwise=process.describe)
        yield url, process, folder


def test_two_processes_count_as_one_and_a_dead_one_is_not_forgotten(web):
    url, process, folder = web
    before = requests_to(_scraped(url), "health-ready")
    for _ in range(30):
        assert requests.get(f"{url}/health/ready", timeout=10).status_code == 200

    assert requests_to(_scraped(url), "health-ready") == before + 30

    os.kill(_workers(process)[0], signal.SIGKILL)  # its file stays
    wait_for(lambda: len(_workers(process)) == 2 and _answers(url), seconds=60, what="a new worker")
    assert requests_to(_scraped(url), "health-ready") == before + 30
    assert not (folder / "counter_1.db").exists()
    assert process.is_running


def test_a_folder_that_was_tidied_away_stops_no_new_worker(web):
    url, process, folder = web
    shutil.rmtree(folder)

    for pid in _workers(process):
        os.kill(pid, signal.SIGKILL)

    wait_for(lambda: _answers(url), seconds=60, what="a new worker answers", otherwise=process.describe)
    assert requests.get(f"{url}/health/ready", timeout=10).status_code == 200


def test_a_folder_of_its_own_is_removed_in_the_end(tmp_path):
    script = "import runpy, os\nhooks = runpy.run_path('gunicorn.conf.py')\n" + (
        "hooks['on_starting'](None)\nfolder = os.environ['PROMETHEUS_MULTIPROC_DIR']\n"
        "assert os.path.isdir(folder)\nhooks['on_exit'](None)\nassert not os.path.exists(folder)\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "PROMETHEUS_MULTIPROC_DIR"}

    done = subprocess.run([sys.executable, "-c", script], env=environment | {"TMPDIR": str(tmp_path)}, check=False)

    assert done.returncode == 0
    assert list(tmp_path.iterdir()) == []


def _scraped(url: str) -> str:
    answer = requests.get(f"{url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=30)
    assert answer.status_code == 200
    return answer.text


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/health/live", timeout=5).status_code == 200
    except requests.RequestException:
        return False


def _workers(process: LiveProcess) -> list[int]:
    """The living children of gunicorn's master."""
    return [
        int(stat.parent.name)
        for stat in Path("/proc").glob("[0-9]*/stat")
        if (fields := _fields(stat)) and fields[1] == str(process.pid) and fields[0] != "Z"
    ]


def _fields(stat: Path) -> list[str]:
    try:
        return stat.read_text().rpartition(")")[2].split()
    except OSError:
        return []
