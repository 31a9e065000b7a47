"""How a reconciliation looks on its page: the matrix of subjects, the sums that differ, the trend."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from tsh_erp.admin_site.display import NOTHING, Tone, badge, key_link, list_link, plain
from tsh_erp.admin_site.figures import show_number
from zoho_sync.models import Difference, Reconciliation, ReconciliationResult, SyncRun

Kind = Difference.Kind
KINDS = (Kind.MISSING, Kind.EXTRA, Kind.DIFFERENT, Kind.UNREADABLE)
SHOWN_TOTALS, TREND_LENGTH = 100, 30
WIDTH, HEIGHT, MARGIN = 600, 120, 8


def show_results(report: Reconciliation) -> SafeString | str:
    """One row for each subject; every count leads to its differences."""
    results = list(report.results.order_by("pk"))
    if not results:
        return NOTHING
    heads = (
        *(_("subject"), _("in Zoho"), _("here")),
        *(str(kind.label) for kind in KINDS),
        *(_("repaired or accepted"), _("drift"), _("sums that differ"), _("seconds"), _("sync run"), _("note")),
    )
    return _table(heads, [_result(report, one) for one in results])


def show_totals(report: Reconciliation) -> SafeString | str:
    """The sums that do not agree, with both sides."""
    rows = [
        (one.subject, row["name"], row["key"], _amount(row["theirs"]), _amount(row["ours"]))
        for one in report.results.order_by("pk")
        for row in one.totals
        if row["theirs"] != row["ours"]
    ]
    if not rows:
        return NOTHING
    return _table((_("subject"), _("sum"), _("of"), _("in Zoho"), _("here")), rows[:SHOWN_TOTALS])


def show_percent(match: Decimal | None) -> SafeString | str:
    return NOTHING if match is None else format_html('<bdi dir="ltr">{} %</bdi>', show_number(match))


def show_trend(report: Reconciliation | None = None) -> SafeString | str:
    """The match of the last finished reports up to this one as a line, from the lowest of them to 100 %."""
    finished = Reconciliation.objects.finished().exclude(match=None).order_by("-pk")
    if report is not None:
        finished = finished.filter(pk__lte=report.pk)
    newest = finished.values_list("match", flat=True)[:TREND_LENGTH]
    points = [float(match) for match in newest if match is not None][::-1]
    return _line(points) if len(points) > 1 else NOTHING


def _line(points: Sequence[float]) -> SafeString:
    lowest = min(points)
    span = (100.0 - lowest) or 1.0
    step = (WIDTH - 2 * MARGIN) / (len(points) - 1)
    places = [
        (MARGIN + number * step, MARGIN + (100.0 - value) / span * (HEIGHT - 2 * MARGIN))
        for number, value in enumerate(points)
    ]
    return format_html(
        '<svg class="trend" viewBox="0 0 {} {}" width="{}" height="{}" role="img" aria-label="{}">'
        '<polyline fill="none" stroke="currentColor" stroke-width="2" points="{}"></polyline>{}</svg>'
        '<p class="help"><bdi dir="ltr">{} – 100 %</bdi></p>',
        *(WIDTH, HEIGHT, WIDTH, HEIGHT),
        _("match in percent"),
        " ".join(f"{x:.1f},{y:.1f}" for x, y in places),
        format_html_join(
            "",
            '<circle cx="{}" cy="{}" r="3" fill="currentColor"><title>{}</title></circle>',
            ((f"{x:.1f}", f"{y:.1f}", f"{value:g} %") for (x, y), value in zip(places, points, strict=True)),
        ),
        f"{lowest:g}",
    )


def _result(report: Reconciliation, one: ReconciliationResult) -> tuple[object, ...]:
    counts = [
        list_link(Difference, count, report__id__exact=report.pk, subject=one.subject, kind__exact=kind.value)
        if (count := getattr(one, kind.value))
        else "0"
        for kind in KINDS
    ]
    name = one.subject if one.is_complete else badge(f"{one.subject}: {_('cut off')}", Tone.BAD)
    return (
        *(name, one.theirs, one.ours, *counts, one.settled),
        format_html('<bdi dir="ltr">{}</bdi>', f"{one.drift:.2%}"),
        *(one.totals_differing, f"{one.seconds:.1f}", key_link(SyncRun, one.run_id), plain(one.note) or NOTHING),
    )


def _amount(text: str) -> SafeString | str:
    return show_number(Decimal(text)) or NOTHING


def _table(heads: Sequence[object], rows: Sequence[Sequence[object]]) -> SafeString:
    return format_html(
        '<div class="run-errors"><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>',
        format_html_join("", '<th scope="col">{}</th>', ((head,) for head in heads)),
        format_html_join("", "<tr>{}</tr>", ((format_html_join("", "<td>{}</td>", ((c,) for c in r)),) for r in rows)),
    )
