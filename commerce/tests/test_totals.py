"""Adding up a cart: the forks where good systems disagree, and what holds for every cart (design/mobile.md §3)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.totals import (
    CURRENCIES,
    Cart,
    CashRounding,
    Kind,
    Line,
    Promotion,
    Refusal,
    Shipping,
    Totals,
    allocate,
    calculate,
)

IQD, USD = CURRENCIES["IQD"], CURRENCIES["USD"]


def D(text: str | int) -> Decimal:
    return Decimal(text)


def line(key: str, price: str, quantity: str = "1", **more: str) -> Line:
    return Line(key=key, unit_price=D(price), quantity=D(quantity), **{name: D(value) for name, value in more.items()})


def percent(number: int, value: str, **more: object) -> Promotion:
    return Promotion(id=number, kind=Kind.PERCENTAGE, value=D(value), **more)


def fixed(number: int, value: str, **more: object) -> Promotion:
    return Promotion(id=number, kind=Kind.FIXED, value=D(value), **more)


def outcome(totals: Totals, number: int) -> tuple[Decimal, Refusal | None]:
    one = next(one for one in totals.promotions if one.promotion.id == number)
    return one.amount, one.refusal


# --- examples -------------------------------------------------------------------------------------------


def test_a_plain_cart_is_the_sum_of_its_lines():
    cart = Cart(money=IQD, lines=[line("a", "1500", "3"), line("b", "82750")], shipping=Shipping(price=D(5000)))

    totals = calculate(cart)

    assert [one.subtotal for one in totals.lines] == [D(4500), D(82750)]
    assert (totals.items_subtotal, totals.shipping, totals.total, totals.payable) == (
        D(87250),
        D(5000),
        D(92250),
        D(92250),
    )


def test_a_percentage_is_rounded_half_up():
    three = calculate(Cart(money=USD, lines=[line("a", "17.50")], promotions=[percent(1, "3")]))
    five = calculate(Cart(money=USD, lines=[line("a", "17.50")], promotions=[percent(1, "5")]))

    assert (three.items_discount, five.items_discount) == (D("0.53"), D("0.88"))


def test_an_order_percentage_is_rounded_once_and_an_item_percentage_on_each_line():
    lines = [line("a", "1.06"), line("b", "2.06"), line("c", "3.06"), line("d", "4.06")]

    on_order = calculate(Cart(money=USD, lines=lines, promotions=[percent(1, "10")]))
    on_items = calculate(Cart(money=USD, lines=lines, promotions=[percent(1, "10", lines=frozenset("abcd"))]))

    assert (on_order.items_discount, on_items.items_discount) == (D("1.02"), D("1.04"))


def test_the_line_is_discounted_and_not_the_unit():
    cart = Cart(money=USD, lines=[line("a", "0.01", "10")], promotions=[percent(1, "10", lines=frozenset("a"))])

    assert calculate(cart).total == D("0.09")


def test_a_fixed_amount_is_split_by_largest_remainder():
    cart = Cart(money=USD, lines=[line(key, "2.00") for key in "abc"], promotions=[fixed(1, "4.00")])

    totals = calculate(cart)

    assert [one.discounts[1] for one in totals.lines] == [D("1.34"), D("1.33"), D("1.33")]


def test_a_discount_is_capped_at_what_it_is_taken_from():
    totals = calculate(Cart(money=USD, lines=[line("a", "2.50")], promotions=[fixed(1, "3.00")]))

    assert (totals.total, outcome(totals, 1)) == (D("0.00"), (D("2.50"), None))


def test_a_promotion_takes_no_more_than_its_most():
    totals = calculate(Cart(money=IQD, lines=[line("a", "100000")], promotions=[percent(1, "50", most=D(10000))]))

    assert totals.total == D(90000)


def test_percentages_chain():
    totals = calculate(Cart(money=IQD, lines=[line("a", "100")], promotions=[percent(1, "10"), percent(2, "10")]))

    assert totals.total == D(81)


def test_the_minimum_is_compared_with_the_merchandise_and_not_with_what_other_promotions_left():
    cart = Cart(
        money=IQD, lines=[line("a", "50000")], promotions=[percent(1, "10"), fixed(2, "20000", minimum=D(50000))]
    )

    assert calculate(cart).total == D(25000)


def test_below_its_minimum_a_promotion_says_so():
    totals = calculate(Cart(money=IQD, lines=[line("a", "49999")], promotions=[percent(1, "10", minimum=D(50000))]))

    assert (totals.total, outcome(totals, 1)) == (D(49999), (D(0), Refusal.MIN_ORDER))


@pytest.mark.parametrize(
    ("quantity", "free"), [("3", "0"), ("4", "2"), ("7", "2"), ("8", "4")], ids=["3", "4", "7", "8"]
)
def test_buy_two_get_two_counts_complete_sets_only(quantity, free):
    promotion = Promotion(id=1, kind=Kind.BUY_X_GET_Y, buy=2, get=2)

    totals = calculate(Cart(money=IQD, lines=[line("a", "1000", quantity)], promotions=[promotion]))

    assert totals.items_discount == D(1000) * D(free)


def test_the_free_units_are_the_cheapest_ones_after_line_discounts():
    promotion = Promotion(id=1, kind=Kind.BUY_X_GET_Y, buy=2, get=1)
    lines = [line("a", "3000"), line("b", "2500"), line("c", "2600", discount_percentage="10")]

    totals = calculate(Cart(money=IQD, lines=lines, promotions=[promotion]))

    assert [one.discounts.get(1, D(0)) for one in totals.lines] == [D(0), D(0), D(2340)]


def test_percentages_do_not_touch_free_units():
    promotion = Promotion(id=1, kind=Kind.BUY_X_GET_Y, buy=3, get=1)

    totals = calculate(Cart(money=IQD, lines=[line("a", "320", "4")], promotions=[promotion, percent(2, "10")]))

    assert totals.total == D(864)


def test_what_is_sold_by_the_metre_has_no_free_units():
    promotion = Promotion(id=1, kind=Kind.BUY_X_GET_Y, buy=1, get=1)

    totals = calculate(Cart(money=IQD, lines=[line("a", "1000", "2.5")], promotions=[promotion]))

    assert outcome(totals, 1) == (D(0), Refusal.NOT_ELIGIBLE)


def test_the_best_of_all_stackable_ones_together_and_each_exclusive_one_alone():
    lines = [line("a", "100000")]
    stackable = [percent(1, "10"), percent(2, "10")]

    weak = calculate(Cart(money=IQD, lines=lines, promotions=[*stackable, percent(3, "15", is_exclusive=True)]))
    strong = calculate(Cart(money=IQD, lines=lines, promotions=[*stackable, percent(3, "20", is_exclusive=True)]))

    assert (weak.total, outcome(weak, 3)) == (D(81000), (D(0), Refusal.NOT_COMBINABLE))
    assert (strong.total, outcome(strong, 1)) == (D(80000), (D(0), Refusal.NOT_COMBINABLE))


def test_of_equal_totals_the_fewest_promotions_win():
    promotions = [fixed(1, "500"), fixed(2, "500"), fixed(3, "1000", is_exclusive=True)]

    totals = calculate(Cart(money=IQD, lines=[line("a", "5000")], promotions=promotions))

    assert [one.promotion.id for one in totals.promotions if one.refusal is None] == [3]


def test_a_promotion_for_other_lines_is_not_eligible():
    totals = calculate(
        Cart(money=IQD, lines=[line("a", "5000")], promotions=[percent(1, "10", lines=frozenset({"b"}))])
    )

    assert outcome(totals, 1) == (D(0), Refusal.NOT_ELIGIBLE)


def test_free_shipping_takes_the_shipping_off_up_to_its_most():
    promotion = Promotion(id=1, kind=Kind.FREE_SHIPPING, most=D(3000))
    cart = Cart(money=IQD, lines=[line("a", "5000")], promotions=[promotion], shipping=Shipping(price=D(5000)))

    totals = calculate(cart)

    assert (totals.shipping_discount, totals.total, totals.you_save) == (D(3000), D(7000), D(3000))


def test_tax_comes_after_discounts_line_by_line():
    lines = [line(key, "35.00", tax_rate="8.25") for key in "ab"]

    totals = calculate(Cart(money=USD, lines=lines))

    assert (totals.tax, totals.total) == (D("5.78"), D("75.78"))


def test_prices_that_include_tax_are_taken_apart():
    cart = Cart(money=USD, lines=[line("a", "115.00", tax_rate="15")], prices_include_tax=True)

    totals = calculate(cart)

    assert (totals.lines[0].net, totals.tax, totals.total) == (D("100.00"), D("15.00"), D("115.00"))


@pytest.mark.parametrize(
    ("how", "total", "payable"),
    [
        (CashRounding.NEAREST, "123650", "123750"),
        (CashRounding.NEAREST, "123600", "123500"),
        (CashRounding.NEAREST, "123625", "123750"),
        (CashRounding.UP, "123501", "123750"),
        (CashRounding.DOWN, "123749", "123500"),
        (CashRounding.NEAREST, "100", "250"),
        (CashRounding.DOWN, "249", "250"),
        (CashRounding.UP, "0", "0"),
    ],
)
def test_cash_is_rounded_to_the_smallest_note(how, total, payable):
    cart = Cart(money=IQD, lines=[line("a", total)], is_paid_in_cash=True, cash_rounding=how)

    totals = calculate(cart)

    assert (totals.total, totals.payable) == (D(total), D(payable))


def test_cards_and_dollars_stay_exact():
    card = calculate(Cart(money=IQD, lines=[line("a", "123650")]))
    dollars = calculate(Cart(money=USD, lines=[line("a", "12.34")], is_paid_in_cash=True))

    assert (card.payable, dollars.payable) == (D(123650), D("12.34"))


def test_an_empty_cart_costs_nothing():
    totals = calculate(Cart(money=IQD, lines=[], promotions=[percent(1, "10")]))

    assert (totals.total, totals.payable) == (D(0), D(0))


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (Cart(money=IQD, lines=[line("a", "-1")]), ValueError),
        (Cart(money=IQD, lines=[line("a", "NaN")]), ValueError),
        (Cart(money=IQD, lines=[Line(key="a", unit_price=1.5, quantity=D(1))]), TypeError),
        (Cart(money=IQD, lines=[line("a", "1"), line("a", "2")]), ValueError),
        (Cart(money=IQD, lines=[line("a", "1")], promotions=[percent(1, "1"), percent(1, "2")]), ValueError),
    ],
)
def test_nonsense_is_refused(wrong, error):
    with pytest.raises(error):
        calculate(wrong)


# --- what holds for every cart ------------------------------------------------------------------------------

KEYS = "abcde"
RATES = st.sampled_from([D(0), D(5), D(15)])


@st.composite
def promotions(draw: st.DrawFn, number: int) -> Promotion:
    kind = draw(st.sampled_from(list(Kind)))
    highest = 100 if kind is Kind.PERCENTAGE else 30_000
    return Promotion(
        id=number,
        kind=kind,
        value=D(draw(st.integers(0, highest))),
        lines=draw(st.none() | st.frozensets(st.sampled_from(KEYS), min_size=1)),
        minimum=D(draw(st.sampled_from([0, 0, 5_000, 50_000]))),
        most=draw(st.none() | st.integers(0, 10_000).map(D)),
        buy=draw(st.integers(1, 3)),
        get=draw(st.integers(1, 2)),
        priority=draw(st.integers(0, 2)),
        is_exclusive=draw(st.booleans()),
    )


@st.composite
def carts(
    draw: st.DrawFn, *, with_promotions: bool = True, one_rate: bool = False, inclusive: bool | None = None
) -> Cart:
    money = draw(st.sampled_from([IQD, USD]))
    rate = draw(RATES)
    lines = [
        Line(
            key=key,
            unit_price=D(draw(st.integers(0, 5_000_000))).scaleb(-money.digits),
            quantity=D(draw(st.integers(1, 9))),
            tax_rate=rate if one_rate else draw(RATES),
            discount_percentage=D(draw(st.sampled_from([0, 0, 0, 7, 50]))),
        )
        for key in draw(st.lists(st.sampled_from(KEYS), unique=True, max_size=5))
    ]
    count = draw(st.integers(0, 4)) if with_promotions else 0
    return Cart(
        money=money,
        lines=lines,
        promotions=[draw(promotions(number)) for number in range(1, count + 1)],
        shipping=Shipping(price=D(draw(st.sampled_from([0, 3_000, 5_000])))),
        prices_include_tax=draw(st.booleans()) if inclusive is None else inclusive,
        is_paid_in_cash=draw(st.booleans()),
        cash_rounding=draw(st.sampled_from(list(CashRounding))),
    )


@given(carts())
def test_every_amount_is_whole_and_adds_up(cart):
    totals = calculate(cart)

    for one in totals.lines:
        off = one.subtotal - one.discount
        assert D(0) <= off <= one.subtotal
        assert (one.total if cart.prices_include_tax else one.net) == off
        assert min(one.net, one.tax, *one.discounts.values(), D(0)) == 0
    shipping = totals.shipping - totals.shipping_discount
    assert totals.total == sum((one.total for one in totals.lines), shipping)
    assert totals.items_discount == sum((one.discount for one in totals.lines), D(0))
    published = [totals.total, totals.tax, totals.items_discount, totals.shipping_discount, totals.payable]
    assert all(amount == cart.money.round(amount) and amount >= 0 for amount in published)
    assert sum((one.amount for one in totals.promotions), D(0)) == totals.shipping_discount + sum(
        (sum(one.discounts.values(), D(0)) for one in totals.lines), D(0)
    )


@given(carts(), st.randoms(use_true_random=False))
def test_the_order_of_lines_and_promotions_changes_nothing(cart, random):
    lines, offers = list(cart.lines), list(cart.promotions)
    random.shuffle(lines)
    random.shuffle(offers)

    assert calculate(replace(cart, lines=lines, promotions=offers)) == calculate(cart)


@given(carts(with_promotions=False), st.integers(1, 1_000))
def test_without_promotions_more_costs_more(cart, extra):
    if not cart.lines:
        return
    first, *others = cart.lines
    dearer = replace(first, unit_price=first.unit_price + D(extra))
    more = replace(first, quantity=first.quantity + extra)

    total = calculate(cart).total
    assert calculate(replace(cart, lines=[dearer, *others])).total >= total
    assert calculate(replace(cart, lines=[more, *others])).total >= total


@given(carts())
def test_one_promotion_more_raises_the_total_by_a_unit_at_most(cart):
    without = calculate(replace(cart, promotions=cart.promotions[1:])).total

    assert calculate(cart).total <= without + cart.money.unit


@given(carts(one_rate=True, with_promotions=False), st.integers(0, 100), st.integers(0, 100))
def test_a_higher_percentage_never_raises_the_total(cart, one, other):
    low, high = (calculate(replace(cart, promotions=[percent(1, str(value))])).total for value in sorted((one, other)))

    assert high <= low


@given(carts(inclusive=True))
def test_where_prices_include_tax_the_total_is_what_the_discounted_prices_say(cart):
    totals = calculate(cart)

    gross = sum((one.subtotal - one.discount for one in totals.lines), D(0))
    assert totals.total == gross + totals.shipping - totals.shipping_discount


@given(carts(with_promotions=False))
def test_all_of_it_off_and_free_shipping_is_nothing_to_pay(cart):
    offers = [percent(1, "100"), Promotion(id=2, kind=Kind.FREE_SHIPPING)]

    totals = calculate(replace(cart, promotions=offers))

    assert (totals.total, totals.payable) == (0, 0)


@given(carts())
def test_cash_is_payable_in_notes_and_nothing_else_is_rounded(cart):
    totals = calculate(cart)

    if cart.is_paid_in_cash and cart.money is IQD:
        assert totals.payable % 250 == 0
        assert abs(totals.rounding_adjustment) < 250
        if cart.cash_rounding is CashRounding.NEAREST and totals.total >= 125:
            assert abs(totals.rounding_adjustment) <= 125
        if cart.cash_rounding is CashRounding.UP:
            assert totals.rounding_adjustment >= 0
    else:
        assert totals.rounding_adjustment == 0


@given(st.lists(st.integers(0, 10_000).map(D), max_size=12), st.integers(0, 200_000), st.sampled_from([IQD, USD]))
def test_an_allocation_loses_nothing(weights, amount, money):
    amount = min(D(amount), sum(weights, D(0)))

    shares = allocate(amount, weights, money)

    assert sum(shares, D(0)) == amount
    assert all(D(0) <= share <= weight for share, weight in zip(shares, weights, strict=True))
    if amount:
        exact = [amount * weight / sum(weights, D(0)) for weight in weights]
        assert all(abs(share - wanted) < money.unit for share, wanted in zip(shares, exact, strict=True))
