"""How values are shown on admin pages: badges, times to the second, JSON and raw bytes. Safe for any content."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import simplejson
from django.db.models import Model
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

SHOWN_CHARACTERS = 64 * 1024
SHOWN_BYTES = 4 * 1024  # of a body that is not text
NOTHING = "—"

# Control characters have pictures of their own (␀); tabs and line ends stay.
_PICTURES = {code: 0x2400 + code for code in range(32) if chr(code) not in "\t\n\r"} | {127: 0x2421}


class Tone(StrEnum):
    """What a badge says before it is read."""

    GOOD = "good"
    BUSY = "busy"
    QUIET = "quiet"
    WARNING = "warning"
    BAD = "bad"


def badge(label: object, tone: Tone) -> SafeString:
    return format_html('<span class="badge badge-{}">{}</span>', tone.value, label)


def moment(when: datetime | None) -> SafeString | str:
    """Local time to the second."""
    if when is None:
        return NOTHING
    local = timezone.localtime(when)
    return format_html(
        '<time class="ltr" datetime="{}"><span>{}</span> <span>{}</span></time>',
        local.isoformat(),
        local.strftime("%Y-%m-%d"),
        local.strftime("%H:%M:%S"),
    )


def shorten(text: str, length: int = 90) -> str:
    """The beginning of the first line of `text`."""
    line = plain(text.strip().split("\n", 1)[0])
    return line if len(line) <= length else line[: length - 1] + "…"


def plain(text: str) -> str:
    """`text` with nothing in it that cannot be shown: control characters as pictures, half surrogates spelled out."""
    return text.translate(_PICTURES).encode("utf-8", "backslashreplace").decode()


def link(text: object, name: str, *arguments: object, **query: object) -> SafeString:
    """A link to the page called `name` ("admin:app_model_change"), with `query` behind it."""
    address = reverse(name, args=arguments, query={key: str(value) for key, value in query.items()} or None)
    return format_html('<a href="{}">{}</a>', address, text)


def list_link(model: type[Model], text: object, **query: object) -> SafeString:
    """A link to the list of `model`, filtered by `query`."""
    return link(text, f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist", **query)


def row_link(row: Model | None, text: object = "") -> SafeString | str:
    """A link to the page of `row`."""
    if row is None:
        return NOTHING
    return link(text or row, f"admin:{row._meta.app_label}_{row._meta.model_name}_change", row.pk)


def key_link(model: type[Model], key: int | None) -> SafeString | str:
    """A link to the page of the row with this primary key, without reading it."""
    if key is None:
        return NOTHING
    return link(f"#{key}", f"admin:{model._meta.app_label}_{model._meta.model_name}_change", key)


def together(parts: Iterable[object]) -> SafeString | str:
    """Several links or texts in a row."""
    shown = [format_html("{}", part) for part in parts]
    return mark_safe(" · ".join(shown)) if shown else NOTHING  # noqa: S308 - each part was escaped


def preformatted(text: str) -> SafeString | str:
    """Text as it stands, such as a traceback; the beginning when it is long."""
    if not text:
        return NOTHING
    return _block(plain(text[:SHOWN_CHARACTERS]), is_cut=len(text) > SHOWN_CHARACTERS)


def shown_json(value: Any) -> SafeString | str:
    """A JSON value indented, its numbers digit for digit; the beginning when it is long."""
    if value is None:
        return NOTHING
    try:
        text, is_cut = _indent(value)
    except RecursionError:
        return _("This is nested too deeply to be shown.")
    return _block(plain(text), is_cut=is_cut)


def shown_bytes(body: bytes) -> SafeString | str:
    """A request's body: JSON indented, other text as it stands, anything else in hexadecimal."""
    if not body:
        return NOTHING
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _block(_hexadecimal(body[:SHOWN_BYTES]), is_cut=len(body) > SHOWN_BYTES)
    try:
        return shown_json(json.loads(text, parse_float=Decimal))
    except (ValueError, RecursionError, ArithmeticError):
        return preformatted(text)


def _indent(value: Any) -> tuple[str, bool]:
    """At most `SHOWN_CHARACTERS` of the indented text, and whether that is not all.

    Piece by piece: a small but deeply nested body would fill the memory with indentation.
    """
    encoder = simplejson.JSONEncoder(use_decimal=True, ensure_ascii=False, allow_nan=True, indent=2)
    pieces, length = [], 0
    for piece in encoder.iterencode(value):
        pieces.append(piece)
        length += len(piece)
        if length > SHOWN_CHARACTERS:
            return "".join(pieces)[:SHOWN_CHARACTERS], True
    return "".join(pieces), False


def _hexadecimal(body: bytes) -> str:
    lines = []
    for start in range(0, len(body), 16):
        row = body[start : start + 16]
        letters = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        lines.append(f"{start:06x}  {row.hex(' '):<47}  {letters}")
    return "\n".join(lines)


def _block(text: str, *, is_cut: bool) -> SafeString:
    if not is_cut:
        return format_html('<pre class="payload" tabindex="0">{}</pre>', text)
    note = _("This is only the beginning.")
    return format_html('<pre class="payload" tabindex="0">{}</pre><p class="help">{}</p>', text, note)
