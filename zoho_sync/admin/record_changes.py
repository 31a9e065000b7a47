"""What an event changed: its record field by field beside the event before it and the mirror."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from tsh_erp.admin_site.display import NOTHING, plain
from zoho_sync.errors import InvalidPayload
from zoho_sync.inbox import read_body
from zoho_sync.models import InboxEvent, ZohoRecord
from zoho_sync.models.payload import encode_payload

MOST_FIELDS = 200
MOST_CHARACTERS = 200
LONGEST_BODY = 1024 * 1024
ABSENT: Any = object()


def show_changes(event: InboxEvent) -> SafeString | str:
    """A table of the fields that differ from the event before, or from the mirror. Two queries at the most."""
    told = record_of(event)
    if told is None:
        return NOTHING
    earlier = InboxEvent.objects.of_record(event.module, event.zoho_id).filter(pk__lt=event.pk).order_by("-pk").first()
    before = (record_of(earlier) if earlier else None) or {}
    mirrored = ZohoRecord.objects.of(event.module, [event.zoho_id]).first()
    now = mirrored.payload if mirrored else {}
    rows = differing(before, told, now)
    if not rows:
        return _("It says what the event before it said, and what the mirror says.")
    body = format_html_join(
        "",
        '<tr><th scope="row"><bdi dir="ltr">{}</bdi></th><td>{}</td><td>{}</td><td>{}</td></tr>',
        ((plain(name), *(_cell(value) for value in values)) for name, *values in rows[:MOST_FIELDS]),
    )
    more = len(rows) - MOST_FIELDS
    note = format_html('<p class="help">{}</p>', _("and %(count)d more") % {"count": more}) if more > 0 else ""
    return format_html(
        '<div class="scroll" tabindex="0" role="region" aria-label="{label}"><table class="record-changes"><thead><tr>'
        '<th scope="col">{field}</th><th scope="col">{before}</th><th scope="col">{told}</th>'
        '<th scope="col">{now}</th></tr></thead><tbody>{body}</tbody></table></div>{note}',
        label=_("what changed"),
        field=_("field"),
        before=_("event before"),
        told=_("this event"),
        now=_("mirror now"),
        body=body,
        note=note,
    )


def differing(
    before: Mapping[str, Any], told: Mapping[str, Any], now: Mapping[str, Any]
) -> list[tuple[str, Any, Any, Any]]:
    """The fields of `told` that another of the three does not say just so, in the order in which they were sent."""
    rows = [(name, before.get(name, ABSENT), value, now.get(name, ABSENT)) for name, value in told.items()]
    return [row for row in rows if any(other is not ABSENT and other != row[2] for other in (row[1], row[3]))]


def record_of(event: InboxEvent) -> Mapping[str, Any] | None:
    """The record that an event tells of; None for one that tells of several, of none, or of too much."""
    body = bytes(event.body)
    if not event.zoho_id or len(body) > LONGEST_BODY:
        return None
    try:
        read = read_body(body, content_type=event.content_type, path=event.path, query=event.query)
    except InvalidPayload:
        return None
    return read[0].payload if len(read) == 1 else None


def _cell(value: Any) -> SafeString | str:
    if value is ABSENT:
        return NOTHING
    text = plain(value if isinstance(value, str) else encode_payload(value))
    short = text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "…"
    return format_html('<bdi dir="auto">{}</bdi>', short)
