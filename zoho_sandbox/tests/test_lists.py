from __future__ import annotations

import pytest

from zoho_sandbox.modules import MODULES
from zoho_sandbox.server import Sandbox
from zoho_sandbox.tests.conftest import Caller
from zoho_sandbox.world.build import Size


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_every_module_can_be_listed_and_read(zoho, module):
    for api in sorted(module.apis):
        base = f"/{api}/{'v1' if api == 'inventory' else 'v3'}/{module.path}"

        listed = zoho.read(base)
        row = listed[module.list_key][-1]
        detail = zoho.read(f"{base}/{row[module.id_key]}")

        assert isinstance(row[module.id_key], str)
        record = detail if module.unwrapped else detail[module.detail_key]
        assert record[module.id_key] == row[module.id_key]
        assert not module.detail_only & row.keys()
        assert not module.list_only & record.keys()
        assert ("page_context" in listed) == module.has_page_context
        assert (listed["code"], listed["message"]) == (0, "success")


def test_modules_that_one_api_lacks_are_404_and_5(zoho):
    response = zoho.get("/inventory/v1/vendorpayments")

    assert (response.status_code, response.json()["code"]) == (404, 5)


def test_200_rows_a_page_and_the_last_page_says_so():
    with Sandbox(size=Size.scaled(450, contacts=12, invoices=10)) as sandbox:
        import requests

        with requests.Session() as session:
            zoho = Caller(sandbox, session)
            zoho.login()

            pages = [zoho.read("/inventory/v1/items", page=page, per_page=500) for page in (1, 2, 3)]

    assert [len(page["items"]) for page in pages] == [200, 200, 50]
    assert [page["page_context"]["has_more_page"] for page in pages] == [True, True, False]
    assert len({row["item_id"] for page in pages for row in page["items"]}) == 450
    assert pages[0]["page_context"] == {
        "page": 1,
        "per_page": 200,
        "has_more_page": True,
        "report_name": "Items",
        "applied_filter": "Status.All",
        "custom_fields": [],
        "sort_column": "name",
        "sort_order": "A",
    }


def test_money_keeps_its_zeros_and_times_have_no_colon(zoho):
    item = zoho.control("list", module="item")[0]
    zoho.control("patch", module="item", id=item["item_id"], changes={"rate": 12.5, "stock_on_hand": 5})
    sandbox_record = zoho.sandbox.control.world.get("item", item["item_id"])
    sandbox_record["rate"] = sandbox_record["rate"].quantize(sandbox_record["purchase_rate"])

    text = zoho.get(f"/inventory/v1/items/{item['item_id']}").text

    assert '"rate":12.50,' in text
    assert '"location_stock_on_hand":0.000000' in text
    assert '"last_modified_time":"2026-11-01T09:00:01+0300"' in text
    assert f'"item_id":"{item["item_id"]}"' in text
    assert '"reorder_level":""' in text


def test_filter_by_shows_active_ones_only(zoho):
    rows = zoho.read("/inventory/v1/items", filter_by="Status.Inactive")

    assert {row["status"] for row in rows["items"]} == {"inactive"}
    assert rows["page_context"]["applied_filter"] == "Status.Inactive"
    assert len(rows["items"]) == 60 - len(zoho.read("/inventory/v1/items", filter_by="Status.Active")["items"])


def test_last_modified_time_works_where_documented_and_is_ignored_elsewhere(zoho):
    order = zoho.control("list", module="salesorder")[0]
    zoho.control("patch", module="salesorder", id=order["salesorder_id"], changes={"notes": "x"})
    since = {"last_modified_time": "2026-11-01T09:00:00+0300"}

    assert len(zoho.read("/books/v3/salesorders", **since)["salesorders"]) == 1
    assert len(zoho.read("/inventory/v1/salesorders", **since)["salesorders"]) == 8
    assert zoho.read("/inventory/v1/items", **since)["items"] == []
    assert len(zoho.read("/books/v3/items", **since)["items"]) == 60


def test_a_plus_that_was_not_encoded_is_refused(zoho):
    response = zoho.session.get(
        f"{zoho.sandbox.address}/inventory/v1/items?organization_id=770000001"
        "&last_modified_time=2026-11-01T09:00:00+0300",
        timeout=5,
    )

    assert (response.status_code, response.json()["code"]) == (400, 2)
    assert response.json()["message"] == "Invalid value passed for last_modified_time"


def test_sorting_by_last_change_where_the_api_sorts(zoho):
    items = zoho.control("list", module="item")
    for item in (items[3], items[1]):
        zoho.control("patch", module="item", id=item["item_id"], changes={"description": "x"})

    body = zoho.read("/inventory/v1/items", sort_column="last_modified_time", sort_order="D")
    ignored = zoho.read("/inventory/v1/invoices", sort_column="last_modified_time", sort_order="D")

    assert [row["item_id"] for row in body["items"][:2]] == [items[1]["item_id"], items[3]["item_id"]]
    assert ignored["page_context"]["sort_column"] == "created_time"


@pytest.mark.parametrize("query", [{"page": "0"}, {"page": "x"}, {"per_page": "-1"}])
def test_a_bad_page_is_400_and_2(zoho, query):
    response = zoho.get("/inventory/v1/items", **query)

    assert (response.status_code, response.json()["code"]) == (400, 2)


def test_switches_ignore_filters_and_hide_inactive_ones(zoho):
    zoho.control("switch", active_by_default=True)
    by_default = zoho.read("/inventory/v1/items")
    zoho.control("switch", ignore_filters=True)
    ignored = zoho.read("/inventory/v1/items", filter_by="Status.Inactive")

    assert by_default["page_context"]["applied_filter"] == "Status.Active"
    assert {row["status"] for row in by_default["items"]} == {"active"}
    assert len(ignored["items"]) == 60


def test_legacy_organisations_have_warehouses(zoho):
    zoho.control("switch", legacy_warehouses=True)

    rows = zoho.read("/inventory/v1/settings/warehouses")["warehouses"]
    item = next(row for row in zoho.control("list", module="item") if row["track_inventory"])
    detail = zoho.read(f"/inventory/v1/items/{item['item_id']}")["item"]

    assert rows[0]["warehouse_name"] == "المخزن الرئيسي"
    assert zoho.get("/inventory/v1/locations").status_code == 404
    assert "locations" not in detail
    assert "warehouse_stock_on_hand" in detail["warehouses"][0]


def test_documented_spellings(zoho):
    zoho.control("switch", documented_spellings=True)
    order = zoho.control("list", module="purchaseorder")[0]
    group = zoho.control("list", module="itemgroup")[0]

    assert "purchase_order" in zoho.read(f"/inventory/v1/purchaseorders/{order['purchaseorder_id']}")
    assert "customer_payments" in zoho.read("/books/v3/customerpayments")
    assert "item_group" in zoho.read(f"/inventory/v1/itemgroups/{group['group_id']}")


def test_prices_of_a_list_come_from_books_where_its_detail_is_missing(zoho):
    book = next(book for book in zoho.control("list", module="pricebook") if book["pricebook_items"])
    zoho.control("switch", pricebook_detail_missing=True)
    pages = [
        zoho.read("/books/v3/pricebooks/items", pricebook_id=book["pricebook_id"], per_page=20, page=page)
        for page in (1, 2)
    ]
    detail = zoho.get(f"/inventory/v1/pricebooks/{book['pricebook_id']}")
    unknown = zoho.get("/books/v3/pricebooks/items", pricebook_id="1")

    assert (detail.status_code, detail.json()["code"]) == (404, 5)
    rows = [row for page in pages for row in page["pricebook_items"]]
    assert rows == book["pricebook_items"][: len(rows)]
    assert pages[0]["page_context"]["has_more_page"] is (len(book["pricebook_items"]) > 20)
    assert (unknown.status_code, unknown.json()["code"]) == (400, 2)
