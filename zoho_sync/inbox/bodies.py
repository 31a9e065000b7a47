"""What a webhook's body says: which records, and what of them. Pure.

Zoho sends `{"item": {…}}` as JSON, `JSONString=` or plain pairs as a form; we also take our own
envelope, and lists of records under a plural key (api.md §5, contract.md "Webhooks").
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from email.message import Message
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from zoho_sync.entities import BY_MODULE, WEBHOOK_PATHS, Entity, find_entity, hints_for, modified_at
from zoho_sync.errors import InvalidPayload, MappingError
from zoho_sync.mappers.record import Record

FORM = "application/x-www-form-urlencoded"
CHARSETS = {"utf-8": "utf-8-sig", "utf8": "utf-8-sig", "us-ascii": "ascii"} | {
    name: name for name in ("ascii", "iso-8859-1", "iso-8859-6", "utf-16", "windows-1252", "windows-1256")
}
# What else comes to a module's path, recognised by its own id.
ALSO_UNDER = {"inventoryadjustment": "item"}
ANSWER_KEYS = frozenset({"code", "message"})
DELETE_WORDS = frozenset({"delete", "deleted", "remove", "removed"})
# Beyond this many digits no database column holds a number; 1e999999 would fill the memory.
MOST_DIGITS = 400
MOST_DEPTH = 200
MOST_PAIRS = 10_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivered:
    """One record of a delivery. `payload` is Zoho's object with fractions as Decimal, `root` the name it came under.

    `problem` says why a record among others cannot be read; it has no id then.
    """

    module: str
    zoho_id: str
    is_delete: bool
    payload: Mapping[str, Any]
    modified_at: datetime | None
    root: str
    hints: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Found:
    entity: Entity
    payload: dict[str, Any]
    root: str
    event_type: str = ""
    event_time: Any = None


def read_body(
    body: bytes,
    *,
    content_type: str = "",
    path: str = "",
    query: Mapping[str, str] | None = None,
    method: str = "POST",
    organization: str = "",
) -> list[Delivered]:
    """The records that a delivery holds, at least one good one. InvalidPayload says why it cannot be read.

    Of several records, one that cannot be read comes with its problem and harms no other. The
    body's module wins over the path's; a DELETE or `?event=deleted` says that the record is gone.
    What names another organisation than `organization` ("" for any) is refused.
    """
    query = query or {}
    default = WEBHOOK_PATHS.get(path)
    is_delete = method == "DELETE" or _means_delete(query.get("event", ""))
    data = _decode(body, content_type=content_type, query=query, default=default)
    try:
        _refuse_foreign(data, organization)
    except MappingError as error:
        raise InvalidPayload(str(error)) from error
    records = [
        _deliver(found, path=path, is_delete=is_delete, organization=organization)
        for found in _find_records(data, default=default)
    ]
    if all(record.problem for record in records):
        raise InvalidPayload(records[0].problem)
    return records


def _decode(body: bytes, *, content_type: str, query: Mapping[str, str], default: Entity | None) -> dict[str, Any]:
    text = _text(body, content_type)
    if not text.strip():
        if default and query.get(default.id_key):
            return {default.id_key: query[default.id_key]}
        raise InvalidPayload("the body is empty")
    # Some senders call JSON a form; no form of ours begins with a brace.
    if content_type.split(";")[0].strip().lower() == FORM and not text.lstrip().startswith("{"):
        pairs = _form(text)
        data = _json(pairs["JSONString"]) if "JSONString" in pairs else pairs
    else:
        data = _json(text)
    if not isinstance(data, dict):
        raise InvalidPayload(f"the body is a {_kind(data)}, not an object")
    if "\\u" in text or "%" in text or "\x00" in text:
        _refuse_unstorable(data)
    return data


def _text(body: bytes, content_type: str) -> str:
    name = _charset(content_type)
    if name not in CHARSETS:
        raise InvalidPayload(f"the character set {name[:40]!r} is not one we read")
    try:
        return body.decode(CHARSETS[name])
    except UnicodeError as error:
        raise InvalidPayload(f"the body is not {name}") from error


@lru_cache(maxsize=100)
def _charset(content_type: str) -> str:
    header = Message()
    header["content-type"] = content_type or FORM
    return str(header.get_param("charset") or "utf-8").lower()


def _form(text: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_PAIRS))
    except ValueError as error:
        raise InvalidPayload(f"the form has more than {MOST_PAIRS} fields") from error


def _json(text: str) -> Any:
    try:
        data = json.loads(text, parse_float=_number, parse_int=_integer, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise InvalidPayload("the body is nested too deeply") from error
    except ValueError as error:
        raise InvalidPayload(f"the body is not JSON: {error}") from error
    if text.count("[") + text.count("{") > MOST_DEPTH:
        _refuse_deep(data)
    return data


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation as error:  # an exponent beyond what even Decimal holds
        raise ValueError(f"number out of range: {text[:40]}") from error
    if (number and not -MOST_DIGITS < number.adjusted() < MOST_DIGITS) or len(text) > MOST_DIGITS:
        raise ValueError(f"number out of range: {text[:40]}")
    return number


def _integer(text: str) -> int:
    if len(text) > MOST_DIGITS:
        raise ValueError(f"number out of range: {text[:40]}…")
    return int(text)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number")


def _refuse_deep(value: Any) -> None:
    """What is read here is written and read again at other depths of the stack: stay far from its end."""
    depth, level = 0, [value]
    while level := [one for one in level if isinstance(one, dict | list)]:
        depth += 1
        if depth > MOST_DEPTH:
            raise InvalidPayload("the body is nested too deeply")
        level = [inner for one in level for inner in (one.values() if isinstance(one, dict) else one)]


def _refuse_unstorable(value: Any) -> None:
    """JSON columns hold neither NUL nor lone surrogates."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            waiting.extend(one.keys())
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
        elif isinstance(one, str):
            if "\x00" in one:
                raise InvalidPayload("the body contains a NUL character")
            if any("\ud800" <= letter <= "\udfff" for letter in one):
                raise InvalidPayload("the body contains a lone surrogate")


def _find_records(data: dict[str, Any], *, default: Entity | None) -> Iterator[_Found]:
    """Each record of the body, as an envelope, bare, or under the name of its module."""
    if "entity_type" in data:
        yield _read_envelope(data)
        return
    bare = _bare_entity(data, default)
    if bare:
        record = {key: value for key, value in data.items() if key not in ANSWER_KEYS}
        yield _Found(bare, record, bare.detail_keys[0])
        return
    found = False
    for key, value in data.items():
        entity = find_entity(key) if isinstance(value, dict | list) else None
        rows = value if isinstance(value, list) else [value]
        if entity is None or not all(isinstance(row, dict) for row in rows):
            continue
        for row in rows:
            found = True
            yield _Found(entity, row, key)
    if not found:
        unknown = ", ".join(sorted(str(key)[:40] for key in data)[:5])
        wanted = f" and no {default.id_key}" if default else ""
        raise InvalidPayload(f"no record of a known module{wanted} among the body's keys: {unknown}")


def _bare_entity(data: dict[str, Any], default: Entity | None) -> Entity | None:
    """The module of a record without a root key: its id is there, by the path's name for it (or an item group's)."""
    for entity in (default, BY_MODULE.get(ALSO_UNDER.get(default.module, ""))) if default else ():
        if entity and data.get(entity.id_key) not in (None, ""):
            return entity
    return BY_MODULE["itemgroup"] if data.get("group_id") and data.get("group_name") else None


def _read_envelope(data: dict[str, Any]) -> _Found:
    name = str(data["entity_type"])
    entity = find_entity(name)
    if entity is None:
        raise InvalidPayload(f"entity_type: {name[:60]!r} is not a known module")
    inner = data.get("data") or {}
    if not isinstance(inner, dict):
        raise InvalidPayload(f"data: is a {_kind(inner)}, not an object")
    inner = next((inner[key] for key in entity.detail_keys if isinstance(inner.get(key), dict)), inner)
    payload = dict(inner)
    entity = _refine(entity, payload)
    if data.get("entity_id") not in (None, ""):
        payload.setdefault(entity.id_key, data["entity_id"])
    return _Found(entity, payload, name, str(data.get("event_type", "")), data.get("event_time"))


def _deliver(found: _Found, *, path: str, is_delete: bool, organization: str) -> Delivered:
    entity, payload = _refine(found.entity, found.payload), found.payload
    if entity.module == "contact" and "contact_id" not in payload:
        payload = _as_contact(payload)
    zoho_id, moment, problem = "", None, ""
    try:
        _refuse_foreign(payload, organization)
        zoho_id, moment = Record(payload).identifier(entity.id_key), modified_at(entity, payload)
        moment = moment or Record({"event_time": found.event_time}).moment("event_time")
    except MappingError as error:
        problem = str(error)
    return Delivered(
        module=entity.module,
        zoho_id="" if problem else zoho_id,
        is_delete=is_delete or _names_deletion(found.event_type, entity),
        payload=payload,
        modified_at=moment,
        root=found.root,
        hints=hints_for(entity, found.root, path),
        problem=problem,
    )


def _refine(entity: Entity, payload: Mapping[str, Any]) -> Entity:
    """What a record really is: a `payment` that names a vendor, the `stock` of an item."""
    if entity.module == "customerpayment" and payload.get("vendor_id") and not payload.get("customer_id"):
        return BY_MODULE["vendorpayment"]
    if entity.module == "inventoryadjustment" and payload.get("item_id") and entity.id_key not in payload:
        return BY_MODULE["item"]
    return entity


def _as_contact(payload: dict[str, Any]) -> dict[str, Any]:
    """A contact that came under our own words: vendor_id, customer_name …"""
    words = {f"{ours}_{field}": f"contact_{field}" for ours in ("vendor", "customer") for field in ("id", "name")}
    return {words.get(key, key): value for key, value in payload.items()}


def _refuse_foreign(data: Mapping[str, Any], organization: str) -> None:
    if organization and Record(data).identifier("organization_id", organization) != organization:
        raise MappingError("organization_id", data["organization_id"], "is not the organisation whose books these are")


def _names_deletion(event_type: str, entity: Entity) -> bool:
    """Whether `deleted`, `invoice.deleted` or `invoice_deleted` of an invoice; not `invoice.payment_deleted`."""
    *before, last = event_type.split(".")
    about, underscore, word = last.rpartition("_")
    named = find_entity(about if underscore else before[-1]) if underscore or before else entity
    if named is None:  # some system's name before the point, but no record's name before the underscore
        return _means_delete(word) and not underscore
    # A vendor's payment is a "payment" too; what has the same kind of id is the same kind of record.
    return _means_delete(word) and named.id_key == entity.id_key


def _means_delete(word: str) -> bool:
    return word.strip().casefold() in DELETE_WORDS


def _kind(value: Any) -> str:
    return {list: "list", str: "text", bool: "boolean", type(None): "null"}.get(type(value), "number")
