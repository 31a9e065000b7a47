"""Answers rendered beforehand are the same bytes, and know of changes."""

from __future__ import annotations

import pytest

from zoho_sandbox.modules import MODULES

QUERIES = (
    {},
    {"page": 2, "per_page": 7},
    {"filter_by": "Status.Active", "sort_column": "last_modified_time", "sort_order": "D"},
    {"last_modified_time": "2026-01-01T00:00:00+0300"},
)


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_frozen_lists_are_the_same_bytes(zoho, query):
    paths = [f"/{api}/{'v1' if api == 'inventory' else 'v3'}/{one.path}" for one in MODULES for api in sorted(one.apis)]
    alive = [zoho.get(path, **query).content for path in paths]

    zoho.control("freeze", modules=["item", "contact"])

    assert [zoho.get(path, **query).content for path in paths] == alive
    assert [zoho.get(path, **query).content for path in paths] == alive  # now from memory


def test_frozen_itemdetails_are_the_same_bytes(zoho):
    ids = ",".join(item["item_id"] for item in zoho.control("list", module="item"))
    alive = zoho.get("/inventory/v1/itemdetails", item_ids=ids).content

    zoho.control("freeze")

    assert zoho.get("/inventory/v1/itemdetails", item_ids=ids).content == alive
    assert zoho.get("/inventory/v1/itemdetails", item_ids=f"{ids},1").status_code == 404


def test_what_changes_is_rendered_again(zoho):
    zoho.control("freeze")
    first, second = (row["item_id"] for row in zoho.read("/inventory/v1/items")["items"][:2])

    zoho.control("patch", module="item", id=first, changes={"name": "~ last"})
    zoho.control("delete", module="item", id=second)
    zoho.control("create", module="item")
    rows = zoho.read("/inventory/v1/items")["items"]

    assert len(rows) == 60
    assert [row["name"] for row in rows if row["item_id"] == first] == ["~ last"]
    assert second not in {row["item_id"] for row in rows}
    assert zoho.read("/inventory/v1/itemdetails", item_ids=first)["items"][0]["name"] == "~ last"


def test_stock_that_moved_shows_after_a_thaw_at_the_latest(zoho):
    zoho.control("freeze")
    zoho.read("/inventory/v1/items")
    world = zoho.sandbox.control.world
    next(world.records("item"))["unit"] = "box"

    zoho.control("thaw")

    assert "box" in {row["unit"] for row in zoho.read("/inventory/v1/items")["items"]}


def test_faults_strike_frozen_lists_too(zoho):
    zoho.control("freeze")
    zoho.control("fault", name="missing_list_key", times=1)

    assert "items" not in zoho.read("/inventory/v1/items")
    assert len(zoho.read("/inventory/v1/items")["items"]) == 60
