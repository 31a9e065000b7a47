"""Pictures of items: one flat colour each, told by its id; and what is served in a picture's place (api.md §6.14)."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass, field

from zoho_sandbox.wire import Record

SIDE = 32
# Above Zoho's own limit of 7 MB for uploads.
HUGE_BYTES = 12 * 1024 * 1024
DRAWN = ("png", "jpeg", "webp", "gif", "bmp")
KINDS = (*DRAWN, "garbage", "empty", "huge", "html", "none")
"""`huge` begins like a PNG and goes on for ever; `none` takes the picture away."""


@dataclass
class Album:
    """Which kind of picture lies under which document id; a PNG where nothing else was said."""

    kinds: dict[str, str] = field(default_factory=dict)

    def picture(self, item: Record) -> bytes | None:
        """The bytes for an item, None when it has no picture."""
        document_id = item.get("image_document_id")
        if not document_id:
            return None
        kind = self.kinds.get(document_id, "png")
        if kind == "png":
            return png(document_id)
        if kind in DRAWN:
            return drawn(document_id, kind)
        if kind == "huge":
            return png(document_id) + bytes(HUGE_BYTES)
        return {"garbage": b"\x00\x01this is no picture\xff" * 20, "html": b"<html>sign in</html>"}.get(kind, b"")


def colour(zoho_id: str) -> bytes:
    """Red, green and blue."""
    return zlib.crc32(zoho_id.encode()).to_bytes(4, "big")[:3]


def png(zoho_id: str) -> bytes:
    """A PNG of 32 × 32 pixels."""
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    pixels = zlib.compress((b"\x00" + colour(zoho_id) * SIDE) * SIDE)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")


def drawn(zoho_id: str, kind: str) -> bytes:
    """The same in another format that Pillow knows."""
    from PIL import Image

    red, green, blue = colour(zoho_id)
    file = io.BytesIO()
    Image.new("RGB", (SIDE, SIDE), (red, green, blue)).save(file, format=kind.upper())
    return file.getvalue()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
