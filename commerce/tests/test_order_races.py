"""Many who order at the same moment: limits and stock hold exactly, nobody waits crosswise, nothing is half done."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from threading import Barrier, Thread

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Sum

from catalog.models import Product
from catalog.services.products import save_products
from catalog.tests.builders import product_values
from catalog.values import StockFigures
from commerce.checkout import quote
from commerce.models import AppOrder, AppOrderLine, Cart, Customer, IdempotencyKey, Promotion, PromotionUse
from commerce.refusals import KeyRefused, OrderRefused
from commerce.services.carts import add_item, merge_guest_cart
from commerce.services.idempotency import Answer, answer_once
from commerce.services.orders import Placing, cancel, place
from commerce.tests.shop import LATER, NOON, agree, ask, buyer, choices, open_shop, order, owner, promote, wanted

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*works: Callable[[], object]) -> list[object]:
    """What each of them returns or raises, all begun together."""
    results: list[object] = [None] * len(works)
    together = Barrier(len(works))

    def run(place: int) -> None:
        try:
            together.wait(30)
            results[place] = works[place]()
        except Exception as error:  # noqa: BLE001 - told where the test can see it
            results[place] = error
        finally:
            connection.close()

    threads = [Thread(target=run, args=(place,)) for place in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return results


def outcomes(results: list[object]) -> list[str]:
    """Sorted: "placed" or the code of the refusal; anything else as it is."""
    return sorted(
        "placed" if isinstance(one, AppOrder) else one.code if isinstance(one, OrderRefused) else repr(one)
        for one in results
    )


def test_of_eight_orders_exactly_three_get_what_is_limited_to_three():
    open_shop({"a": "10000"})
    promote(code="THREE", usage_limit=3)
    buyers = [buyer(f"c{number}") for number in range(8)]
    agreed = [ask(one, "THREE", a=1) for one in buyers]

    results = at_once(
        *(lambda one=one, it=it: agree(one, it, "THREE", a=1) for one, it in zip(buyers, agreed, strict=True))
    )

    assert outcomes(results) == ["placed"] * 3 + ["quote_changed"] * 5
    left = [one for one, result in zip(buyers, results, strict=True) if isinstance(result, OrderRefused)]
    again = [result.quote for result in results if isinstance(result, OrderRefused)]
    assert {str(quoted.considered[0].refusal) for quoted in again} == {"usage_limit"}
    assert outcomes([agree(one, it, "THREE", a=1) for one, it in zip(left, again, strict=True)]) == ["placed"] * 5
    assert sorted(AppOrder.objects.values_list("items_discount", flat=True)) == [0] * 5 + [1000] * 3
    assert Promotion.objects.get().used == PromotionUse.objects.count() == 3


def test_one_customer_with_several_phones_gets_it_once():
    open_shop({"a": "10000"})
    promote(code="ONCE", per_customer_limit=1)
    someone = buyer()
    agreed = ask(someone, "ONCE", a=1)

    results = at_once(*[lambda: agree(someone, agreed, "ONCE", a=1)] * 5)

    assert outcomes(results) == ["placed"] + ["quote_changed"] * 4
    assert Promotion.objects.get().used == 1


def test_five_in_stock_and_ten_orders_are_five_orders():
    open_shop({"a": "1000"}, stock="5")
    buyers = [buyer(f"c{number}") for number in range(10)]
    agreed = [ask(one, a=1) for one in buyers]

    results = at_once(*(lambda one=one, it=it: agree(one, it, a=1) for one, it in zip(buyers, agreed, strict=True)))

    assert outcomes(results) == ["cannot_be_placed"] * 5 + ["placed"] * 5
    assert AppOrderLine.objects.filter(is_holding=True).aggregate(sum=Sum("quantity")) == {"sum": 5}


def test_a_credit_limit_is_not_exceeded_by_two_at_once():
    open_shop({"a": "1000"})
    someone = buyer(credit_limit=Decimal(20_000))
    someone = Customer.objects.select_related("price_list").get(pk=someone.pk)
    chosen = choices(payment_method="on_account")
    agreed = quote(customer=someone, lines=wanted(a=10), at=LATER, **chosen)
    placing = Placing(quote_hash=agreed.hash, lines=wanted(a=10), **chosen)

    results = at_once(*[lambda: place(someone.pk, placing, placed_by=None, at=LATER)] * 4)

    assert outcomes(results) == ["cannot_be_placed"] * 3 + ["placed"]


def test_the_same_key_five_times_at_once_is_one_order():
    open_shop({"a": "1000"})
    someone = buyer()
    agreed = ask(someone, a=1)

    def work() -> Answer:
        return Answer(201, agree(someone, agreed, a=1).number)

    def send() -> Answer:
        return answer_once(principal="user:1", route="orders", key="k", fingerprint="f", at=LATER, work=work)

    results = at_once(*[send] * 5)

    placed = AppOrder.objects.get()
    answers = [one for one in results if isinstance(one, Answer)]
    assert {one.body for one in answers} == {placed.number}
    assert [one.is_replay for one in answers].count(False) == 1
    refused = [one for one in results if not isinstance(one, Answer)]
    assert all(isinstance(one, KeyRefused) and one.code == "request_in_progress" for one in refused)
    assert send().is_replay


def test_orders_cancellations_and_the_sync_never_wait_crosswise():
    names = [f"p{number}" for number in range(6)]
    open_shop(dict.fromkeys(names, "1000"))
    promote(code="A", usage_limit=1000)
    promote(code="B", usage_limit=1000)
    buyers = [buyer(f"c{number}") for number in range(3)]

    def buy(one: Customer, codes: tuple[str, ...], backwards: bool) -> None:
        for round_ in range(6):
            chosen = names[round_ % 3 :][:: -1 if backwards else 1]
            quantities = dict.fromkeys(chosen, 1)
            placed = order(one, *codes, **quantities)
            if round_ % 2:
                cancel(placed.pk, cancelled_by=None, at=LATER)

    def sync() -> None:
        for round_ in range(12):
            stock = StockFigures(accounting_on_hand=Decimal(1000 + round_))
            with transaction.atomic():  # as the worker does
                save_products(
                    [product_values(name, totals=stock, sku=f"{round_}") for name in reversed(names)], at=NOON
                )

    results = at_once(
        lambda: buy(buyers[0], ("A", "B"), False),
        lambda: buy(buyers[1], ("B", "A"), True),
        lambda: buy(buyers[2], ("B",), False),
        sync,
    )

    assert results == [None] * 4
    kept = AppOrder.objects.not_cancelled()
    assert (AppOrder.objects.count(), kept.count()) == (18, 9)
    for promotion in Promotion.objects.all():
        assert promotion.used == promotion.uses.counting().count()
    held = AppOrderLine.objects.held(Product.objects.values_list("pk", flat=True))
    for pk, quantity in held.items():
        lines = AppOrderLine.objects.filter(order__in=kept, product_id=pk)
        assert lines.aggregate(sum=Sum("quantity"))["sum"] == quantity


def test_two_phones_that_fill_a_new_cart_at_once_fill_the_same():
    products = open_shop({"a": "1000", "b": "1000"})
    someone = buyer()

    results = at_once(
        *(lambda one=one: add_item(owner(someone), products[one].pk, 1, at=NOON) for one in ("a", "b", "a", "b"))
    )

    assert not [one for one in results if isinstance(one, Exception)]
    cart = Cart.objects.get()
    assert cart.version == 4
    assert sorted(cart.items.values_list("product__zoho_id", "quantity")) == [("a", 2), ("b", 2)]


def test_a_guests_cart_is_merged_once_by_two_logins_at_once():
    products = open_shop({"a": "1000"})
    add_item(owner(guest_key="g"), products["a"].pk, 3, at=NOON)
    someone = buyer()

    at_once(*[lambda: merge_guest_cart("g", owner(someone), at=LATER)] * 3)

    assert list(Cart.objects.active().get().items.values_list("quantity", flat=True)) == [3]


KILLED = """
import os, signal, sys
import django
django.setup()
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
from django.db import connection, transaction
connection.settings_dict["NAME"] = sys.argv[1]
from commerce.models import Customer
from commerce.services import orders
from commerce.services.idempotency import Answer, answer_once
from commerce.tests.shop import LATER, agree, ask
someone = Customer.objects.select_related("price_list").get()
agreed = ask(someone, "X", a=1)
def die(*args, **more):
    sys.stdout.write("at the end of it")
    sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGKILL)
orders.touch_last = die
answer_once(principal="user:1", route="orders", key="k", fingerprint="f", at=LATER,
            work=lambda: Answer(201, agree(someone, agreed, "X", a=1).number))
"""


def test_a_process_killed_in_the_middle_leaves_nothing_half_done():
    open_shop({"a": "1000"}, stock="1")
    promote(code="X", usage_limit=1)
    someone = buyer()

    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(connection.settings_dict["NAME"])],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tsh_erp.settings"},
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert (killed.returncode, killed.stdout) == (-signal.SIGKILL, "at the end of it"), killed.stderr
    assert not AppOrder.objects.exists()
    assert not PromotionUse.objects.exists()
    assert Promotion.objects.get().used == 0
    assert IdempotencyKey.objects.get().status is None
    assert order(someone, "X", a=1).items_discount == 100
