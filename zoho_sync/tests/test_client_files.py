"""Files from Zoho: pictures of items, read in pieces and never larger than wanted."""

from __future__ import annotations

import pytest

from zoho_sync.client import Client
from zoho_sync.client.configuration import read_configuration
from zoho_sync.errors import GoneFromZoho, LimitReached, PermanentError, TemporaryError

pytestmark = pytest.mark.django_db
MEGABYTE = 1024 * 1024


@pytest.fixture
def reader(zoho):
    made = Client(read_configuration(), patience=0)
    yield made
    made.close()


@pytest.fixture
def item(zoho):
    """An item with a picture."""
    return next(row for row in zoho.control.records("item") if row["image_document_id"])


def test_a_picture_comes_with_the_type_zoho_gives_it(reader, item):
    content, content_type = reader.fetch_file("inventory", f"/items/{item['item_id']}/image", most_bytes=MEGABYTE)

    assert content.startswith(b"\x89PNG")
    assert content_type
    assert reader.calls == 1


def test_no_picture_is_gone(zoho, reader):
    item = next(row for row in zoho.control.records("item") if not row["image_document_id"])

    with pytest.raises(GoneFromZoho):
        reader.fetch_file("inventory", f"/items/{item['item_id']}/image", most_bytes=MEGABYTE)


def test_a_picture_that_is_too_large_is_refused_with_its_size(reader, item):
    path = f"/items/{item['item_id']}/image"

    with pytest.raises(PermanentError, match=rf"^{path}: larger than 16 bytes$"):
        reader.fetch_file("inventory", path, most_bytes=16)

    assert reader.fetch_file("inventory", path, most_bytes=MEGABYTE)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("minute_limit_under_200", LimitReached),
        ("html_under_200", TemporaryError),
        ("html", TemporaryError),
        ("hung_up", TemporaryError),
        ("cut_off", TemporaryError),
    ],
)
def test_what_is_no_picture_is_not_taken_for_one(zoho, reader, item, fault, error):
    zoho.control.fault(fault)

    with pytest.raises(error):
        reader.fetch_file("inventory", f"/items/{item['item_id']}/image", most_bytes=MEGABYTE)
