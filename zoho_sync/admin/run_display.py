"""How a run's progress and errors look on its pages."""

from __future__ import annotations

from decimal import Decimal

from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tsh_erp.admin_site.display import NOTHING, key_link, moment, plain, together
from tsh_erp.admin_site.figures import show_number
from zoho_sync import monitoring
from zoho_sync.admin.record_pages import record_link
from zoho_sync.models import DeadLetter, SyncRun

NO_BAR = (SyncRun.Status.COMPLETED, SyncRun.Status.PARTIAL)


def show_bar(run: SyncRun) -> SafeString | str:
    """How far a run has come, that is not done: a bar where the end is known, and the share."""
    if run.status in NO_BAR:
        return NOTHING
    progress = monitoring.progress_of(run, at=timezone.now())
    if progress.share is None:
        if run.status != SyncRun.Status.RUNNING:
            return NOTHING
        return format_html('<progress class="run-bar" aria-label="{}"></progress>', _("progress"))
    percent = _percent(progress.share)
    return format_html(
        '<span class="run-progress"><progress class="run-bar" max="100" value="{}" aria-label="{}">{}</progress>'
        " <span>{}</span></span>",
        int(progress.share * 100),
        _("progress"),
        percent,
        percent,
    )


def show_pace(run: SyncRun) -> SafeString | str:
    """The same in numbers: of how many, how quickly, and until when."""
    progress = monitoring.progress_of(run, at=timezone.now())
    parts: list[object] = []
    if progress.expected:
        parts.append(format_html(_("{done} of {all}"), done=_whole(progress.done), all=_whole(progress.expected)))
    else:
        parts.append(_whole(progress.done))
    if progress.per_second:
        pace = show_number(Decimal(f"{progress.per_second:.1f}"))
        parts.append(format_html(_("{pace} per second"), pace=pace))
    parts.append(_duration(progress.seconds))
    if progress.seconds_left is not None:
        parts.append(format_html(_("{time} left"), time=_duration(progress.seconds_left)))
    return together(parts)


def show_errors(run: SyncRun) -> SafeString | str:
    """The records that could not be brought in, each with the way to its mirror and its dead letter."""
    errors = monitoring.errors_of(run)
    if not errors:
        return NOTHING
    rows = format_html_join(
        "",
        "<tr><td>{}</td><td>{}</td><td>{}</td></tr>",
        (
            (
                record_link(run.module, one.zoho_id),
                plain(one.error[:500]),
                key_link(DeadLetter, one.dead_letter) if one.dead_letter else NOTHING,
            )
            for one in errors
        ),
    )
    return format_html(
        '<div class="run-errors"><table><thead><tr><th scope="col">{}</th><th scope="col">{}</th>'
        '<th scope="col">{}</th></tr></thead><tbody>{}</tbody></table></div>{}',
        _("Zoho id"),
        _("error"),
        _("dead letter"),
        rows,
        _more(run, len(errors)),
    )


def show_sign_of_life(run: SyncRun) -> SafeString | str:
    return together([moment(run.beat_at), run.worker or NOTHING]) if run.beat_at else NOTHING


def _more(run: SyncRun, shown: int) -> SafeString | str:
    left = run.failed - shown
    if left <= 0:
        return ""
    text = ngettext("and %(count)d more", "and %(count)d more", left) % {"count": left}
    return format_html('<p class="help">{}</p>', text)


def _whole(number: int) -> SafeString | None:
    return show_number(Decimal(number))


def _percent(share: float) -> SafeString:
    return format_html('<bdi dir="ltr">{} %</bdi>', int(share * 100))


def _duration(seconds: float) -> str:
    """Rounded to what a person wants to know."""
    whole = round(seconds)
    if whole < 60:
        return ngettext("%(count)d second", "%(count)d seconds", whole) % {"count": whole}
    if whole < 3600:
        minutes = round(whole / 60)
        return ngettext("%(count)d minute", "%(count)d minutes", minutes) % {"count": minutes}
    hours = round(whole / 3600)
    return ngettext("%(count)d hour", "%(count)d hours", hours) % {"count": hours}
