from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.db import models
from django.db.models.fields.files import FieldFile

from catalog.picture_files import sized_name
from catalog.pictures import MOST_BYTES, PictureRefused, check_picture


class PictureFile(FieldFile):
    """A stored picture, or an upload that a service has yet to make one of."""

    def address(self, size: str) -> str:
        """Where a size of the picture ("full", "card", "thumb") is served; "" without a picture."""
        return self.storage.url(sized_name(str(self.name), size)) if self.name else ""


def is_upload(file: FieldFile) -> bool:
    """Whether the file has yet to be made a picture."""
    return bool(file.name) and not file._committed  # type: ignore[attr-defined]


def validate_upload(upload: FieldFile) -> None:
    """ValidationError unless a service can make a picture of the upload."""
    if not is_upload(upload):
        return
    try:
        check_picture(read_upload(upload))
    except PictureRefused as error:
        raise ValidationError(error.trouble.label, code=error.trouble.value) from error


def read_upload(upload: File[bytes]) -> bytes:
    """The bytes of an upload; of one that is too large no more than shows it."""
    upload.seek(0)
    data: bytes = upload.read(MOST_BYTES + 1)
    return data


class PictureField(models.FileField):
    """The name of a stored picture in its full size. Services turn uploads into pictures before they save."""

    attr_class = PictureFile
    default_validators = [validate_upload]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 300)
        super().__init__(*args, **kwargs)
