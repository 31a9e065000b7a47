import re
from xml.etree import ElementTree

import pytest

from tsh_erp.admin_site.axes import axis_to, short_number
from tsh_erp.admin_site.charts import HEIGHT, WIDTH, Chart, Mark, Series, bars, columns, lines, sparkline


def chart(*values: float | None, **how) -> Chart:
    series = how.pop("series", [Series(label="in", values=values, tone="good")])
    return Chart(
        **{"key": "c", "title": "Per hour", "description": "In", "slots": range(len(values)), "series": series, **how}
    )


def svg(drawn: str) -> ElementTree.Element:
    return ElementTree.fromstring(re.search(r"<svg.*?</svg>", drawn, re.S)[0])


def rects(drawn: str) -> list[dict[str, float]]:
    return [{name: float(one.get(name)) for name in ("x", "y", "width", "height")} for one in svg(drawn).iter("rect")]


@pytest.mark.parametrize(
    ("highest", "ticks"),
    [
        (0, (0, 1)),
        (1, (0, 1)),
        (3, (0, 1, 2, 3)),
        (7, (0, 2, 4, 6, 8)),
        (100, (0, 25, 50, 75, 100)),
        (1_000_000, (0, 250_000, 500_000, 750_000, 1_000_000)),
        (float("nan"), (0, 1)),
        (-5, (0, 1)),
    ],
)
def test_an_axis_has_round_steps_that_the_highest_number_fits_on(highest, ticks):
    assert axis_to(highest).ticks == ticks


@pytest.mark.parametrize("highest", [0.3, 1.1, 9, 13, 999, 1_001, 123_456, 9.9e15])
def test_every_number_fits_its_axis(highest):
    axis = axis_to(highest)

    assert axis.top >= highest > axis.top / 2.5
    assert 2 <= len(axis.ticks) <= 6


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, "0"),
        (950, "950"),
        (999.9, "1k"),
        (1_000, "1k"),
        (1_234, "1.23k"),
        (35_000, "35k"),
        (4.8e6, "4.8M"),
        (2e12, "2T"),
    ],
)
def test_numbers_on_an_axis_are_short(number, shown):
    assert short_number(number) == shown


def test_columns_stand_on_each_other_and_as_high_as_their_numbers():
    drawn = columns(
        chart(3, 1, series=[Series(label="good", values=[3, 1]), Series(label="bad", values=[1, None], tone="bad")])
    )

    good, bad, other = rects(drawn)
    assert good["y"] + good["height"] == pytest.approx(HEIGHT - 24)
    assert bad["y"] + bad["height"] == pytest.approx(good["y"], abs=0.11)
    assert good["height"] == pytest.approx(3 * bad["height"], abs=0.3)
    assert other["height"] == pytest.approx(bad["height"], abs=0.1)


def test_time_runs_from_the_right_in_arabic():
    left_to_right, right_to_left = rects(columns(chart(1, 2))), rects(columns(chart(1, 2, from_right=True)))

    assert left_to_right[0]["x"] < left_to_right[1]["x"]
    assert right_to_left[0]["x"] > right_to_left[1]["x"]
    assert right_to_left[0]["x"] + right_to_left[0]["width"] == pytest.approx(WIDTH - left_to_right[0]["x"], abs=0.2)


def test_a_line_is_broken_where_nothing_was_measured():
    drawn = svg(lines(chart(1, 2, None, 4, None, 6, 7)))

    assert [len(one.get("points").split()) for one in drawn.iter("polyline")] == [2, 2]
    assert len(list(drawn.iter("circle"))) == 5


def test_one_point_is_a_dot():
    drawn = svg(lines(chart(5)))

    assert list(drawn.iter("polyline")) == []
    assert len(list(drawn.iter("circle"))) == 1


@pytest.mark.parametrize("values", [(), (None, None)])
@pytest.mark.parametrize("draw", [columns, lines])
def test_without_data_it_says_so(draw, values):
    drawn = draw(chart(*values))

    assert "Nothing was measured in this time." in drawn
    assert "<svg" not in drawn


def test_zeros_are_data():
    assert rects(columns(chart(0, 0))) == []
    assert '<td><bdi dir="ltr">0</bdi></td>' in columns(chart(0, 0))


def test_a_small_number_is_seen_beside_a_huge_one():
    heights = [one["height"] for one in rects(columns(chart(1, 10**15)))]

    assert heights[0] == 1.5
    assert heights[1] == HEIGHT - 24 - 12


def test_whoever_cannot_see_it_reads_title_description_and_every_number():
    drawn = columns(chart(1_234_567, None, title="Per day", description="What came in", slots=["Mon", "Tue"]))

    picture = svg(drawn)
    assert picture.get("role") == "img"
    assert [picture.find(f"*[@id='{name}']").text for name in picture.get("aria-labelledby").split()] == [
        "Per day",
        "What came in",
    ]
    assert '<tr><th scope="row"><bdi dir="ltr">Mon</bdi></th><td><bdi dir="ltr">1,234,567</bdi></td></tr>' in drawn
    assert '<tr><th scope="row"><bdi dir="ltr">Tue</bdi></th><td><bdi dir="ltr">—</bdi></td></tr>' in drawn


def test_marks_stand_in_their_slot():
    drawn = svg(columns(chart(1, 1, 1, marks=[Mark(1, "version 2"), Mark(9, "out of sight")])))

    [mark] = [one for one in drawn.iter("line") if one.get("class") == "mark"]
    assert float(mark.get("x1")) == chart(1, 1, 1).middle(1)


def test_whatever_it_is_called_it_is_text():
    evil = "</svg><script>alert(1)</script>"
    shown = chart(
        1,
        title=evil,
        description=evil,
        slots=[evil],
        unit=evil,
        marks=[Mark(0, evil)],
        series=[Series(label=evil, values=[1])],
    )

    for drawn in (columns(shown), lines(shown), sparkline([1, 2], label=evil), bars([(evil, 1, "bad")])):
        assert "<script" not in drawn
        assert "&lt;script&gt;" in drawn


def test_values_that_do_not_fit_the_slots_are_refused():
    with pytest.raises(ValueError, match="in has 1 values for 2 slots"):
        chart(1, slots=["a", "b"])


def test_a_sparkline_needs_no_spread_and_shows_gaps():
    flat = svg(sparkline([5, 5, 5], label="flat"))
    assert {point.split(",")[1] for point in flat.find("polyline").get("points").split()} == {"14.0"}

    assert [
        len(one.get("points").split()) for one in svg(sparkline([1, 2, None, 3, 4], label="gap")).iter("polyline")
    ] == [
        2,
        2,
    ]
    assert sparkline([None], label="none") == '<span class="spark-none">—</span>'


def test_bars_share_the_width_by_their_numbers():
    drawn = bars([("a", 10, "bad"), ("b", 5, "bad"), ("c", 0.001, "quiet")])

    assert re.findall(r'rect class="tone-\w+" width="([\d.]+)"', drawn) == ["100.0", "50.0", "1.5"]
    assert 'width="0.0"' in bars([("nothing", 0, "bad")])
