import pytest

from commerce.phones import parse_phone, tidy_email


@pytest.mark.parametrize(
    "typed",
    [
        "07701234567",
        "7701234567",
        "9647701234567",
        "+9647701234567",
        "009647701234567",
        "0770 123 4567",
        "0770-123-4567",
        "+964 (0) 770 123 4567",
        "٠٧٧٠١٢٣٤٥٦٧",
        "۰۷۷۰۱۲۳۴۵۶۷",
        "+٩٦٤ ٧٧٠ ١٢٣ ٤٥٦٧",
        "０７７０１２３４５６７",
        "\u200e+964 770 123 4567\u202c",
        " 07701234567 ",
    ],
)
def test_one_number_has_one_spelling(typed):
    assert parse_phone(typed) == "+9647701234567"


def test_a_number_with_another_country_keeps_it():
    assert parse_phone("+1 212 555 2368") == "+12125552368"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "0770",
        "abc",
        "1-800-FLOWERS",
        "077012345678901234567890",
        "+",
        "0" * 10_000,
        "07701234567\x00",
        "٠٠٠٠٠",
    ],
)
def test_what_is_no_number_is_none(typed):
    assert parse_phone(typed) is None


def test_an_email_is_compared_without_case_and_spaces():
    assert tidy_email("  Sara@Example.COM ") == "sara@example.com"
