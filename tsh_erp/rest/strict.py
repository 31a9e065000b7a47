"""Requests read to the letter: what is unknown, of another type or out of range is refused by name and value."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.request import Request

SHOWN_CHARACTERS = 80
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


def show(value: object) -> str:
    """`value` as it was sent, cut where it is long."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):
        text = "…"
    text = text.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses names that it does not know."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, Mapping):
            text = _("%(value)s is not a JSON object.") % {"value": show(data)}
            raise serializers.ValidationError({"non_field_errors": [text]}, code="invalid")
        known = ", ".join(self.fields)
        errors: dict[str, Any] = {
            str(name): [
                serializers.ErrorDetail(
                    _("There is no such field (its value is %(value)s). There are: %(known)s.")
                    % {"value": show(data[name]), "known": known},
                    code="unknown_field",
                )
            ]
            for name in data
            if name not in self.fields
        }
        try:
            values = super().to_internal_value(data)
        except serializers.ValidationError as error:
            if not isinstance(error.detail, dict):
                raise
            errors |= error.detail
        if errors:
            raise serializers.ValidationError(errors)
        return values


class StrictBooleanField(serializers.BooleanField):
    """true or false, and nothing that only looks like it."""

    default_error_messages = {"invalid": _("%(value)s is neither true nor false.")}

    def run_validation(self, data: Any = serializers.empty) -> Any:
        return self.to_internal_value(data) if data is None else super().run_validation(data)

    def to_internal_value(self, data: Any) -> bool:
        if data is not True and data is not False:
            refuse(self, "invalid", value=show(data))
        return bool(data)


class StrictIntegerField(serializers.IntegerField):
    """A whole number from `min_value` to `max_value`, not as text."""

    default_error_messages = {
        "invalid": _("%(value)s is not a whole number."),
        "out_of_range": _("%(value)s is not between %(least)s and %(most)s."),
    }

    def run_validation(self, data: Any = serializers.empty) -> Any:
        return self.to_internal_value(data) if data is None else super().run_validation(data)

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, int) or isinstance(data, bool):
            refuse(self, "invalid", value=show(data))
        if not (self.min_value or 0) <= data <= (self.max_value or data):
            refuse(self, "out_of_range", value=show(data), least=self.min_value, most=self.max_value)
        return int(data)


class PastMomentField(serializers.DateTimeField):
    """A date or time in ISO 8601 that is not in the future; without an offset it is local time."""

    default_error_messages = {
        "invalid": _("%(value)s is not a date or time, such as 2026-11-01T08:00:00+03:00."),
        "out_of_range": _("%(value)s lies in the future or before the year 2000."),
    }

    def to_internal_value(self, value: Any) -> datetime:
        moment = _read_moment(value)
        if moment is None:
            refuse(self, "invalid", value=show(value))
            raise AssertionError
        if not EARLIEST <= moment <= timezone.now():
            refuse(self, "out_of_range", value=show(value))
        return moment


def _read_moment(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)
        return moment if moment.tzinfo else timezone.make_aware(moment)
    except (TypeError, ValueError, OverflowError):
        return None


def refuse(field: serializers.Field[Any, Any, Any, Any], code: str, **values: object) -> None:
    """ValidationError with the field's message for `code`, in the caller's language."""
    raise serializers.ValidationError(field.error_messages[code] % values, code=code)


def refuse_unknown_parameters(request: Request, known: Collection[str]) -> None:
    """ValidationError when the address carries a parameter that nobody reads: a misspelt filter must not answer all."""
    errors = {
        name: [
            serializers.ErrorDetail(
                _("There is no such parameter (its value is %(value)s). There are: %(known)s.")
                % {"value": show(request.query_params[name]), "known": ", ".join(sorted(known))},
                code="unknown_parameter",
            )
        ]
        for name in request.query_params
        if name not in known
    }
    if errors:
        raise serializers.ValidationError(errors)
