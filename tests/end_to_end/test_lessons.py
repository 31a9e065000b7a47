"""The failures of the first system, each with its test here; and a CI that nothing gets past."""

from __future__ import annotations

import ast
import os
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.processes import ROOT

LESSONS = {f"L{number}" for number in range(1, 35)}
# On the whole system, with real processes.
END_TO_END = {f"L{number}" for number in (*range(1, 19), 23, 24, 26, 27, 28, 29, 30, 32, 34)}
FOLDERS = ("tests", "tsh_erp/tests", "catalog/tests", "commerce/tests", "zoho_sync/tests", "mobile_bff/tests")


def lessons_with_tests(folder: Path) -> Iterator[str]:
    """The argument of each @pytest.mark.lesson(…) on a test."""
    for file in folder.rglob("test_*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield from (
                    mark.args[0].value
                    for mark in node.decorator_list
                    if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.lesson"
                )


def test_every_lesson_has_its_test() -> None:
    marked = {lesson for folder in FOLDERS for lesson in lessons_with_tests(ROOT / folder)}

    assert LESSONS - marked == set()
    assert END_TO_END - set(lessons_with_tests(Path(__file__).parent)) == set()


@pytest.mark.lesson("L32")
def test_ci_stops_at_the_first_failure_and_runs_these_tests() -> None:
    script = ROOT / ".ci" / "run"
    lines = script.read_text(encoding="utf-8").splitlines()
    options = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["pytest"]["ini_options"]

    assert os.access(script, os.X_OK)
    assert "set -euo pipefail" in lines
    assert (lines[-1].split()[0], lines[-1].split()[-1]) == ("make", "test")
    assert "tests" in options["testpaths"]
    assert options["filterwarnings"] == ["error"]
