"""Every benchmark runs, prints what the contract promises, and leaves nothing behind."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psycopg2
import pytest

from benchmarks.database import MARK, own_database
from benchmarks.items import item_body
from benchmarks.report import BenchmarkFailed, Figure, Report, percentile

ROOT = Path(__file__).resolve().parent.parent
ON_POSTGRES = os.environ.get("DATABASE_URL", "").startswith("postgres")
SMALL = {
    "ingest": (
        ["--seconds", "1", "--connections", "2", "--rate", "20"],
        {"requests_per_second", "ratio_to_bare_insert", "p99_ms"},
    ),
    "drain": (
        ["--events", "120", "--memory", "--memory-events", "20"],
        {
            "records_per_second_batch_10",
            "records_per_second_batch_100",
            "ratio_to_task_per_event",
            "memory_growth_mb",
        },
    ),
    "latency": (["--seconds", "2", "--rate", "5"], {"p50_seconds", "p95_seconds"}),
    "stock": (["--items", "150"], {"per_second", "calls"}),
    "monitoring": (["--rows", "1000", "--requests", "3"], {"p95_ms"}),
    "admin": (["--rows", "1000", "--products", "120", "--partners", "20", "--requests", "1"], {"p95_ms", "html_kb"}),
    "forecast": ([], {"mae", "coverage", "naive_mae"}),
    "remap": (
        ["--items", "250"],
        {"per_second", "changed_per_second", "get_and_save_per_second", "ratio_to_get_and_save", "calls"},
    ),
    "pull": (
        ["--items", "500", "--few", "120", "--sample", "20", "--real-items", "60", "--real-contacts", "30"],
        {
            "first_load_per_second",
            "unchanged_per_second",
            "ratio_to_copy_merge",
            "ratio_to_get_and_save",
            "peak_mb_growth",
            "calls",
        },
    ),
    "mobile": (
        ["--products", "250", "--rate", "10", "--seconds", "2", "--clients", "4", "--repeat", "1"],
        {"bytes_saved", "calls_saved", "p95_ms", "ratio_50k_to_2k", "home_bytes", "home_gzip_bytes"},
    ),
    "backlog": (["--finished", "500", "--waiting", "200", "--claims", "3"], {"claim_ms", "ratio_to_empty"}),
}


@pytest.fixture
def url(tmp_path):
    return os.environ["DATABASE_URL"] if ON_POSTGRES else f"sqlite:///{tmp_path / 'given.sqlite3'}"


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_a_benchmark_measures_what_the_contract_promises(name, url, tmp_path):
    options, keys = SMALL[name]

    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", name, "--json", "--repeat", "1", *options],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url},
        capture_output=True,
        text=True,
        timeout=300,
    )

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert keys <= found.keys()
    assert all(isinstance(found[key], float) for key in keys)
    assert f"Benchmark: {name}" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_benchmark_is_wrong_use():
    done = subprocess.run([sys.executable, "-m", "benchmarks", "speed"], cwd=ROOT, capture_output=True, timeout=60)

    assert done.returncode == 2


def test_a_file_that_no_benchmark_made_is_left_alone(tmp_path):
    file = tmp_path / "shop_bench.sqlite3"
    file.write_text("mine")

    with pytest.raises(BenchmarkFailed, match="left alone"), own_database(f"sqlite:///{tmp_path}/shop.sqlite3", ROOT):
        pass

    assert file.read_text() == "mine"


def test_the_given_file_is_not_touched_and_the_own_one_is_deleted(tmp_path):
    given = tmp_path / "shop.sqlite3"
    given.write_text("mine")

    with own_database(f"sqlite:///{given}", ROOT) as own:
        assert own == f"sqlite:///{tmp_path / 'shop_bench.sqlite3'}"
        assert (tmp_path / "shop_bench.sqlite3").exists()

    assert [file.name for file in tmp_path.iterdir()] == ["shop.sqlite3"]
    assert given.read_text() == "mine"


@pytest.mark.skipif(not ON_POSTGRES, reason="needs PostgreSQL")
def test_a_database_that_no_benchmark_made_is_left_alone(url):
    connection = psycopg2.connect(url)
    connection.autocommit = True
    name = connection.info.dbname + "_bench"
    cursor = connection.cursor()
    cursor.execute(f'CREATE DATABASE "{name}"')
    try:
        with pytest.raises(BenchmarkFailed, match="left alone"), own_database(url, ROOT):
            pass
        cursor.execute(f"COMMENT ON DATABASE \"{name}\" IS '{MARK}'")

        with own_database(url, ROOT) as own:
            assert own.split("?")[0].endswith(f"/{name}")

        cursor.execute("SELECT count(*) FROM pg_database WHERE datname = %s", [name])
        assert cursor.fetchone() == (0,)
    finally:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
        connection.close()


@pytest.mark.parametrize(("share", "expected"), [(0.5, 5), (0.95, 10), (0.99, 10), (0.1, 1), (0, 1)])
def test_percentiles_are_values_that_were_measured(share, expected):
    assert percentile([10, 9, 8, 7, 6, 5, 4, 3, 2, 1], share) == expected


def test_nothing_measured_is_a_failure():
    with pytest.raises(BenchmarkFailed):
        percentile([], 0.5)


@pytest.mark.parametrize(
    ("value", "bounds", "target", "is_met"),
    [(0.5, {"at_least": 0.5}, "≥ 0.5", True), (2.1, {"at_most": 2}, "≤ 2", False), (7, {}, "", True)],
)
def test_a_figure_knows_its_target(value, bounds, target, is_met):
    figure = Figure(key="k", label="K", value=value, **bounds)

    assert (figure.target, figure.is_met) == (target, is_met)


def test_the_json_is_one_line_with_the_figures_and_their_circumstances():
    figure = Figure(key="claim_ms", label="claim", value=1.23456)
    report = Report(name="backlog", database="sqlite", repeat=3, setting="", figures=[figure])

    assert json.loads(report.as_json()) == {
        "benchmark": "backlog",
        "claim_ms": 1.2346,
        "database": "sqlite",
        "repeat": 3,
        "cpus": os.cpu_count(),
    }


def test_generated_items_differ_in_identity_only():
    one, two = (json.loads(item_body(number))["item"] for number in (1, 2))

    assert {key for key in one if one[key] != two[key]} == {"item_id", "name", "sku", "part_number"}
    assert 1_400 < len(item_body(1)) < 1_800
