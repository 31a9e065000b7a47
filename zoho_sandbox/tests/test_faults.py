"""What goes wrong by chance, for a while, or between two pages."""

from __future__ import annotations

import time

import pytest
import requests

from zoho_sandbox.faults import OF_THE_API, Faults, UnknownFault
from zoho_sandbox.server import Sandbox
from zoho_sandbox.tests.conftest import Caller
from zoho_sandbox.world.build import Size


def drawn(seed, rate=0.2, times=400, **options):
    faults = Faults()
    faults.arm("internal_error", "html", rate=rate, seed=seed, **options)
    return [faults.draw("/inventory/v1/items", OF_THE_API) for _ in range(times)]


def test_chance_has_a_rate_and_a_seed():
    first = drawn(7)

    assert first == drawn(7)
    assert first != drawn(8)
    assert 60 <= sum(bool(name) for name in first) <= 100
    assert set(first) == {"", "internal_error", "html"}


def test_chance_can_be_had_a_number_of_times_and_for_some_addresses():
    assert sum(bool(name) for name in drawn(7, rate=0.5, times=200)) > 4
    faults = Faults()
    faults.arm("html", rate=0.99, times=4, path="/bills")

    assert [faults.draw("/books/v3/users", OF_THE_API) for _ in range(9)] == [""] * 9
    assert sum(bool(faults.draw("/books/v3/bills", OF_THE_API)) for _ in range(99)) == 4


@pytest.mark.parametrize("options", [{"rate": 1.5}, {"rate": -0.1}])
def test_a_rate_is_a_share(options):
    with pytest.raises(UnknownFault, match="is no rate"):
        Faults().arm("html", **options)


def test_a_share_of_all_calls_goes_wrong_in_all_kinds_of_ways(zoho):
    kinds = ["internal_error", "html", "too_many_at_once", "cut_off"]
    zoho.control("fault", kinds=kinds, rate=0.5, seed=3)

    statuses = [zoho.get("/inventory/v1/users").status_code for _ in range(40)]
    zoho.control("fault")

    struck = zoho.sandbox.stats()["faults"]
    assert set(struck) == set(kinds)
    assert 10 <= sum(struck.values()) <= 30
    assert statuses.count(429) == struck["too_many_at_once"]
    assert zoho.get("/inventory/v1/users").status_code == 200


@pytest.mark.parametrize("name", ["hung_up", "timeout"])
def test_a_connection_that_is_closed_without_an_answer(zoho, name):
    zoho.control("fault", name=name, times=1, seconds=0.01)

    with pytest.raises(requests.ConnectionError):
        zoho.get("/inventory/v1/users")

    assert zoho.get("/inventory/v1/users").status_code == 200


def test_an_answer_that_breaks_off(zoho):
    zoho.control("fault", name="broken_off", times=1)

    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        zoho.get("/inventory/v1/users")

    assert zoho.get("/inventory/v1/users").status_code == 200


def test_a_connection_is_kept_for_the_next_request(zoho):
    zoho.get("/inventory/v1/users")
    (pool,) = zoho.session.get_adapter("http://").poolmanager.pools._container.values()
    before = pool.num_connections

    for _ in range(5):
        zoho.read("/inventory/v1/items")

    assert pool.num_connections == before


def test_tokens_expire_at_random(zoho):
    zoho.control("fault", name="token_expired", times=1)

    expired = zoho.get("/inventory/v1/users")
    zoho.login()

    assert (expired.status_code, expired.json()["code"]) == (401, 57)
    assert zoho.get("/inventory/v1/users").status_code == 200


@pytest.mark.parametrize("hangs_up", [True, False])
def test_in_an_outage_nobody_is_answered(zoho, hangs_up):
    zoho.control("outage", seconds=60, hangs_up=hangs_up)

    for ask in (lambda: zoho.get("/inventory/v1/users"), lambda: zoho.post("/oauth/v2/token", data={})):
        if hangs_up:
            with pytest.raises(requests.ConnectionError):
                ask()
        else:
            assert (ask().status_code, ask().headers["Content-Type"]) == (502, "text/html")

    zoho.control("outage", seconds=0)
    assert zoho.get("/inventory/v1/users").status_code == 200


def test_an_outage_ends_by_itself(zoho):
    began = time.monotonic()
    zoho.control("outage", seconds=0.1, hangs_up=False)
    while zoho.get("/inventory/v1/users").status_code == 502:
        assert time.monotonic() - began < 5

    assert time.monotonic() - began >= 0.1


@pytest.fixture
def many():
    """A company of two and a half pages of items."""
    with Sandbox(size=Size.scaled(450, contacts=12, invoices=10)) as sandbox, requests.Session() as session:
        caller = Caller(sandbox, session)
        caller.login()
        yield caller


def ids(zoho, page, **query):
    return [row["item_id"] for row in zoho.read("/inventory/v1/items", page=page, per_page=200, **query)["items"]]


def test_a_record_that_changes_between_two_pages_pushes_another_over_the_edge(many):
    newest = {"sort_column": "last_modified_time", "sort_order": "D"}
    many.control("fault", name="drift_modified", times=1)

    seen = [*ids(many, 1, **newest), *ids(many, 2, **newest), *ids(many, 3, **newest)]

    assert len(seen) == 450
    assert len(set(seen)) in (449, 450)  # 450 when a row of the first page changed
    assert many.sandbox.stats()["faults"] == {"drift_modified": 1}


def test_records_come_and_go_between_two_pages(many):
    many.control("fault", name="drift_deleted", times=1)
    ids(many, 1)
    assert many.get("/_control/health").json()["records"]["item"] == 449

    many.control("fault", name="drift_created", times=2)
    ids(many, 1)
    ids(many, 2)
    ids(many, 3)  # the last page: nothing comes after it
    assert many.get("/_control/health").json()["records"]["item"] == 451


def test_a_list_without_page_context(zoho):
    zoho.control("fault", name="no_page_context", times=1)

    assert "page_context" not in zoho.read("/inventory/v1/items")
    assert "page_context" in zoho.read("/inventory/v1/items")
