"""Bodies of requests, read strictly: JSON in UTF-8, an object, known fields, right types. Anything else is a 400."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any, ClassVar, TypeVar

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.parsers import JSONParser
from rest_framework.request import Request

from mobile_bff.errors import Refused

MOST_BYTES = 1024 * 1024
"""A hundred lines with all that our answers say of them are a quarter of it."""

S = TypeVar("S", bound=serializers.Serializer[Any])


class StrictJsonParser(JSONParser):
    """JSON in UTF-8, whatever charset the header claims; nothing nested so deep that Python gives up."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        # REST framework reads the stream itself, past Django's own limit.
        if len(body := stream.read(MOST_BYTES + 1)) > MOST_BYTES:
            raise Refused("too_large")
        stream = BytesIO(body)
        try:
            return super().parse(stream, media_type, {**(parser_context or {}), "encoding": "utf-8"})
        except RecursionError as error:
            raise ParseError(_("The body is nested too deeply.")) from error


class StrictSerializer(serializers.Serializer[Any]):
    """A part of a body; fields that it does not know are refused, here and in the objects inside.

    `ignored` may stand there and mean nothing, such as the prices of a line that a phone sends back as it got it.
    """

    ignored: ClassVar[frozenset[str]] = frozenset()

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = sorted(str(name) for name in data.keys() - self.fields.keys() - self.ignored)
            if unknown:
                error = [serializers.ErrorDetail(_("There is no such field."), code="unknown_field")]
                raise ValidationError({name[:60]: error for name in unknown[:20]})
        return super().to_internal_value(data)


class Id(serializers.IntegerField):
    """An id as it stands in our answers: digits in a string, or the number."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, max_value=2**63 - 1, **options)


class Quantity(serializers.IntegerField):
    """A whole number of any size: whether so many can be had is not a matter of form."""

    MAX_STRING_LENGTH = 12


def read_body(serializer: type[S], request: Request, **context: Any) -> Any:
    """What the request says, by `serializer`; ValidationError naming each wrong field, or that it is no object."""
    body = request.data
    if not isinstance(body, Mapping):
        raise ValidationError({"": [serializers.ErrorDetail(_("The body must be a JSON object."), code="invalid")]})
    reader = serializer(data=body, context=context)
    reader.is_valid(raise_exception=True)
    return reader.validated_data
