from __future__ import annotations

import io

import pytest
from PIL import Image

from zoho_sandbox.pictures import DRAWN, HUGE_BYTES, SIDE


def image(zoho, item_id, api="inventory/v1"):
    return zoho.get(f"/{api}/items/{item_id}/image")


def any_item(zoho):
    return zoho.control("list", module="item")[0]["item_id"]


@pytest.mark.parametrize("kind", DRAWN)
def test_pictures_of_every_kind_are_pictures(zoho, kind):
    item_id = any_item(zoho)
    record = zoho.control("picture", id=item_id, kind=kind)

    drawn = Image.open(io.BytesIO(image(zoho, item_id).content))

    assert (drawn.format.lower(), drawn.size) == (kind, (SIDE, SIDE))
    assert (record["image_name"], record["image_type"]) == (f"item.{kind}", kind)
    assert image(zoho, item_id, "books/v3").content == image(zoho, item_id).content


def test_another_picture_has_another_id_and_shows_in_the_list(zoho):
    item_id = any_item(zoho)

    first, second = (zoho.control("picture", id=item_id)["image_document_id"] for _ in range(2))

    assert first != second
    row = next(row for row in zoho.read("/inventory/v1/items")["items"] if row["item_id"] == item_id)
    assert row["image_document_id"] == second


@pytest.mark.parametrize(
    ("kind", "begins", "size"), [("garbage", b"\x00\x01", 400), ("html", b"<html>", 20), ("empty", b"", 0)]
)
def test_what_is_no_picture(zoho, kind, begins, size):
    item_id = any_item(zoho)
    zoho.control("picture", id=item_id, kind=kind)

    answer = image(zoho, item_id)

    assert answer.status_code == 200
    assert answer.content.startswith(begins)
    assert size - 100 <= len(answer.content) <= size + 100


def test_a_picture_that_is_too_big(zoho):
    item_id = any_item(zoho)
    zoho.control("picture", id=item_id, kind="huge")

    assert len(image(zoho, item_id).content) > HUGE_BYTES


def test_a_picture_that_is_taken_away_is_404_or_empty(zoho):
    item_id = any_item(zoho)
    record = zoho.control("picture", id=item_id, kind="none")
    gone = image(zoho, item_id)
    zoho.control("switch", empty_images=True)
    empty = image(zoho, item_id)

    assert record["image_document_id"] == record["image_name"] == ""
    assert (gone.status_code, gone.json()["code"]) == (404, 1002)
    assert (empty.status_code, empty.content) == (200, b"")


def test_an_unknown_kind_is_refused(zoho):
    answer = zoho.post("/_control/picture", json={"id": any_item(zoho), "kind": "video"})

    assert (answer.status_code, "no picture is called 'video'" in answer.json()["error"]) == (400, True)
