"""A cluster whose database crashes serves again by itself (design/dependencies.md)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg2
import pytest

from tests.live.environment import project_environment
from tests.live.postgres import NotInstalled, Server
from tests.live.processes import PYTHON, LiveProcess, children, run_manage
from tests.live.waiting import wait_for

pytestmark = pytest.mark.slow
WINDOW_SECONDS = 5


@pytest.fixture
def server() -> Iterator[Server]:
    try:
        one = Server()
    except NotInstalled as error:
        pytest.skip(str(error))
    yield one
    one.remove()


def last_beat(server: Server) -> datetime | None:
    """The supervisor asks for a beat again and again: a new one has gone through queue, pusher and worker."""
    try:
        with psycopg2.connect(server.url) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT max(beat_at) FROM jobs_heartbeat")
            beat: datetime | None = cursor.fetchone()[0]
        connection.close()
    except psycopg2.OperationalError:
        return None
    return beat


def test_a_cluster_whose_database_crashed_serves_again(server: Server, tmp_path: Path) -> None:
    environment = project_environment(TDS_HEARTBEAT_SECONDS=str(WINDOW_SECONDS)) | {"DATABASE_URL": server.url}
    migrated = run_manage("migrate", "--verbosity", "0", environment=environment, seconds=300)
    assert migrated.returncode == 0, migrated.stderr
    command = [PYTHON, "-m", "tsh_erp.jobs.supervise", "long"]
    with LiveProcess("supervised", command, environment=environment, folder=tmp_path) as supervisor:
        wait_for(lambda: last_beat(server), seconds=90, what="the cluster works", otherwise=supervisor.describe)

        server.crash_and_start()

        back = datetime.now(UTC)
        wait_for(
            lambda: (beat := last_beat(server)) is not None and beat > back,
            seconds=120,
            what="the cluster works again",
            otherwise=supervisor.describe,
        )
        [head] = children(supervisor.pid)
        assert len(children(head)) == 1
