from __future__ import annotations

import pytest
import requests

from tests.live.waiting import wait_for

FORM = {
    "grant_type": "refresh_token",
    "client_id": "1000.SANDBOXCLIENT",
    "client_secret": "sandbox-client-secret",
    "refresh_token": "1000.sandbox.refresh",
}


def test_a_refresh_token_buys_an_hour(sandbox):
    response = requests.post(f"{sandbox.address}/oauth/v2/token", data=FORM, timeout=5)

    assert response.status_code == 200
    assert response.json() == {
        "access_token": "1000.sandbox.access.1",
        "api_domain": sandbox.address,
        "token_type": "Bearer",
        "expires_in": 3600,
    }


@pytest.mark.parametrize(
    ("key", "error"),
    [("client_id", "invalid_client"), ("client_secret", "invalid_client_secret"), ("refresh_token", "invalid_code")],
)
def test_wrong_credentials_are_refused_with_http_200(sandbox, key, error):
    response = requests.post(f"{sandbox.address}/oauth/v2/token", data=FORM | {key: "wrong"}, timeout=5)

    assert (response.status_code, response.json()) == (200, {"error": error})


def test_the_eleventh_token_in_ten_minutes_is_denied(sandbox):
    answers = [requests.post(f"{sandbox.address}/oauth/v2/token", data=FORM, timeout=5) for _ in range(11)]

    assert [answer.status_code for answer in answers] == [200] * 10 + [400]
    assert answers[-1].json()["error"] == "Access Denied"
    assert answers[-1].json()["status"] == "failure"


def test_without_token_14_with_an_old_or_bearer_one_57_or_14(zoho):
    zoho.control("expire_tokens")
    expired = zoho.get("/inventory/v1/items")
    zoho.session.headers["Authorization"] = "Bearer 1000.sandbox.access.1"
    bearer = zoho.get("/inventory/v1/items")
    del zoho.session.headers["Authorization"]
    none = zoho.get("/inventory/v1/items")

    assert [(r.status_code, r.json()["code"]) for r in (expired, bearer, none)] == [(401, 57), (401, 14), (401, 14)]


def test_another_organization_is_400_and_6041(zoho):
    response = zoho.get("/inventory/v1/items", organization_id="999")

    assert response.status_code == 400
    assert response.json() == {
        "code": 6041,
        "message": "This user is not associated with the CompanyID/CompanyName:999.",
    }


def test_organizations_need_no_organization_id(zoho):
    body = zoho.read("/books/v3/organizations", organization_id="")

    assert body["organizations"][0]["organization_id"] == "770000001"
    assert body["organizations"][0]["currency_code"] == "IQD"


def test_the_window_and_the_number_of_tokens_can_be_made_smaller(sandbox):
    sandbox.control.tokens(most_per_window=1, window_seconds=0.2)
    ask = lambda: requests.post(f"{sandbox.address}/oauth/v2/token", data=FORM, timeout=5).status_code  # noqa: E731

    assert [ask(), ask()] == [200, 400]
    assert sandbox.stats()["tokens"] == {"issued": 1, "refused": 1}
    wait_for(lambda: ask() == 200, seconds=5, what="the window passes")


def test_of_many_valid_tokens_the_oldest_is_given_up(zoho):
    zoho.control("tokens", most_per_window=100, most_valid=2)
    oldest, middle, newest = (zoho.login() for _ in range(3))

    assert [zoho.sandbox.control.desk.accepts(token) for token in (oldest, middle, newest)] == [False, True, True]
