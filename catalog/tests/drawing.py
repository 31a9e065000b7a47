"""Pictures for tests, drawn on the spot."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from PIL import Image

RED, BLUE = (200, 30, 30), (30, 30, 200)


def drawn(
    width: int = 64, height: int = 48, *, colour: Any = RED, mode: str = "RGB", kind: str = "PNG", **save
) -> bytes:
    """A picture of one colour."""
    return encoded(Image.new(mode, (width, height), colour), kind, **save)


def encoded(image: Image.Image, kind: str = "PNG", **save: Any) -> bytes:
    file = BytesIO()
    image.save(file, kind, **save)
    return file.getvalue()


def opened(data: bytes) -> Image.Image:
    image = Image.open(BytesIO(data))
    image.load()
    return image
