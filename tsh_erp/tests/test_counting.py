"""Counting for all processes together."""

from __future__ import annotations

from threading import Thread

import pytest
from django.core.cache import caches
from django.core.management import call_command
from django.db import connection

from tsh_erp import counting
from tsh_erp.counting import count

DATABASE = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "counted"}}


@pytest.fixture
def table(settings, transactional_db):
    settings.CACHES = DATABASE
    call_command("createcachetable", verbosity=0)
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE counted")


def test_in_memory_each_count_is_one_more():
    caches["default"].clear()

    assert [count("some:minute", seconds=60) for _ in range(3)] == [1, 2, 3]
    assert count("other:minute", seconds=60) == 1


def test_in_the_table_one_statement_counts(table, django_assert_num_queries):
    with django_assert_num_queries(3):
        assert [count("some:minute", seconds=60) for _ in range(3)] == [1, 2, 3]
    assert count("other:minute", seconds=60) == 1


def test_processes_at_once_lose_no_count(table):
    def work() -> None:
        for _ in range(25):
            count("busy", seconds=60)
        connection.close()

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert count("busy", seconds=60) == 101


def test_what_has_ended_is_forgotten_now_and_then(table, monkeypatch):
    monkeypatch.setattr(counting, "FORGET_ONE_IN", 1)
    count("old", seconds=-5)

    count("new", seconds=60)

    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM counted")
        assert cursor.fetchone()[0] == 1
