"""What the description of the phones' API says of every address: the problems, each with an example, and 304."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils import translation

from mobile_bff.errors import REFUSALS
from tsh_erp.problems import CONTENT_TYPE, TITLES
from tsh_erp.rest.schema import PROBLEM, add_problem_schema

PREFIX = "/api/mobile/"
# Also what REST framework refuses by itself.
STATUSES = (400, 401, 403, 404, 405, 406, 409, 410, 413, 415, 422, 429, 500, 503)
WITH_WAIT = (429, 503)
MEMBERS: Mapping[str, Mapping[str, Any]] = {
    "app_update_required": {"min_version": "1.4.0", "store_url": "https://play.google.com/store/apps/details?id=tsh"},
    "cart_version_conflict": {"version": 18},
    "too_many_lines": {"most": 100},
    "rate_limited": {"retry_after": 30},
    "temporarily_unavailable": {"retry_after": 5},
    "maintenance": {"retry_after": 300},
}
Part = dict[str, Any]


def describe_problems(result: Part, generator: Any, request: Any, public: bool) -> Part:
    """A hook of drf-spectacular: every operation of the phones names the problems that it may answer."""
    add_problem_schema(result)
    responses = result["components"].setdefault("responses", {})
    with translation.override("en"):
        for status in STATUSES:
            responses[_name(status)] = _response(status)
    for path, operations in result["paths"].items():
        if path.startswith(PREFIX):
            for method, operation in operations.items():
                _describe(method, operation)
    return result


def _describe(method: str, operation: Part) -> None:
    answers = operation["responses"]
    for status in STATUSES:
        answers.setdefault(str(status), {"$ref": f"#/components/responses/{_name(status)}"})
    if method == "get":
        answers.setdefault("304", {"description": "The phone has this answer already (If-None-Match)."})


def _response(status: int) -> Part:
    _code, title, _detail = TITLES[status]
    examples = {code: {"value": example} for code, example in _examples(status)}
    headers = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}} if status in WITH_WAIT else {}
    if status == 401:
        headers = {"WWW-Authenticate": {"schema": {"type": "string"}}}
    content = {CONTENT_TYPE: {"schema": PROBLEM, "examples": examples}}
    return {"description": str(title), "content": content, **({"headers": headers} if headers else {})}


def _examples(status: int) -> Iterator[tuple[str, Part]]:
    """One for each code that a phone may branch on."""
    default, title, detail = TITLES[status]
    known = [(code, words) for code, (its_status, words) in REFUSALS.items() if its_status == status]
    for code, words in known or [(default, detail)]:
        yield (
            code,
            {
                "type": "about:blank",
                "title": str(title),
                "status": status,
                "detail": str(words),
                "instance": f"{PREFIX}home",
                "code": code,
                "errors": [],
                "request_id": "0f0c6d0e-6a1f-4c0e-9d4e-3b6b7c1f2a10",
                **MEMBERS.get(code, {}),
            },
        )


def _name(status: int) -> str:
    return f"MobileProblem{status}"
