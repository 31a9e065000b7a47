from __future__ import annotations

import threading

import pytest

from tests.live.waiting import wait_for

DAY_HEADERS = ("X-Rate-Limit-Limit", "X-Rate-Limit-Remaining", "X-Rate-Limit-Reset")


def codes(zoho, times, path="/inventory/v1/users"):
    return [(answer.status_code, answer.json()["code"]) for answer in (zoho.get(path) for _ in range(times))]


def test_the_request_after_the_minutes_last_is_429_and_44_until_the_minute_has_passed(zoho):
    zoho.control("limits", per_minute=3, minute_seconds=0.5)

    assert codes(zoho, 5) == [(200, 0)] * 3 + [(429, 44)] * 2
    wait_for(lambda: codes(zoho, 1) == [(200, 0)], seconds=5, what="the minute passes")


def test_the_minute_slides(zoho):
    zoho.control("limits", per_minute=2, minute_seconds=60)
    gate = zoho.sandbox.control.gate
    codes(zoho, 2)

    gate._recent[0] -= 59.9  # the first request was almost a minute ago
    still_full = codes(zoho, 1)
    gate._recent[0] -= 0.2
    room_for_one = codes(zoho, 2)

    assert (still_full, room_for_one) == ([(429, 44)], [(200, 0), (429, 44)])


def test_the_day_has_an_end_and_headers_that_count_down(zoho):
    zoho.control("limits", per_day=2, day_seconds=1000)

    answers = [zoho.get("/inventory/v1/users") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[-1].json() == {
        "code": 45,
        "message": "The API call for this organization has exceeded the maximum call rate limit of 2.",
    }
    told = [[answer.headers[name] for name in DAY_HEADERS] for answer in answers]
    assert [row[:2] for row in told] == [["2", "1"], ["2", "0"], ["2", "0"]]
    assert all(990 <= int(row[2]) <= 1000 for row in told)


def test_one_too_many_at_the_same_time_is_429_and_1070(zoho):
    zoho.control("limits", at_once=1)
    zoho.control("fault", name="slow", times=1, seconds=0.5)
    slow = threading.Thread(target=zoho.get, args=("/inventory/v1/users",))
    slow.start()
    wait_for(lambda: zoho.sandbox.stats()["requests"]["at_once"], seconds=5, what="the slow request is inside")

    meanwhile = codes(zoho, 1)
    slow.join()

    assert (meanwhile, codes(zoho, 1)) == ([(429, 1070)], [(200, 0)])
    assert zoho.sandbox.stats()["requests"]["most_at_once"] == 1


def test_requests_are_counted_by_status_and_code(zoho):
    zoho.control("limits", per_minute=3)
    zoho.get("/inventory/v1/users/1234567890")
    codes(zoho, 4)

    requests = zoho.sandbox.stats()["requests"]
    zoho.control("reset")

    counted = ("total", "admitted", "limited", "statuses", "codes", "most_per_minute")
    assert {name: requests[name] for name in counted} == {
        "total": 5,
        "admitted": 3,
        "limited": 2,
        "statuses": {"200": 2, "404": 1, "429": 2},
        "codes": {"1002": 1, "44": 2},
        "most_per_minute": 3,
    }
    assert zoho.sandbox.stats()["requests"]["total"] == 0
    assert zoho.sandbox.stats()["calls"] == {}


def test_the_accounts_server_counts_in_no_limit(zoho):
    zoho.control("limits", per_minute=1)

    for _ in range(3):
        zoho.login()

    assert zoho.sandbox.stats()["tokens"] == {"issued": 4, "refused": 0}
    assert codes(zoho, 1) == [(200, 0)]


@pytest.mark.parametrize("limits", [{"per_second": 1}, {"per_minute": "many"}])
def test_nonsense_is_refused(zoho, limits):
    answer = zoho.post("/_control/limits", json=limits)

    assert answer.status_code == 400
