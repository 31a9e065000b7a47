from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.choices import PriceListKind, PricingScheme, Rounding
from catalog.price_rules import (
    STEPS,
    BaseAmount,
    ItemRule,
    ListRule,
    Reason,
    Step,
    bracket_for,
    effective_price,
    round_price,
)
from catalog.values import Bracket

PERCENT = PriceListKind.PERCENTAGE
PER_ITEM = PriceListKind.PER_ITEM
KNOWN = [name for name in Rounding.values if name != Rounding.UNKNOWN]
AMOUNTS = st.decimals(0, 10**12, places=6)


@pytest.mark.parametrize(
    ("amount", "rounding", "places", "expected"),
    [
        ("1000.678", Rounding.NONE, 2, "1000.68"),
        ("1000.678", Rounding.NONE, None, "1000.678"),
        ("1000.678", Rounding.NONE, 0, "1000.678"),
        ("1000.678", "", 0, "1000.678"),
        ("1000.678", Rounding.DECIMALS, 0, "1001"),
        ("1000.678", Rounding.DECIMALS, 1, "1000.7"),
        ("1000.678", Rounding.DECIMALS, None, "1000.678"),
        ("1000.676", Rounding.CENT, 0, "1000.68"),
        ("1000.67", Rounding.TWO_CENTS, 0, "1000.68"),
        ("1000.678", Rounding.FIVE_CENTS, 0, "1000.70"),
        ("1000.62", Rounding.TEN_CENTS, 0, "1000.60"),
        ("1000.62", Rounding.TEN_CENTS_MINUS_CENT, 0, "1000.59"),
        ("1000.678", Rounding.QUARTER, 0, "1000.75"),
        ("1000.678", Rounding.HALF_MINUS_FIVE_CENTS, 0, "1000.45"),
        ("1000.678", Rounding.WHOLE_MINUS_TWO_CENTS, 0, "1000.98"),
        ("1000.678", Rounding.WHOLE_MINUS_FIVE_CENTS, 0, "1000.95"),
        ("1000.678", Rounding.WHOLE_MINUS_ELEVEN_CENTS, 0, "1000.89"),
        ("1000.675", Rounding.NONE, 2, "1000.68"),
        ("1000.6784999", Rounding.NONE, 9, "1000.678500"),
        ("1000.678", Rounding.WHOLE, 2, "1001"),
        ("1000.50", Rounding.WHOLE, 2, "1001"),
        ("1000.49", Rounding.WHOLE, 2, "1000"),
        ("1000.678", Rounding.WHOLE_MINUS_CENT, 2, "1000.99"),
        ("1000.49", Rounding.WHOLE_MINUS_CENT, 2, "999.99"),
        ("1000.678", Rounding.HALF, 2, "1000.50"),
        ("1000.75", Rounding.HALF, 2, "1001.00"),
        ("1000.24", Rounding.HALF, 2, "1000.00"),
        ("1000.25", Rounding.HALF, 2, "1000.50"),
        ("1000.678", Rounding.HALF_MINUS_CENT, 2, "1000.49"),
        ("1000.80", Rounding.HALF_MINUS_CENT, 2, "1000.99"),
        ("0.2", Rounding.WHOLE_MINUS_CENT, 2, "0"),
        ("0.2", Rounding.HALF_MINUS_CENT, 2, "0"),
        ("0", Rounding.WHOLE, 2, "0"),
    ],
)
def test_rounding(amount, rounding, places, expected):
    assert round_price(Decimal(amount), rounding, places) == Decimal(expected)


def test_percentage_raises_and_lowers_the_base_price():
    base = BaseAmount(amount=Decimal("1000"))

    raised = effective_price(base, ListRule(kind=PERCENT, percentage=Decimal("12.5"), is_increase=True), None)
    lowered = effective_price(base, ListRule(kind=PERCENT, percentage=Decimal("12.5"), is_increase=False), None)

    assert raised.price == Decimal("1125")
    assert lowered.price == Decimal("875")
    assert raised.reason is lowered.reason is Reason.PERCENTAGE


def test_reasoning_tells_every_step():
    rule = ListRule(
        kind=PERCENT, percentage=Decimal("4"), is_increase=True, rounding=Rounding.WHOLE_MINUS_CENT, currency="USD"
    )

    decision = effective_price(BaseAmount(amount=Decimal("22.50"), currency="USD"), rule, None)

    assert decision.price == Decimal("22.99")
    assert decision.currency == "USD"
    assert decision.steps == (
        (Step.BASE, Decimal("22.50")),
        (Step.INCREASE, Decimal("4")),
        (Step.CALCULATED, Decimal("23.4")),
        (Step.ROUNDED, Decimal("22.99")),
    )


def test_a_price_named_for_the_product_wins_and_is_not_rounded():
    rule = ListRule(kind=PERCENT, percentage=Decimal("4"), is_increase=True, rounding=Rounding.WHOLE, currency="IQD")

    decision = effective_price(BaseAmount(amount=Decimal("20")), rule, ItemRule(rate=Decimal("22.30")))

    assert (decision.price, decision.currency, decision.reason) == (Decimal("22.30"), "IQD", Reason.ITEM_RATE)


def test_a_stated_price_of_zero_is_a_price():
    decision = effective_price(BaseAmount(amount=Decimal("20")), ListRule(kind=PER_ITEM), ItemRule(rate=Decimal(0)))

    assert decision.price == Decimal(0)


def test_discount_is_taken_off_the_base_price_and_rounded():
    rule = ListRule(kind=PER_ITEM, rounding=Rounding.HALF)

    decision = effective_price(BaseAmount(amount=Decimal("22")), rule, ItemRule(discount_percentage=Decimal("5")))

    assert (decision.price, decision.reason) == (Decimal("21.00"), Reason.DISCOUNT)


VOLUME = ItemRule(
    rate=Decimal("99"),
    pricing_scheme=PricingScheme.VOLUME,
    brackets=(
        Bracket(start=Decimal(1), end=Decimal(10), rate=Decimal("5")),
        Bracket(start=Decimal(11), end=None, rate=Decimal("4.25")),
    ),
)


@pytest.mark.parametrize(
    ("quantity", "price"), [("1", "5"), ("10", "5"), ("10.5", "5"), ("11", "4.25"), ("5000", "4.25")]
)
def test_volume_prices_follow_the_quantity(quantity, price):
    decision = effective_price(
        BaseAmount(amount=Decimal("20")), ListRule(kind=PER_ITEM), VOLUME, quantity=Decimal(quantity)
    )

    assert (decision.price, decision.reason) == (Decimal(price), Reason.BRACKET)
    assert decision.bracket == VOLUME.brackets[0 if price == "5" else 1]


GAP = (
    Bracket(start=Decimal(50), end=None, rate=Decimal(15)),
    Bracket(start=Decimal(10), end=Decimal(19), rate=Decimal(19)),
    Bracket(start=Decimal(30), end=Decimal("40.5"), rate=Decimal(18)),
)


@pytest.mark.parametrize(
    ("quantity", "rate"),
    [("1", None), ("10", 19), ("19.999", 19), ("20", None), ("40.5", 18), ("40.6", None), ("50", 15), ("9.999", None)],
)
def test_brackets_in_any_order_and_with_gaps(quantity, rate):
    found = bracket_for(GAP, Decimal(quantity))

    assert (found and found.rate) == rate


def test_a_quantity_outside_of_the_brackets_has_no_price():
    item = ItemRule(pricing_scheme=PricingScheme.VOLUME, brackets=GAP)

    decision = effective_price(BaseAmount(amount=Decimal("20")), ListRule(kind=PER_ITEM), item)

    assert (decision.price, decision.reason) == (None, Reason.NO_BRACKET)


def test_a_discount_beside_a_named_price_is_taken_off_it():
    item = ItemRule(rate=Decimal("22"), discount_percentage=Decimal("5"))
    bracket = ItemRule(brackets=(Bracket(rate=Decimal("22"), discount_percentage=Decimal("5")),))

    decision = effective_price(BaseAmount(amount=None), ListRule(kind=PER_ITEM, currency="USD"), item)

    assert (decision.price, decision.currency, decision.reason) == (Decimal("20.90"), "USD", Reason.ITEM_RATE)
    assert decision.steps[:2] == ((Step.RATE, Decimal(22)), (Step.DECREASE, Decimal(5)))
    assert effective_price(BaseAmount(amount=None), ListRule(kind=PER_ITEM), bracket).price == Decimal("20.90")


def test_an_unknown_way_of_rounding_gives_no_calculated_price_but_leaves_the_named_ones():
    rule = ListRule(kind=PERCENT, percentage=Decimal(5), is_increase=True, rounding=Rounding.UNKNOWN)
    base = BaseAmount(amount=Decimal(10))

    assert effective_price(base, rule, None).reason is Reason.ROUNDING_UNKNOWN
    assert effective_price(base, rule, None).price is None
    assert effective_price(base, rule, ItemRule(rate=Decimal("7.77"))).price == Decimal("7.77")
    with pytest.raises(ValueError, match="unknown rounding"):
        round_price(Decimal(1), Rounding.UNKNOWN, 2)


def test_brackets_of_a_single_price_do_not_hide_it():
    item = ItemRule(rate=Decimal("22"), pricing_scheme=PricingScheme.UNIT, brackets=(Bracket(rate=Decimal("21")),))

    assert effective_price(BaseAmount(amount=None), ListRule(kind=PER_ITEM), item).price == Decimal("22")


def test_a_bracket_may_be_a_discount():
    item = ItemRule(brackets=(Bracket(start=Decimal(1), discount_percentage=Decimal("10")),))

    assert effective_price(BaseAmount(amount=Decimal("50")), ListRule(kind=PER_ITEM), item).price == Decimal("45")


@pytest.mark.parametrize(
    ("rule", "base", "reason"),
    [
        (ListRule(kind=PER_ITEM), BaseAmount(amount=Decimal(5)), Reason.NOT_IN_LIST),
        (ListRule(), BaseAmount(amount=Decimal(5)), Reason.NOT_IN_LIST),
        (ListRule(kind=PERCENT), BaseAmount(amount=Decimal(5)), Reason.NO_PERCENTAGE),
        (ListRule(kind=PERCENT, percentage=Decimal(5)), BaseAmount(amount=Decimal(5)), Reason.NO_PERCENTAGE),
        (
            ListRule(kind=PERCENT, percentage=Decimal(5), is_increase=True),
            BaseAmount(amount=None),
            Reason.NO_BASE_PRICE,
        ),
        (
            ListRule(kind=PERCENT, percentage=Decimal(5), is_increase=True, currency="IQD"),
            BaseAmount(amount=Decimal(1), currency="USD"),
            Reason.CURRENCY_DIFFERS,
        ),
        (
            ListRule(kind=PERCENT, percentage=Decimal(5), is_increase=True, currency="IQD"),
            BaseAmount(amount=Decimal(1)),
            Reason.CURRENCY_UNKNOWN,
        ),
        (
            ListRule(kind=PERCENT, percentage=Decimal(10**9), is_increase=True),
            BaseAmount(amount=Decimal(10**17)),
            Reason.OUT_OF_RANGE,
        ),
    ],
)
def test_no_price_says_why_and_never_falls_back_to_the_base_price(rule, base, reason):
    decision = effective_price(base, rule, None)

    assert (decision.price, decision.reason) == (None, reason)


@given(AMOUNTS, st.sampled_from(KNOWN), st.integers(0, 6))
def test_rounding_stays_within_a_unit_and_is_never_negative(amount, rounding, places):
    rounded = round_price(amount, rounding, places)

    assert rounded >= 0
    assert abs(rounded - amount) <= 1


@given(AMOUNTS, st.sampled_from(sorted(STEPS)))
def test_a_rounded_price_ends_as_its_rule_says(amount, rounding):
    step, less = STEPS[rounding]

    rounded = round_price(amount, rounding, None)

    assert rounded == 0 or (rounded + less) % step == 0
    assert abs(rounded + less - amount) <= step / 2 or rounded == 0


@given(AMOUNTS, st.sampled_from([name for name in KNOWN if not STEPS.get(name, (0, 0))[1]]), st.integers(0, 6))
def test_rounding_twice_is_rounding_once(amount, rounding, places):
    once = round_price(amount, rounding, places)

    assert round_price(once, rounding, places) == once


@given(AMOUNTS, AMOUNTS, st.decimals(0, 90, places=2), st.booleans(), st.sampled_from(KNOWN))
def test_a_dearer_product_never_costs_less(one, other, percentage, is_increase, rounding):
    rule = ListRule(kind=PERCENT, percentage=percentage, is_increase=is_increase, rounding=rounding, decimal_places=2)

    cheaper, dearer = (effective_price(BaseAmount(amount=amount), rule, None).price for amount in sorted((one, other)))

    assert cheaper is not None
    assert dearer is not None
    assert cheaper <= dearer


@given(
    st.lists(st.integers(1, 1000), min_size=1, max_size=8, unique=True),
    st.decimals(0, 2000, places=3),
    st.randoms(use_true_random=False),
)
def test_brackets_without_gaps_cover_everything_from_the_first_on_once(starts, quantity, random):
    starts.sort()
    ends = [Decimal(following - 1) for following in starts[1:]] + [None]
    brackets = [
        Bracket(start=Decimal(start), end=end, rate=Decimal(start)) for start, end in zip(starts, ends, strict=True)
    ]
    random.shuffle(brackets)

    found = bracket_for(brackets, quantity)

    expected = max((start for start in starts if start <= quantity), default=None)
    assert (found and found.rate) == expected
