"""What the description of the staff's API says of every address: errors are problems (RFC 9457)."""

from __future__ import annotations

from typing import Any

from tsh_erp.problems import CONTENT_TYPE

PREFIX = "/api/erp/"
PROBLEM = {"$ref": "#/components/schemas/Problem"}
_TEXT = {"type": "string"}
_ERROR = {"type": "object", "properties": dict.fromkeys(("field", "code", "detail"), _TEXT)}
_PROPERTIES = {
    **dict.fromkeys(("type", "title", "detail", "instance", "code", "request_id"), _TEXT),
    "status": {"type": "integer"},
    "errors": {"type": "array", "items": _ERROR},
    "retry_after": {"type": "integer", "description": "Seconds."},
}
_ALWAYS = ["code", "detail", "errors", "instance", "request_id", "status", "title", "type"]


def describe_problems(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """A hook of drf-spectacular: whatever is not a success is a problem."""
    add_problem_schema(result)
    answer = {"description": "A problem.", "content": {CONTENT_TYPE: {"schema": PROBLEM}}}
    for path, operations in result["paths"].items():
        if path.startswith(PREFIX):
            for operation in operations.values():
                operation["responses"].setdefault("default", answer)
    return result


def add_problem_schema(result: dict[str, Any]) -> None:
    """Name the shape of a problem once."""
    schemas = result.setdefault("components", {}).setdefault("schemas", {})
    schemas.setdefault("Problem", {"type": "object", "properties": _PROPERTIES, "required": _ALWAYS})
