"""Price lists and their items, wherever the organisation's API gives them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from catalog.models import EffectivePrice, PriceList, Product
from catalog.price_rules import Reason
from catalog.services.prices import why_price
from zoho_sync.client import configured_client
from zoho_sync.entities import BY_MODULE
from zoho_sync.errors import GoneFromZoho
from zoho_sync.tests.road import deliver, drain, item

pytestmark = pytest.mark.django_db
PRICEBOOK = BY_MODULE["pricebook"]
DETAIL, LIST, ITEMS = "/inventory/v1/pricebooks/{id}", "/inventory/v1/pricebooks", "/books/v3/pricebooks/items"


def books(zoho, kind: str) -> list[dict]:
    return [book for book in zoho.control.records("pricebook") if book["pricebook_type"] == kind]


def fetched(book: dict) -> dict:
    return dict(configured_client().fetch(PRICEBOOK, book["pricebook_id"]))


def test_a_price_list_comes_whole_from_its_own_address(zoho):
    book = books(zoho, "per_item")[0]

    assert fetched(book)["pricebook_items"] == book["pricebook_items"] != []
    assert (zoho.app.calls[DETAIL], zoho.app.calls[LIST], zoho.app.calls[ITEMS]) == (1, 0, 0)


def test_where_there_is_no_such_address_list_and_books_are_asked(zoho):
    zoho.control.switch(pricebook_detail_missing=True)
    book = books(zoho, "per_item")[0]

    found = fetched(book)

    assert (found["name"], found["currency_code"]) == (book["name"], book["currency_code"])
    assert found["pricebook_items"] == book["pricebook_items"] != []
    assert (zoho.app.calls[LIST], zoho.app.calls[ITEMS]) == (1, 1)


def test_a_percentage_list_needs_no_items(zoho):
    zoho.control.switch(pricebook_detail_missing=True)
    book = books(zoho, "fixed_percentage")[0]

    assert fetched(book)["percentage"] == book["percentage"]
    assert zoho.app.calls[ITEMS] == 0


def test_a_list_that_is_nowhere_is_gone(zoho):
    zoho.control.switch(pricebook_detail_missing=True)

    with pytest.raises(GoneFromZoho, match="no 404 in the whole list"):
        configured_client().fetch(PRICEBOOK, "404")


LIVE = {
    "pricebook_id": "982000000870002",
    "name": "Volume Demo",
    "currency_id": "982000000004000",
    "currency_code": "USD",
    "decimal_place": 0,
    "is_increase": False,
    "percentage": "",
    "pricebook_rate": "",
    "pricebook_type": "per_item",
    "pricing_scheme": "volume",
    "rounding_type": "no_rounding",
    "sales_or_purchase_type": "sales",
    "status": "active",
    "products": [],
    "pricebook_items": [
        {
            "item_id": "1",
            "name": "Cable",
            "price_brackets": [
                {
                    "pricebook_item_id": "98201",
                    "start_quantity": 1.0,
                    "end_quantity": 19.0,
                    "pricebook_discount": "",
                    "pricebook_rate": 19.0,
                },
                {
                    "pricebook_item_id": "98202",
                    "start_quantity": 20.0,
                    "end_quantity": "",
                    "pricebook_discount": "5%",
                    "pricebook_rate": 15.84,
                },
            ],
        }
    ],
}


def test_a_list_by_quantity_as_it_is_seen_live():
    deliver(item("1"))
    deliver({"pricebook": LIVE}, path="prices")

    drain()

    product, price_list = Product.objects.get(), PriceList.objects.get()
    assert (EffectivePrice.objects.get().price, EffectivePrice.objects.get().currency) == (Decimal(19), "USD")
    prices = {quantity: why_price(product, price_list, quantity=Decimal(quantity)) for quantity in (1, 19, 20, 500)}
    assert {quantity: why.price for quantity, why in prices.items()} == {
        1: Decimal(19),
        19: Decimal(19),
        20: Decimal("15.048"),
        500: Decimal("15.048"),
    }
    assert prices[20].reason is Reason.BRACKET


NAMELESS = {key: value for key, value in LIVE.items() if key != "currency_code"}
CURRENCY = {"currency": {"currency_id": LIVE["currency_id"], "currency_code": "USD"}}


@pytest.mark.parametrize("is_first", [True, False])
def test_a_list_that_names_its_currency_by_id_only_gets_its_code(is_first):
    deliver(item("1"))
    bodies = [(CURRENCY, "currencies"), ({"pricebook": NAMELESS}, "prices")]
    for body, path in bodies if is_first else reversed(bodies):
        deliver(body, path=path)
        drain()

    assert (PriceList.objects.get().currency, EffectivePrice.objects.get().currency) == ("USD", "USD")


def test_a_code_found_later_is_kept_by_the_next_news():
    for body, path in [({"pricebook": NAMELESS}, "prices"), (CURRENCY, "currencies")]:
        deliver(body, path=path)
        drain()
    deliver({"pricebook": {**NAMELESS, "name": "Other"}}, path="prices")
    drain()

    assert PriceList.objects.values_list("name", "currency").get() == ("Other", "USD")
