"""Is this delivery genuine? An API key in a header, or Zoho's signature over query, form and body (api.md §5)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from urllib.parse import parse_qsl, unquote_plus

from zoho_sync.inbox.bodies import FORM
from zoho_sync.models import InboxEvent

KEY_HEADERS = ("X-Webhook-Key", "X-API-Key")
SIGNATURE_HEADER = "X-Zoho-Webhook-Signature"
Proof = InboxEvent.Proof


class Refusal(Enum):
    """Why a delivery is not let in."""

    MISSING = "missing"
    WRONG = "wrong"
    NOT_CONFIGURED = "not configured"


def check_proofs(
    headers: Mapping[str, str],
    *,
    raw_query: str,
    body: bytes,
    content_type: str,
    api_keys: Sequence[str],
    secrets: Sequence[str],
) -> Proof | Refusal:
    """The proof that holds, or why there is none. Every proof presented must be right, and one must be presented.

    NOT_CONFIGURED when the server has nothing to compare a presented proof with: the door stays
    closed and Zoho tries again later.
    """
    keys = [value for name in KEY_HEADERS if (value := headers.get(name))]
    signature = headers.get(SIGNATURE_HEADER, "")
    if not (api_keys or secrets) or (keys and not api_keys) or (signature and not secrets):
        return Refusal.NOT_CONFIGURED
    if not keys and not signature:
        return Refusal.MISSING
    if not all(_is_one_of(key, api_keys) for key in keys):
        return Refusal.WRONG
    if signature and not _signature_holds(
        signature, raw_query=raw_query, body=body, content_type=content_type, secrets=secrets
    ):
        return Refusal.WRONG
    if keys and signature:
        return Proof.BOTH
    return Proof.API_KEY if keys else Proof.SIGNATURE


def sign(secret: str, *, raw_query: str, body: bytes, content_type: str) -> str:
    """Zoho's signature of a delivery as lower-case hex: what `X-Zoho-Webhook-Signature` must be."""
    message = _signed_bytes(raw_query, body, content_type, decode=True)
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def _signature_holds(signature: str, *, raw_query: str, body: bytes, content_type: str, secrets: Iterable[str]) -> bool:
    presented = _decode_signature(signature)
    if presented is None:
        return False
    # Whether Zoho signs query values decoded or as they stand in the address is not documented;
    # neither can be forged without the secret. They differ only where something is percent-encoded.
    messages = {_signed_bytes(raw_query, body, content_type, decode=decode) for decode in (True, False)}
    matches = [
        hmac.compare_digest(hmac.new(secret.encode(), message, hashlib.sha256).digest(), presented)
        for secret in secrets
        for message in messages
    ]
    return any(matches)


def _signed_bytes(raw_query: str, body: bytes, content_type: str, *, decode: bool) -> bytes:
    """All query and form pairs sorted by key, key and value joined without separators, then the raw JSON body."""
    is_form = content_type.split(";")[0].strip().lower() == FORM
    pairs = _pairs(raw_query, decode=decode)
    if is_form:
        pairs += parse_qsl(body.decode("utf-8", "surrogateescape"), keep_blank_values=True, errors="surrogateescape")
    text = "".join(key + value for key, value in sorted(pairs))
    return text.encode("utf-8", "surrogateescape") + (b"" if is_form else body)


def _pairs(raw_query: str, *, decode: bool) -> list[tuple[str, str]]:
    pairs = []
    for part in raw_query.split("&"):
        if part:
            key, _, value = part.partition("=")
            pairs.append((unquote_plus(key), unquote_plus(value)) if decode else (key, value))
    return pairs


def _decode_signature(signature: str) -> bytes | None:
    """32 bytes from 64 hex digits or 44 characters of base64; None for anything else."""
    text = signature.strip()
    try:
        if len(text) == 64:
            return bytes.fromhex(text)
        if len(text) == 44:
            decoded = base64.b64decode(text, validate=True)
            return decoded if len(decoded) == 32 else None
    except (ValueError, binascii.Error):
        return None
    return None


def _is_one_of(key: str, known: Sequence[str]) -> bool:
    # Compares with every key, so that the time says nothing.
    matches = [hmac.compare_digest(key.encode("utf-8", "replace"), one.encode()) for one in known]
    return any(matches)
