from __future__ import annotations


def test_a_missing_record_is_404_and_1002(zoho):
    response = zoho.get("/books/v3/invoices/1")

    assert response.status_code == 404
    assert response.json() == {"code": 1002, "message": "Invoice does not exist."}


def test_itemdetails_show_locations_and_one_dead_id_spoils_the_call(zoho):
    items = [item for item in zoho.control("list", module="item") if item["track_inventory"]][:3]
    ids = [item["item_id"] for item in items]

    details = zoho.read("/inventory/v1/itemdetails", item_ids=",".join(ids))["items"]
    spoiled = zoho.get("/inventory/v1/itemdetails", item_ids=",".join([*ids, "1"]))

    assert [row["item_id"] for row in details] == ids
    assert len(details[0]["locations"]) == 3
    assert details[0] == zoho.read(f"/inventory/v1/items/{ids[0]}")["item"]
    assert (spoiled.status_code, spoiled.json()["code"]) == (404, 1002)


def test_items_without_stock_have_no_stock_keys(zoho):
    plain = next(item for item in zoho.control("list", module="item") if not item["track_inventory"])

    detail = zoho.read(f"/inventory/v1/items/{plain['item_id']}")["item"]

    assert not {"stock_on_hand", "available_stock", "locations", "reorder_level"} & detail.keys()


def test_pictures_are_png_under_a_type_that_does_not_say_so(zoho):
    items = zoho.control("list", module="item")
    with_image = next(item for item in items if item["image_document_id"])
    without = next(item for item in items if not item["image_document_id"])

    picture = zoho.get(f"/inventory/v1/items/{with_image['item_id']}/image")
    none = zoho.get(f"/inventory/v1/items/{without['item_id']}/image")

    assert picture.content.startswith(b"\x89PNG\r\n\x1a\n")
    assert picture.headers["Content-Type"] == "application/octet-stream"
    assert (none.status_code, none.json()["code"]) == (404, 1002)


def test_users_me(zoho):
    assert zoho.read("/inventory/v1/users/me")["user"]["user_role"] == "admin"


def test_other_methods_and_addresses_are_refused(zoho):
    assert zoho.post("/inventory/v1/items", json={}).status_code == 405
    assert zoho.get("/inventory/v3/items").json()["code"] == 5
    assert zoho.get("/crm/v2/items").json()["code"] == 5
