"""What Zoho sends and how it proves it, worked out here apart from the product's own code (api.md §5)."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import simplejson

from tests.live.processes import ROOT

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
SIGNATURE = "X-Zoho-Webhook-Signature"
EXAMPLES = ROOT / "zoho_sync" / "tests" / "examples"
REAL_ITEMS = ROOT / "zoho_sync" / "tests" / "fixtures" / "real_items.json"

Pairs = Sequence[tuple[str, str]]


def digest(secret: str, text: str | bytes) -> bytes:
    """HMAC-SHA256, 32 bytes."""
    return hmac.new(secret.encode(), text.encode() if isinstance(text, str) else text, hashlib.sha256).digest()


def sign(secret: str, body: bytes, *, pairs: Pairs = ()) -> str:
    """Zoho's signature: query and form pairs sorted by key and run together, then the raw JSON body; lower-case hex."""
    return digest(secret, "".join(key + value for key, value in sorted(pairs)).encode() + body).hex()


def encode(body: Mapping[str, Any] | Sequence[Any] | str | bytes) -> bytes:
    """Bytes as they are; text and JSON values in UTF-8, Arabic unescaped, as Zoho writes them."""
    if isinstance(body, bytes):
        return body
    text = body if isinstance(body, str) else simplejson.dumps(body, use_decimal=True, ensure_ascii=False)
    return text.encode()


def read_example(name: str) -> dict[str, Any]:
    """The `body` of a documentation example."""
    return json.loads((EXAMPLES / name).read_text(encoding="utf-8"))["body"]


def example_files() -> list[Path]:
    return sorted(EXAMPLES.glob("*.json"))
