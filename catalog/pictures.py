"""Pictures: bytes of unknown origin in, three WebP files of known size out. Pure: no database, no disk, no network."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from typing import TypeVar

from PIL import Image, ImageCms, ImageOps

from catalog.choices import ImageTrouble

# Longest sides in pixels, largest first; what is smaller is never enlarged.
SIZES = {"full": 1200, "card": 480, "thumb": 160}
MOST_BYTES = 10 * 1024 * 1024
MOST_PIXELS = 40_000_000
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
# Pixels in these modes can be mixed with their neighbours as they are.
RESIZABLE = ("L", "LA", "RGB", "RGBA", "CMYK")
QUALITY = 80
# Part of every digest: other sizes or another quality make other files, and so other addresses.
RECIPE = b"webp q80 1200-480-160\n"

T = TypeVar("T")


class PictureRefused(ValueError):
    """The bytes are no picture that we take; `trouble` says why, in words for people."""

    def __init__(self, trouble: ImageTrouble) -> None:
        super().__init__(trouble.value)
        self.trouble = trouble


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A picture ready to be served: WebP by size, named by `digest` (SHA-256 as hex); pixels of the full size."""

    digest: str
    width: int
    height: int
    files: Mapping[str, bytes]


def check_picture(data: bytes) -> None:
    """PictureRefused unless `make_picture` would take the bytes."""
    _read(data)


def make_picture(data: bytes) -> Picture:
    """The picture in its three sizes: the first frame, upright, in sRGB, without metadata. PictureRefused says why not.

    What the bytes are is decided by their content alone. The same bytes always have the same digest.
    """
    image = _decoded(lambda: _plain(_read(data)))
    files = {}
    for size, side in SIZES.items():  # each from the one before: the largest is read once
        image.thumbnail((side, side), Image.Resampling.LANCZOS)
        files[size] = _encode(image)
        if size == "full":
            width, height = image.size
    return Picture(digest=hashlib.sha256(RECIPE + data).hexdigest(), width=width, height=height, files=files)


def _read(data: bytes) -> Image.Image:
    """The first frame, decoded."""
    if not data:
        raise PictureRefused(ImageTrouble.EMPTY)
    if len(data) > MOST_BYTES:
        raise PictureRefused(ImageTrouble.TOO_LARGE)
    try:
        image = Image.open(BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureRefused(ImageTrouble.TOO_MANY_PIXELS) from error
    except Exception as error:  # Pillow's readers raise whatever they stumble over
        raise PictureRefused(ImageTrouble.NOT_AN_IMAGE) from error
    if image.width * image.height > MOST_PIXELS:  # known from the header: nothing has been decoded yet
        raise PictureRefused(ImageTrouble.TOO_MANY_PIXELS)
    # A JPEG can be decoded at a fraction of its size, which saves most of the memory of a large photograph.
    image.draft(None, (SIZES["full"], SIZES["full"]))
    _decoded(image.load)
    return image


def _plain(image: Image.Image) -> Image.Image:
    """Upright, eight bits a channel, with transparency only where there is some."""
    if image.mode.startswith("I;16"):  # sixteen bits of grey; a plain conversion would cut them off at 255
        image = image.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    if image.mode in RESIZABLE:  # first of all: what follows makes copies
        image.thumbnail((SIZES["full"], SIZES["full"]), Image.Resampling.LANCZOS)
    with suppress(Exception):  # a nonsensical EXIF block must not cost the picture
        ImageOps.exif_transpose(image, in_place=True)
    with suppress(Exception):  # nor a nonsensical colour profile
        image = _in_srgb(image)
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _in_srgb(image: Image.Image) -> Image.Image:
    """Photographs of telephones are in wider colour spaces; browsers take a file without a profile for sRGB."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "RGBA", "CMYK", "L"):
        return image
    known = ImageCms.ImageCmsProfile(BytesIO(profile))
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    converted = ImageCms.profileToProfile(image, known, ImageCms.createProfile("sRGB"), outputMode=mode)
    return converted or image


def _encode(image: Image.Image) -> bytes:
    target = BytesIO()
    image.save(target, "WEBP", quality=QUALITY, method=4, exif=b"", icc_profile=b"", xmp=b"")
    return target.getvalue()


def _decoded(step: Callable[[], T]) -> T:
    try:
        return step()
    except PictureRefused:
        raise
    except Exception as error:  # as above
        raise PictureRefused(ImageTrouble.DAMAGED) from error
