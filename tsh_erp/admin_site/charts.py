"""Charts drawn on the server: numbers in, SVG out. Pure, safe for any text, and readable without seeing the picture.

Time runs in the direction of reading: in Arabic from right to left. A number that is None was not measured: it is
drawn as a gap and never as 0. Colours are classes of `overview.css`, so that light, dark and print each have theirs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from tsh_erp.admin_site.axes import Axis, axis_to, short_number

WIDTH, HEIGHT = 640, 200
TOP, BOTTOM, SIDE, EDGE = 12, 24, 46, 10  # room for marks, labels of slots, labels of the axis, and the other end
SPARK_WIDTH, SPARK_HEIGHT, SPARK_MARGIN = 120, 28, 3
MOST_SLOT_LABELS = 8
LEAST_BAR = 1.5  # a small number is seen beside a huge one
NOTHING = "—"

Values = Sequence[float | None]


@dataclass(frozen=True, kw_only=True)
class Series:
    """One number over all slots. `tone` names its colour: good, bad, busy, warning, quiet."""

    label: object
    values: Values
    tone: str = "busy"


@dataclass(frozen=True)
class Mark:
    """Something that happened in a slot, such as a new version."""

    slot: int
    label: object


@dataclass(frozen=True, kw_only=True)
class Chart:
    """What is to be drawn: slots such as hours, the first the oldest, with one value of each series.

    `key` makes its ids unique on a page. `description` says what it shows to who cannot see it. `line` is
    drawn over columns.
    """

    key: str
    title: object
    description: object
    slots: Sequence[object]
    series: Sequence[Series]
    line: Series | None = None
    marks: Sequence[Mark] = ()
    unit: object = ""
    from_right: bool = False

    def __post_init__(self) -> None:
        for one in self.all_series:
            if len(one.values) != len(self.slots):
                raise ValueError(f"{one.label} has {len(one.values)} values for {len(self.slots)} slots")

    @property
    def all_series(self) -> Sequence[Series]:
        return [*self.series, self.line] if self.line else self.series

    @property
    def is_empty(self) -> bool:
        return all(value is None for one in self.all_series for value in one.values)

    def middle(self, slot: int) -> float:
        """Where a slot's middle lies, from the left."""
        place = EDGE + (slot + 0.5) * self.slot_width
        return WIDTH - place if self.from_right else place

    @property
    def slot_width(self) -> float:
        return (WIDTH - SIDE - EDGE) / max(len(self.slots), 1)


def columns(chart: Chart) -> SafeString:
    """Columns, one for each slot, the series standing on each other; the chart's line over them."""
    heights = [sum(max(one.values[slot] or 0, 0) for one in chart.series) for slot in range(len(chart.slots))]
    over = [value for value in (chart.line.values if chart.line else ()) if value is not None]
    axis = axis_to(max([*heights, *over], default=0))
    width = max(chart.slot_width * 0.72, 1)
    parts = [_column(chart, axis, slot, width) for slot in range(len(chart.slots))]
    line = _line(chart, axis, chart.line) if chart.line else ""
    return _figure(chart, axis, format_html_join("", "{}", ((part,) for part in [*parts, line])))


def lines(chart: Chart) -> SafeString:
    """A line for each series, broken where nothing was measured; a single point is a dot."""
    axis = axis_to(max((value for one in chart.series for value in one.values if value is not None), default=0))
    drawn = [_line(chart, axis, one) for one in chart.series]
    return _figure(chart, axis, format_html_join("", "{}", ((part,) for part in drawn)))


def bars(rows: Iterable[tuple[object, float, str]]) -> SafeString:
    """Horizontal bars as a list: a text (or link), its number, its tone. The longest takes the whole width."""
    known = list(rows)
    most = max((number for _label, number, _tone in known), default=0)
    return format_html(
        '<ul class="bar-list">{}</ul>',
        format_html_join(
            "",
            '<li><span class="bar-label">{}</span> <bdi class="bar-number" dir="ltr">{}</bdi>'
            '<svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">'
            '<rect class="tone-{}" width="{}" height="6"/></svg></li>',
            (
                (label, short_number(number), tone, _at(max(100 * number / most, LEAST_BAR) if most > 0 else 0))
                for label, number, tone in known
            ),
        ),
    )


def sparkline(values: Values, *, label: object, tone: str = "busy", from_right: bool = False) -> SafeString:
    """A line as small as a word. `label` is read in its place."""
    known = [value for value in values if value is not None]
    if not known:
        return format_html('<span class="spark-none">{}</span>', NOTHING)
    low, high = min(known), max(known)
    step = (SPARK_WIDTH - 2 * SPARK_MARGIN) / max(len(values) - 1, 1)

    def place(slot: int, value: float) -> tuple[float, float]:
        x = SPARK_MARGIN + slot * step
        share = (value - low) / (high - low) if high > low else 0.5
        y = SPARK_HEIGHT - SPARK_MARGIN - share * (SPARK_HEIGHT - 2 * SPARK_MARGIN)
        return (SPARK_WIDTH - x if from_right else x), y

    return format_html(
        '<svg class="spark" viewBox="0 0 {} {}" width="{}" height="{}" role="img" aria-label="{}">{}</svg>',
        *(SPARK_WIDTH, SPARK_HEIGHT, SPARK_WIDTH, SPARK_HEIGHT),
        label,
        _strokes([[place(slot, value) for slot, value in run] for run in _runs(values)], tone, dots=False),
    )


# --- parts -----------------------------------------------------------------------------------------


def _column(chart: Chart, axis: Axis, slot: int, width: float) -> SafeString:
    """What stands in one slot, with its numbers to be read when pointed at."""
    left, floor = chart.middle(slot) - width / 2, float(HEIGHT - BOTTOM)
    drawn = []
    for one in chart.series:
        value = one.values[slot]
        if not value or value < 0:
            continue
        height = max(axis.share(value) * (HEIGHT - TOP - BOTTOM), LEAST_BAR)
        floor -= height
        drawn.append((one.tone, _at(left), _at(floor), _at(width), _at(height)))
    return format_html(
        "<g>{}{}</g>",
        format_html("<title>{}</title>", _told(chart, slot)),
        format_html_join("", '<rect class="tone-{}" x="{}" y="{}" width="{}" height="{}"/>', drawn),
    )


def _line(chart: Chart, axis: Axis, one: Series) -> SafeString:
    height = HEIGHT - TOP - BOTTOM
    places = [
        [(chart.middle(slot), HEIGHT - BOTTOM - axis.share(value) * height) for slot, value in run]
        for run in _runs(one.values)
    ]
    return _strokes(places, one.tone, dots=len(chart.slots) <= 48)


def _runs(values: Values) -> list[list[tuple[int, float]]]:
    """What was measured without a gap between."""
    runs: list[list[tuple[int, float]]] = []
    was_known = False
    for slot, value in enumerate(values):
        if value is not None:
            if not was_known:
                runs.append([])
            runs[-1].append((slot, value))
        was_known = value is not None
    return runs


def _strokes(runs: Sequence[Sequence[tuple[float, float]]], tone: str, *, dots: bool) -> SafeString:
    long = [run for run in runs if len(run) > 1]
    points = [place for run in runs if dots or len(run) == 1 for place in run]
    return format_html(
        "{}{}",
        format_html_join(
            "",
            '<polyline class="stroke-{}" fill="none" points="{}"/>',
            ((tone, " ".join(f"{_at(x)},{_at(y)}" for x, y in run)) for run in long),
        ),
        format_html_join(
            "", '<circle class="tone-{}" cx="{}" cy="{}" r="2"/>', ((tone, _at(x), _at(y)) for x, y in points)
        ),
    )


def _figure(chart: Chart, axis: Axis, drawn: SafeString) -> SafeString:
    """The picture with its title, legend and the same numbers as a table."""
    if chart.is_empty:
        return format_html(
            '<figure class="chart"><figcaption>{}</figcaption><p class="chart-empty">{}</p></figure>',
            chart.title,
            _("Nothing was measured in this time."),
        )
    return format_html(
        '<figure class="chart"><figcaption>{title}</figcaption>{legend}'
        '<svg viewBox="0 0 {width} {height}" direction="ltr" role="img" aria-labelledby="{key}-title {key}-text">'
        '<title id="{key}-title">{title}</title><desc id="{key}-text">{text}</desc>{grid}{marks}{drawn}{slots}</svg>'
        "{table}</figure>",
        key=chart.key,
        title=chart.title,
        text=chart.description,
        width=WIDTH,
        height=HEIGHT,
        legend=_legend(chart),
        grid=_grid(chart, axis),
        marks=_marks(chart),
        drawn=drawn,
        slots=_slot_labels(chart),
        table=_table(chart),
    )


def _legend(chart: Chart) -> SafeString:
    named = [(one.tone, one.label) for one in chart.all_series]
    marked = [("mark", mark.label) for mark in chart.marks]
    keys = format_html_join("", '<li><span class="key key-{}"></span>{}</li>', [*named, *marked])
    unit = format_html('<li class="unit">{}</li>', chart.unit) if chart.unit else ""
    return format_html('<ul class="legend">{}{}</ul>', keys, unit)


def _grid(chart: Chart, axis: Axis) -> SafeString:
    begin, end = (EDGE, WIDTH - SIDE) if not chart.from_right else (SIDE, WIDTH - EDGE)
    beside, anchor = (WIDTH - SIDE + 6, "start") if not chart.from_right else (SIDE - 6, "end")
    rows = [(HEIGHT - BOTTOM - axis.share(tick) * (HEIGHT - TOP - BOTTOM), tick) for tick in axis.ticks]
    return format_html_join(
        "",
        '<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/><text x="{}" y="{}" text-anchor="{}">{}</text>',
        ((begin, end, _at(y), _at(y), beside, _at(y + 4), anchor, short_number(tick)) for y, tick in rows),
    )


def _marks(chart: Chart) -> SafeString:
    places = [(_at(chart.middle(mark.slot)), mark.label) for mark in chart.marks if 0 <= mark.slot < len(chart.slots)]
    return format_html_join(
        "",
        '<g><title>{}</title><line class="mark" x1="{}" x2="{}" y1="{}" y2="{}"/></g>',
        ((label, x, x, TOP - 8, HEIGHT - BOTTOM) for x, label in places),
    )


def _slot_labels(chart: Chart) -> SafeString:
    every = -(-len(chart.slots) // MOST_SLOT_LABELS) or 1
    shown = [(slot, text) for slot, text in enumerate(chart.slots) if slot % every == 0]
    return format_html_join(
        "",
        '<text x="{}" y="{}" text-anchor="middle">{}</text>',
        ((_at(chart.middle(slot)), HEIGHT - 7, text) for slot, text in shown),
    )


def _table(chart: Chart) -> SafeString:
    heads = format_html_join("", '<th scope="col">{}</th>', ((one.label,) for one in chart.all_series))
    rows = format_html_join(
        "",
        '<tr><th scope="row"><bdi dir="ltr">{}</bdi></th>{}</tr>',
        (
            (
                text,
                format_html_join(
                    "", '<td><bdi dir="ltr">{}</bdi></td>', ((_exact(one.values[slot]),) for one in chart.all_series)
                ),
            )
            for slot, text in enumerate(chart.slots)
        ),
    )
    return format_html(
        '<details class="chart-table" id="{}-table"><summary>{}<span class="visually-hidden">: {}</span></summary>'
        '<div class="scroll" tabindex="0" role="region" aria-label="{}"><table><thead><tr><th scope="col">{}</th>{}'
        "</tr></thead><tbody>{}</tbody></table></div></details>",
        *(chart.key, _("The numbers as a table"), chart.title, chart.title, _("time"), heads, rows),
    )


def _told(chart: Chart, slot: int) -> str:
    told = ", ".join(f"{one.label} {_exact(one.values[slot])}" for one in chart.all_series)
    return f"{chart.slots[slot]}: {told}"


def _exact(value: float | None) -> str:
    return NOTHING if value is None else f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def _at(place: float) -> str:
    return f"{place:.1f}"
