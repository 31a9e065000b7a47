"""What alerts say, in the language of whoever reads them: templates stay templates until they are shown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Literal

from django.utils import translation
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from zoho_sync.models import Alert

Unit = Literal["", "count", "seconds", "minutes", "share", "gigabytes"]
Parameters = Mapping[str, Any]


def figure(value: float, unit: Unit) -> dict[str, Any]:
    """A number as a parameter: it is written with its unit when it is shown."""
    return {"number": round(value, 4), "unit": unit}


def translated(text: str) -> dict[str, Any]:
    """A text of ours (a message id) as a parameter."""
    return {"text": text}


def shown_title(alert: Alert) -> str:
    return _say(alert.texts.get("title") or alert.title, alert.texts.get("parameters"), otherwise=alert.title)


def shown_detail(alert: Alert) -> str:
    return _say(alert.texts.get("detail") or alert.detail, alert.texts.get("parameters"), otherwise=alert.detail)


def in_english(template: str, parameters: Parameters | None) -> str:
    with translation.override("en"):
        return _say(template, parameters)


def shown_figure(value: float, unit: Unit) -> str:
    """A number with its unit: "1 h 20 min", "83 %", "12.5 GB"."""
    if not math.isfinite(value):
        return str(value)
    if unit in ("seconds", "minutes"):
        return _duration(timedelta(seconds=value) if unit == "seconds" else timedelta(minutes=value))
    if unit == "share":
        return _("%(number)s %%") % {"number": number_format(round(value * 100, 1), use_l10n=True)}
    if unit == "gigabytes":
        return _("%(number)s GB") % {"number": number_format(round(value, 1), use_l10n=True)}
    return number_format(int(value) if value == int(value) else round(value, 2), use_l10n=True)


def _say(template: str, parameters: Parameters | None, *, otherwise: str | None = None) -> str:
    """The template in the active language. What has no parameters is taken as it stands, per cent signs too.

    `otherwise` is said when the two do not fit, as after a change of the texts; without it that is an error.
    """
    if not template:
        return ""
    text = _(template)
    if not parameters:
        return text
    try:
        return text % {name: _value(value) for name, value in parameters.items()}
    except (KeyError, ValueError, TypeError):
        if otherwise is None:
            raise
        return otherwise


def _value(value: Any) -> str:
    if not isinstance(value, dict):
        return str(value)
    return _(value["text"]) if "text" in value else shown_figure(value["number"], value["unit"])


def _duration(length: timedelta) -> str:
    seconds = max(int(length.total_seconds()), 0)
    if seconds < 120:
        return ngettext("%(count)d second", "%(count)d seconds", seconds) % {"count": seconds}
    days, minutes = divmod(seconds // 60, 24 * 60)
    if days >= 2:
        return ngettext("%(count)d day", "%(count)d days", days) % {"count": days}
    hours, minutes = divmod(seconds // 60, 60)
    if not hours:
        return ngettext("%(count)d minute", "%(count)d minutes", minutes) % {"count": minutes}
    return _("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": minutes}
