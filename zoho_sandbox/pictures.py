"""A small picture for an item: one flat colour, told by its id."""

from __future__ import annotations

import struct
import zlib

SIDE = 32


def png(zoho_id: str) -> bytes:
    """A PNG of 32 × 32 pixels."""
    colour = zlib.crc32(zoho_id.encode()).to_bytes(4, "big")[:3]
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    pixels = zlib.compress((b"\x00" + colour * SIDE) * SIDE)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
