from __future__ import annotations

import pytest

from zoho_sandbox.world.happenings import CREATORS


def test_put_get_patch_delete(zoho):
    made = zoho.control("put", module="item", record={"name": "حاسبة", "status": "active"})
    changed = zoho.control("patch", module="item", id=made["item_id"], changes={"name": "لابتوب"})
    quiet = zoho.control("patch", module="item", id=made["item_id"], changes={"rate": 1}, touch=False)

    assert made["created_time"] == made["last_modified_time"] == "2026-11-01T09:00:01+0300"
    assert changed["last_modified_time"] == quiet["last_modified_time"] == "2026-11-01T09:00:02+0300"
    assert zoho.control("get", module="item", id=made["item_id"]) == quiet
    assert zoho.control("delete", module="item", id=made["item_id"])["name"] == "لابتوب"
    response = zoho.post("/_control/get", json={"module": "item", "id": made["item_id"]})
    assert (response.status_code, response.json()) == (400, {"success": False, "error": f"no item {made['item_id']}"})


def test_put_replaces_a_record_of_the_same_id(zoho):
    first = zoho.control("list", module="item")[0]

    zoho.control("put", module="item", record={"item_id": first["item_id"], "name": "new"})

    assert zoho.read(f"/inventory/v1/items/{first['item_id']}")["item"].keys() == {
        "item_id",
        "name",
        "created_time",
        "last_modified_time",
    }


@pytest.mark.parametrize("module", CREATORS)
def test_everything_that_can_be_made_up_is(zoho, module):
    before = len(zoho.control("list", module=module))

    made = zoho.control("create", module=module, count=2)

    assert len(made) == 2
    assert len(zoho.control("list", module=module)) == before + 2


def test_ticks_say_what_changed(zoho):
    told = zoho.control("tick", count=5)

    assert len(told) >= 5
    assert told[0].keys() == {"module", "id", "event"}


@pytest.mark.parametrize(
    ("action", "arguments", "says"),
    [
        ("list", {"module": "potato"}, "no module is called 'potato'"),
        ("create", {"module": "tax"}, "cannot make up a tax"),
        ("switch", {"fly": True}, "unknown: fly"),
        ("patch", {"module": "item"}, "missing"),
        ("patch", {"module": "item", "id": "1", "changes": {}}, "no item 1"),
        ("webhooks", {"often": 1}, "unknown: often"),
        ("webhooks", {"retries": "x"}, "retries: 'x' is not a int"),
        ("fault", {"name": "earthquake"}, "no fault is called 'earthquake'"),
        ("dance", {}, "POST a JSON object to one of"),
    ],
)
def test_nonsense_is_refused_by_name(zoho, action, arguments, says):
    response = zoho.post(f"/_control/{action}", json=arguments)

    assert response.status_code == 400
    assert says in response.json()["error"]


def test_health_and_stats_count(zoho):
    zoho.read("/inventory/v1/items")
    item = zoho.control("list", module="item")[0]
    zoho.read(f"/inventory/v1/items/{item['item_id']}")

    assert zoho.get("/_control/health").json()["records"]["item"] == 60
    stats = zoho.get("/_control/stats").json()
    assert stats["calls"] == {"/inventory/v1/items": 1, "/inventory/v1/items/{id}": 1, "/oauth/v2/token": 1}
    assert stats["tokens"] == {"issued": 1, "refused": 0}


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ("unauthorized", 401, 57),
        ("minute_limit", 429, 44),
        ("minute_limit_under_200", 200, 44),
        ("daily_limit", 429, 45),
        ("too_many_at_once", 429, 1070),
        ("retry_after", 429, 44),
        ("internal_error", 500, 1000),
    ],
)
def test_faults_strike_as_often_as_armed(zoho, fault, status, code):
    zoho.control("fault", name=fault, times=1, path="/items")

    other, struck, again = (zoho.get(f"/inventory/v1/{path}") for path in ("users", "items", "items"))

    assert (struck.status_code, struck.json()["code"]) == (status, code)
    assert other.json()["code"] == again.json()["code"] == 0


def test_faults_of_lists(zoho):
    for name in ("missing_list_key", "endless", "doubled_rows", "html", "cut_off"):
        zoho.control("fault", name=name, times=1)

    html, cut_off, missing, doubled = (zoho.get("/inventory/v1/users") for _ in range(4))

    assert (html.status_code, html.headers["Content-Type"]) == (502, "text/html")
    assert cut_off.status_code == 200
    assert not cut_off.text.endswith("}")
    assert "users" not in missing.json()
    assert missing.json()["page_context"]["has_more_page"] is True
    assert len(doubled.json()["users"]) == 10


def test_faults_of_the_accounts_server_and_disarming(zoho):
    zoho.control("fault", name="token_denied", times=1)
    denied = zoho.post("/oauth/v2/token", data={})
    zoho.control("fault", name="internal_error")
    zoho.control("fault")

    assert (denied.status_code, denied.json()["error"]) == (400, "Access Denied")
    assert zoho.get("/inventory/v1/users").status_code == 200
