from decimal import Decimal

import pytest

from commerce.identities import check_balance, check_identity


def figures(**values):
    known = {"sub_total": Decimal(100), "tax_total": Decimal(10), "total": Decimal(110)}
    return known | values


def test_a_total_that_is_the_sum_of_its_parts_has_no_gap():
    gap = check_identity(
        sub_total=Decimal("100.10"),
        discount="10",
        discount_amount=Decimal(10),
        discount_type="entity_level",
        tax_total=Decimal("9.01"),
        shipping_charge=Decimal(5),
        adjustment=Decimal("-0.10"),
        rounding=Decimal("-0.01"),
        total=Decimal("104.00"),
    )

    assert gap == 0


def test_the_gap_is_what_the_total_has_too_much():
    assert check_identity(**figures(total=Decimal("112.50"))) == Decimal("2.50")


def test_a_discount_on_the_lines_is_already_in_the_subtotal():
    assert check_identity(**figures(discount_type="item_level", discount_amount=Decimal(30))) == 0


def test_parts_that_a_document_does_not_have_were_not_charged():
    assert check_identity(**figures()) == 0


@pytest.mark.parametrize("missing", ["sub_total", "tax_total", "total"])
def test_without_a_needed_figure_nothing_is_said(missing):
    assert check_identity(**figures(**{missing: None})) is None


def test_a_percentage_without_its_amount_cannot_be_checked():
    assert check_identity(**figures(discount="20.00%")) is None


def test_the_balance_is_what_nothing_was_applied_to():
    applied = {"payments": Decimal(40), "credits": Decimal(10), "tax_withheld": Decimal(5), "write_off": Decimal(1)}

    assert check_balance(total=Decimal(100), balance=Decimal(44), **applied) == 0
    assert check_balance(total=Decimal(100), balance=Decimal(40), **applied) == Decimal(-4)


@pytest.mark.parametrize("missing", ["total", "payments", "credits", "balance"])
def test_a_balance_with_unknown_parts_is_not_checked(missing):
    known = dict.fromkeys(("total", "payments", "credits", "balance"), Decimal(0))

    assert check_balance(**known | {missing: None}) is None
