"""A phone that has the answer already gets 304 after one small query; a change is in the next answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import brotli
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.services.freshness import confirm
from catalog.values import LocalProductFields
from commerce.models import Cart, Customer, Invoice, Promotion, PromotionTarget
from mobile_bff.tests.builders import NOON, account, categories, customer, goods, on_sale, sell, shop
from mobile_bff.tests.calling import Phone
from mobile_bff.tests.test_products_screen import invoices

pytestmark = pytest.mark.django_db


def screens(product, category) -> list[str]:
    return ["home", f"products/{product.pk}", f"products/{product.pk}/related", f"categories/{category.pk}/products"]


def again(phone: Phone, path: str, etag: str):
    return phone.get(path, if_none_match=etag)


def test_who_has_it_already_gets_nothing_new_after_one_query():
    tree = categories(cables="")
    (cable,) = on_sale("a", category_zoho_id="cables")
    phone = Phone()
    for path in screens(cable, tree["cables"]):
        first = phone.get(path)
        assert first["ETag"].startswith('W/"')

        with CaptureQueriesContext(connection) as captured:
            second = again(phone, path, first["ETag"])

        assert (second.status_code, second.content, len(captured)) == (304, b"", 1)
        for header in ("ETag", "Cache-Control", "Vary", "Content-Language"):
            assert second[header] == first[header]


def test_etags_are_compared_weakly_and_in_lists():
    (cable,) = on_sale("a")
    phone, path = Phone(), f"products/{cable.pk}"
    etag = phone.get(path)["ETag"]

    assert [again(phone, path, one).status_code for one in (etag.removeprefix("W/"), f'"x", {etag}', "*")] == [304] * 3
    assert [again(phone, path, one).status_code for one in ('"x"', "", "nonsense")] == [200] * 3


def test_the_headers_say_who_may_keep_it():
    (cable,) = on_sale("a")

    answer = Phone(language="ar").get(f"products/{cable.pk}")

    assert answer["Cache-Control"] == "private, max-age=30, stale-while-revalidate=300"
    assert answer["Content-Language"] == "ar"
    assert {part.strip() for part in answer["Vary"].split(",")} >= {
        "Accept-Language",
        "Accept-Encoding",
        "Authorization",
        "X-Cart-Key",
    }
    assert answer["X-Request-Id"]
    refused = Phone().get("products/0")
    assert refused["Cache-Control"] == "no-store"
    assert not refused.has_header("ETag")


def test_the_answers_are_compressed():
    on_sale(*"abcdefgh")

    answer = Phone().get("home", accept_encoding="gzip, br")

    assert answer["Content-Encoding"] == "br"
    assert b'"new_arrivals"' in brotli.decompress(answer.content)
    assert again(Phone(), "home", answer["ETag"]).status_code == 304


def sold_for(amount: str):
    return lambda: sell(a=amount, at=timezone.now())


def stocked(count: int):
    return lambda: goods("a", stock=count)


def renamed(product, name: str):
    from catalog.services.local_fields import save_local_product_fields

    values = LocalProductFields(name_ar=name, name_en="", description_ar="", is_hidden=False, is_featured=False)
    return lambda: save_local_product_fields(product.pk, values, at=timezone.now())


def test_a_change_is_in_the_next_answer_and_no_change_is_none():
    tree = categories(cables="")
    (cable,) = on_sale("a", category_zoho_id="cables")
    phone = Phone(language="ar")
    path = f"products/{cable.pk}"

    def product():
        return phone.get(path).json()["product"]

    changes = {
        "price": (sold_for("1750"), lambda: product()["price"]["amount"], "1750"),
        "stock": (lambda: goods("a", stock=3, category_zoho_id="cables"), lambda: product()["stock"]["available"], 3),
        "name": (renamed(cable, "كيبل"), lambda: product()["name"], "كيبل"),
    }
    for change, read, expected in changes.values():
        etag = phone.get(path)["ETag"]
        change()
        assert again(phone, path, etag).status_code == 200
        assert read() == expected

        etag = phone.get(path)["ETag"]
        change()
        assert again(phone, path, etag).status_code == 304
    assert tree


def test_a_promotion_that_begins_is_news_by_itself(monkeypatch):
    on_sale("a")
    now = timezone.now()
    Promotion.objects.create(
        name_en="Eid",
        kind="percentage",
        value=Decimal(10),
        starts_at=now + timedelta(minutes=5),
        ends_at=now + timedelta(minutes=9),
    )
    phone, seen = Phone(), []
    etag = phone.get("home")["ETag"]
    for minutes in (1, 6, 7, 10):
        monkeypatch.setattr(
            "mobile_bff.screens.view.timezone.now", lambda minutes=minutes: now + timedelta(minutes=minutes)
        )
        answer = again(phone, "home", etag)
        if answer.status_code == 200:
            etag = answer["ETag"]
        seen.append((answer.status_code, len(answer.json()["promotions"]) if answer.content else None))

    assert seen == [(304, None), (200, 1), (304, None), (200, 0)]


def test_everybody_has_an_etag_of_their_own():
    (cable,) = on_sale("a")
    wholesale = sell("wholesale", a="1200")
    phones = [
        Phone(),
        Phone(language="ar"),
        Phone(account(customer(price_list=wholesale), "+9647700000001")),
        Phone(account(customer(), "+9647700000002")),
    ]

    etags = {phone.get(f"products/{cable.pk}")["ETag"] for phone in phones}
    etags |= {Phone().get(f"products/{cable.pk}{query}")["ETag"] for query in ("?fields=name", "?include=related")}

    assert len(etags) == 6
    assert Phone().get(f"products/{cable.pk}?utm=1")["ETag"] in etags


def test_what_is_in_the_cart_is_news_for_its_owner():
    (cable,) = on_sale("a")
    buyer = customer()
    cart = Cart.objects.create(customer=buyer, currency="IQD", version=1)
    phone, path = Phone(account(buyer)), f"products/{cable.pk}"
    etag = phone.get(path)["ETag"]
    assert again(phone, path, etag).status_code == 304

    Cart.objects.filter(pk=cart.pk).update(version=2)

    assert again(phone, path, etag).status_code == 200


def test_what_was_bought_last_is_news_for_the_customer():
    (cable,) = on_sale("a")
    buyer = customer()
    invoices((cable,), buyer=customer("Somebody else"))
    phone = Phone(account(buyer))
    etag = phone.get("home")["ETag"]
    assert again(phone, "home", etag).status_code == 304

    invoices((cable,), buyer=buyer)
    bought = again(phone, "home", etag)
    Invoice.objects.filter(customer=buyer).update(status="void")
    voided = again(phone, "home", bought["ETag"])

    assert [[card["name"] for card in one.json()["recently_ordered"]] for one in (bought, voided)] == [
        ["Product a"],
        [],
    ]


def test_promotions_for_a_kind_of_customers_come_when_zoho_says_another_kind():
    on_sale("a")
    buyer = customer(sub_type="individual")
    offer = Promotion.objects.create(name_en="Trade", kind="percentage", value=Decimal(10))
    PromotionTarget.objects.create(promotion=offer, customer_kind="business")
    phone = Phone(account(buyer))
    before = phone.get("home")

    Customer.objects.filter(pk=buyer.pk).update(sub_type="Business")
    after = again(phone, "home", before["ETag"])

    assert [len(one.json()["promotions"]) for one in (before, after)] == [0, 1]


def test_a_fallen_price_is_compared_for_thirty_days_and_its_end_is_news(monkeypatch):
    (cable,) = on_sale("a", price="2000")
    noon = datetime(2026, 5, 1, 9, 0, tzinfo=UTC)  # noon in Baghdad
    sell(a="1500", at=noon)
    phone, seen, etag = Phone(), [], '"none"'
    for days, hours in ((29, 0), (30, 0), (30, 11), (30, 13)):  # midnight is twelve hours after noon
        at = noon + timedelta(days=days, hours=hours)
        monkeypatch.setattr("django.utils.timezone.now", lambda at=at: at)
        answer = again(phone, f"products/{cable.pk}", etag)
        if answer.status_code == 200:
            etag = answer["ETag"]
        seen.append((answer.status_code, answer.json()["product"]["compare_at"] if answer.content else None))

    was = {"amount": "2000", "currency": "IQD"}
    assert seen == [(200, was), (200, was), (304, None), (200, None)]


def test_the_age_of_the_data_is_told():
    shop()
    assert Phone().get("home").json()["meta"]["stale"] is True

    confirm(at=timezone.now() - timedelta(minutes=10))
    confirm(at=NOON)  # older news change nothing

    meta = Phone().get("home").json()["meta"]
    assert meta["stale"] is False
    assert 600 <= meta["data_age_seconds"] <= 660
    assert meta["synced_at"].endswith("Z")
