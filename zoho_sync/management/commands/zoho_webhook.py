"""`manage.py zoho_webhook ENTITY FILE`: sign and send webhooks the way Zoho does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import requests
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from zoho_sync.entities import ENTITIES, Entity, find_entity
from zoho_sync.inbox.proofs import KEY_HEADERS, SIGNATURE_HEADER, sign
from zoho_sync.models.payload import encode_payload

JSON = "application/json"
TIMEOUT_SECONDS = (5, 10)  # Zoho's own


class Command(BaseCommand):
    help = "Send the records of a JSON file as webhooks, one at a time, signed as Zoho signs them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("entity", help="what the records are: product, customer, invoice …")
        parser.add_argument("file", type=Path, help="a record, a list answer, or a documentation example with a `body`")
        parser.add_argument("--to", default="http://127.0.0.1:8000", metavar="URL", help="base address of the server")
        parser.add_argument("--deleted", action="store_true", help="say that the records are gone")

    def handle(self, *args: Any, **options: Any) -> None:
        entity = find_entity(options["entity"])
        if entity is None:
            known = ", ".join(one.name for one in ENTITIES)
            raise CommandError(f"entity: {options['entity']!r} is not one of {known}", returncode=2)
        records = list(_records(entity, _load(options["file"])))
        if not records:
            raise CommandError(f"{options['file']}: holds no {entity.name}", returncode=2)
        address = f"{options['to'].rstrip('/')}/api/zoho/webhooks/{entity.webhook_path or 'products'}"
        refused = 0
        with requests.Session() as session:
            for record in records:
                answer = _send(session, address, entity, record, deleted=options["deleted"])
                refused += not answer.get("success")
                self.stdout.write(f"{record.get(entity.id_key, '?')}: {answer.get('message') or answer.get('detail')}")
        self.stdout.write(f"{len(records) - refused} of {len(records)} accepted")
        if refused:
            raise SystemExit(1)


def _load(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}", returncode=2) from error
    except ValueError as error:
        raise CommandError(f"{path}: not JSON: {error}", returncode=2) from error


def _records(entity: Entity, content: Any) -> Iterator[dict[str, Any]]:
    """The records in a file: under a list key or a detail key, bare, or all of these inside `body`."""
    if isinstance(content, dict) and isinstance(content.get("body"), dict):
        content = content["body"]
    if isinstance(content, list):
        yield from (row for row in content if isinstance(row, dict))
        return
    if not isinstance(content, dict):
        return
    if content.get(entity.id_key):
        yield {key: value for key, value in content.items() if key not in ("code", "message")}
        return
    for key in (*entity.list_keys, *entity.detail_keys):
        value = content.get(key)
        rows = value if isinstance(value, list) else [value]
        yield from (row for row in rows if isinstance(row, dict))


def _send(
    session: requests.Session, address: str, entity: Entity, record: dict[str, Any], *, deleted: bool
) -> dict[str, Any]:
    query = "event=deleted" if deleted else ""
    body = encode_payload({entity.detail_keys[0]: record}).encode()
    headers = {"Content-Type": JSON}
    if settings.ZOHO_WEBHOOK_SECRETS:
        secret = settings.ZOHO_WEBHOOK_SECRETS[0]
        headers[SIGNATURE_HEADER] = sign(secret, raw_query=query, body=body, content_type=JSON)
    elif settings.WEBHOOK_API_KEYS:
        headers[KEY_HEADERS[0]] = settings.WEBHOOK_API_KEYS[0]
    else:
        raise CommandError(
            "ZOHO_WEBHOOK_SECRET or WEBHOOK_API_KEY: one of them must be set to send a webhook", returncode=2
        )
    try:
        response = session.request(
            "DELETE" if deleted else "POST",
            f"{address}?{query}" if query else address,
            data=body,
            headers=headers,
            timeout=TIMEOUT_SECONDS,
        )
        answer: dict[str, Any] = response.json()
    except requests.JSONDecodeError as error:
        raise CommandError(f"{address}: answered {response.status_code} without JSON") from error
    except requests.RequestException as error:
        raise CommandError(f"{address}: cannot be reached ({type(error).__name__})") from error
    return answer
