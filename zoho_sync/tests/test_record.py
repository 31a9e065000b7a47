"""Reading Zoho's fields: tolerant of its habits, exact in numbers, and nonsense is refused by name."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoho_sync.entities import ENTITIES
from zoho_sync.errors import MappingError
from zoho_sync.mappers.record import Record

EMPTY = [None, "", " ", "\t\n", {}, []]


def record(value):
    return Record({"x": value})


def refusal(read, value):
    with pytest.raises(MappingError) as caught:
        read(record(value))
    assert caught.value.field == "x"
    return str(caught.value)


# --- what is not there ---------------------------------------------------------------------------


@pytest.mark.parametrize("value", EMPTY)
def test_what_is_empty_is_unknown_and_never_nothing(value):
    one = record(value)

    assert one.has("x") is False
    assert [one.money("x"), one.quantity("x"), one.rate("x"), one.integer("x")] == [None] * 4
    assert [one.boolean("x"), one.date("x"), one.moment("x"), one.record("x")] == [None] * 4
    assert one.records("x") == []
    assert (one.text("x", ""), one.identifier("x", None), one.choice("x", {"a": 1}, 2)) == ("", None, 2)


@pytest.mark.parametrize("value", EMPTY)
def test_what_is_required_and_empty_is_refused_by_name(value):
    for read in (lambda r: r.text("x"), lambda r: r.identifier("x"), lambda r: r.choice("x", {"a": 1})):
        assert refusal(read, value).startswith("x: ")


def test_an_absent_key_is_empty():
    assert Record({}).money("x") is None
    assert Record({}).money("x", Decimal(5)) == Decimal(5)
    assert "x" not in Record({})
    assert "x" in record("")


# --- numbers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        (5, "5"),
        (0, "0"),
        (Decimal("0.00"), "0"),
        (Decimal("12.50"), "12.50"),
        ("7.00", "7.00"),
        ("1,234.50", "1234.50"),
        ("12,345,678", "12345678"),
        (" -3.5 ", "-3.5"),
        ("+2", "2"),
        (".5", "0.5"),
        ("1e3", "1000"),
        (Decimal("0.1"), "0.1"),
        ("123456789012345678.123456", "123456789012345678.123456"),
    ],
)
def test_amounts_are_exact(value, amount):
    assert record(value).money("x") == Decimal(amount)


@pytest.mark.parametrize("value", ["None", "null", "n/a", "-", "N/A"])
def test_words_for_unknown(value):
    assert record(value).money("x") is None


@pytest.mark.parametrize(
    "value",
    [
        "cheap",
        "1.2.3",
        "1,23",
        "12 345",
        "0x10",
        "NaN",
        "Infinity",
        ".",
        "e5",
        "1e",
        True,
        False,
        [1],
        {"a": 1},
        1.5,
        Decimal("NaN"),
        Decimal("Infinity"),
        Decimal("1e30"),
        "1e999",
        10**18,
        "0.0000001",
        Decimal("1e-7"),
    ],
)
def test_nonsense_is_no_amount(value):
    refusal(lambda one: one.money("x"), value)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**18) + 1, max_value=10**18 - 1))
def test_every_amount_survives_its_spellings(amount):
    for spelling in (amount, str(amount), f"{amount:f}", f"{amount:,f}"):
        assert record(spelling).money("x") == amount


def test_a_percentage_may_carry_its_sign():
    assert record("20.00%").rate("x") == Decimal("20.00")


def test_whole_numbers():
    assert (record("1,000").integer("x"), record(Decimal("3.0")).integer("x"), record(0).integer("x")) == (1000, 3, 0)
    assert "is not a whole number" in refusal(lambda one: one.integer("x"), "1.5")


# --- identifiers and text ------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["4600000000001234567", 4600000000001234567, Decimal("4600000000001234567"), " 46 "])
def test_ids_are_text(value):
    assert record(value).identifier("x") == str(value).strip()


@pytest.mark.parametrize("value", [True, "a b", "x" * 51, "1;2", Decimal("1.5"), {"a": 1}, [1], "١٢٣", "é"])
def test_what_is_no_id(value):
    assert "is not a Zoho id" in refusal(lambda one: one.identifier("x"), value)


def test_text_is_kept_byte_for_byte():
    assert record("  كرسي  ").text("x") == "  كرسي  "
    assert (record(17).text("x"), record(Decimal("1.50")).text("x")) == ("17", "1.50")


@pytest.mark.parametrize("value", [True, [1], {"a": 1}, 1.5])
def test_what_is_no_text(value):
    assert "is not text" in refusal(lambda one: one.text("x"), value)


def test_text_that_does_not_fit_is_refused_and_not_cut():
    assert record("12345").text("x", limit=5) == "12345"
    assert "is longer than 5 characters" in refusal(lambda one: one.text("x", limit=5), "123456")
    assert "NUL" in refusal(lambda one: one.text("x"), "a\x00b")


# --- times, words, objects -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        "2026-03-01",
        "2026-03-01T10:00:00+0300",
        "2026-03-01 10:00:00",
        "01/03/2026",
        "01-03-2026",
        "2026/03/01",
        "01 Mar 2026",
        " 2026-03-01 ",
    ],
)
def test_dates(value):
    assert record(value).date("x") == date(2026, 3, 1)


@pytest.mark.parametrize("value", ["yesterday", "2026-13-01", "2026-02-30", "31/31/2026", True, {"a": 1}])
def test_what_is_no_date(value):
    assert "is not a date" in refusal(lambda one: one.date("x"), value)


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2024-11-28T14:52:55+0530", datetime(2024, 11, 28, 9, 22, 55, tzinfo=UTC)),
        ("2024-11-28T14:52:55+05:30", datetime(2024, 11, 28, 9, 22, 55, tzinfo=UTC)),
        ("2024-11-28T14:52:55Z", datetime(2024, 11, 28, 14, 52, 55, tzinfo=UTC)),
        ("2024-11-28T14:52:55", datetime(2024, 11, 28, 14, 52, 55, tzinfo=UTC)),
        ("2024-11-28", datetime(2024, 11, 28, tzinfo=UTC)),
    ],
)
def test_moments(value, moment):
    assert record(value).moment("x") == moment


@pytest.mark.parametrize(
    "value", ["soon", "2024-11-28T25:00:00Z", "0001-01-01T00:00:00+0530", "9999-12-31T23:59:59-0100", True, [1]]
)
def test_what_is_no_moment(value):
    assert "is not a timestamp" in refusal(lambda one: one.moment("x"), value)


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)),
    st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)
def test_every_moment_survives_zohos_spelling(moment, zone):
    moment = moment.replace(microsecond=0, tzinfo=zone)

    assert record(moment.strftime("%Y-%m-%dT%H:%M:%S%z")).moment("x") == moment


def test_booleans():
    assert [record(value).boolean("x") for value in (True, "true", "TRUE", 1, "1", "yes")] == [True] * 6
    assert [record(value).boolean("x") for value in (False, "false", 0, "0", "No")] == [False] * 5
    assert "is neither true nor false" in refusal(lambda one: one.boolean("x"), "maybe")


def test_choices_are_folded():
    assert record(" Active ").choice("x", {"active": 1}) == 1
    assert "is not one of active" in refusal(lambda one: one.choice("x", {"active": 1}), "dormant")


def test_nested_objects_and_the_path_in_the_message():
    one = Record({"rows": [{"a": "1"}, {"a": "bad"}], "single": {"a": 2}})

    assert one.record("single").money("a") == 2
    assert len(one.records("single")) == 1
    with pytest.raises(MappingError, match=r"^rows\[1\]\.a: 'bad' is not a number$"):
        one.records("rows")[1].money("a")
    assert "is not a list of objects" in refusal(lambda r: r.records("x"), [1])


# --- every mapper, with damaged examples ---------------------------------------------------------

EXAMPLES = Path(__file__).parent / "examples"


def examples(entity):
    """Every record of this module in the documentation's answers."""
    found = []
    for file in sorted(EXAMPLES.glob("*.json")):
        body = json.loads(file.read_text(encoding="utf-8"), parse_float=Decimal)["body"]
        for key in (*entity.detail_keys, *entity.list_keys):
            rows = body.get(key) if isinstance(body, dict) else None
            found += [row for row in (rows if isinstance(rows, list) else [rows]) if isinstance(row, dict)]
    return [row for row in found if entity.id_key in row]


BY_ENTITY = {entity.module: examples(entity) for entity in ENTITIES}
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(["", " ", "-", "1,234.50", "20.00%", "1e400", "2026-99-99", "0001-01-01T00:00:00+0530", "٣"]),
    st.just("x" * 5_000),
    st.sampled_from([[], {}, [{}], [1], [[1]], {"a": 1}, [None], [{"a": None}]]),
)


def paths(value, at=()):
    """The way to every value in an object, at any depth."""
    if at:
        yield at
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from paths(one, (*at, key))


@st.composite
def damaged(draw, row):
    """A record with up to six of its values, at any depth, replaced or left out."""
    copy = deepcopy(row)
    for path in draw(st.lists(st.sampled_from(list(paths(row))), min_size=1, max_size=6, unique=True)):
        *way, last = path
        place = copy
        for key in way:
            place = place[key] if isinstance(place, dict | list) and _has(place, key) else None
        if not isinstance(place, dict | list) or not _has(place, last):
            continue  # what it stood in was damaged before
        if draw(st.integers(0, 3)):
            place[last] = draw(JUNK)
        else:
            del place[last]
    return copy


def _has(place, key):
    return key in place if isinstance(place, dict) else isinstance(key, int) and key < len(place)


def test_every_module_has_an_example():
    assert [module for module, rows in BY_ENTITY.items() if not rows] in ([], ["category"])


@pytest.mark.parametrize("entity", ENTITIES, ids=lambda entity: entity.module)
def test_the_examples_of_the_documentation_are_mapped(entity):
    for row in BY_ENTITY[entity.module]:
        payload = {"contact_type": "customer"} | row if entity.module == "contact" else row
        assert entity.map(Record(payload)).zoho_id == str(row[entity.id_key])


@pytest.mark.parametrize("entity", [one for one in ENTITIES if BY_ENTITY[one.module]], ids=lambda entity: entity.module)
@given(data=st.data())
def test_a_damaged_example_is_mapped_or_refused_and_never_an_error(entity, data):
    payload = data.draw(st.sampled_from(BY_ENTITY[entity.module]).flatmap(damaged))

    try:
        values = entity.map(Record(payload))
    except MappingError:
        return
    assert values.zoho_id
    assert all(module and zoho_id for module, zoho_id in getattr(values, "parents", ()))
