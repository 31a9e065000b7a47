"""The sandbox as a WSGI application: accounts server, Inventory v1, Books v3 and the control API."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from zoho_sandbox import faults as wrong
from zoho_sandbox.api import Api, json_response, reply
from zoho_sandbox.control import ACTIONS, Control, Refused
from zoho_sandbox.faults import Fate
from zoho_sandbox.wire import decode

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ROUTES = Map(
    [
        Rule("/oauth/v2/token", endpoint="token", methods=["POST"]),
        Rule("/<any(inventory, books):api>/<any(v1, v3):version>/<path:path>", endpoint="api", methods=["GET"]),
        Rule("/_control/health", endpoint="health", methods=["GET"]),
        Rule("/_control/stats", endpoint="stats", methods=["GET"]),
        Rule("/_control/<action>", endpoint="control", methods=["POST"]),
    ],
    strict_slashes=False,
    merge_slashes=False,
)
ID = re.compile(r"\d{9,}")


class SandboxApp:
    """Routes requests. `calls` counts them by address, with {id} for every record's id."""

    def __init__(self, control: Control) -> None:
        self.control, self.api = control, Api(control)
        self.calls: Counter[str] = Counter()
        self._counting = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        request.get_data()  # read to the end, or the connection cannot be kept
        return self._respond(request)(environ, start_response)

    def _respond(self, request: Request) -> Response:
        try:
            endpoint, values = ROUTES.bind_to_environ(request.environ).match()
        except MethodNotAllowed:
            return json_response({"code": 37, "message": "The HTTP method is not allowed for this URL"}, 405)
        except HTTPException:
            return json_response({"code": 5, "message": "Invalid URL Passed"}, 404)
        answer: Response = getattr(self, f"_{endpoint}")(request, **values)
        return answer

    def _count(self, request: Request) -> None:
        with self._counting:
            self.calls[ID.sub("{id}", request.path)] += 1

    def _api(self, request: Request, api: str, version: str, path: str) -> Response:
        self._count(request)
        return self.api.respond(request, api, version, path)

    def _token(self, request: Request) -> Response:
        self._count(request)
        fate = Fate(self.control.faults, request.path, wrong.TOKEN_REPLIES)
        if answer := self.control.faults.outage() or fate.reply(wrong.TOKEN_REPLIES):
            return reply(answer)
        with self.control.world.lock:
            status, body = self.control.desk.answer(request.values, request.host_url.rstrip("/"))
        return json_response(body, status)

    # --- control ------------------------------------------------------------------------------------

    def _health(self, request: Request) -> Response:
        counts = {module: len(table) for module, table in self.control.world.tables.items()}
        return json_response({"status": "healthy", "records": counts})

    def _stats(self, request: Request) -> Response:
        return json_response(self.stats())

    def stats(self) -> dict[str, Any]:
        """What was asked, what was answered, which faults struck, and what became of webhooks."""
        with self._counting:
            calls = dict(sorted(self.calls.items()))
        desk = self.control.desk
        return {
            "webhooks": self.control.sender.stats(),
            "calls": calls,
            "requests": self.control.gate.stats(),
            "tokens": {"issued": desk.issued, "refused": desk.refused},
            "faults": dict(sorted(self.control.faults.struck.items())),
        }

    def reset(self) -> None:
        """Count from zero: requests and faults, but not the tokens nor what is used of the limits."""
        with self._counting:
            self.calls.clear()
        self.control.gate.reset()
        self.control.faults.struck.clear()

    def _control(self, request: Request, action: str) -> Response:
        try:
            arguments: Any = decode(request.get_data() or b"{}")
            if action == "reset":
                self.reset()
                return json_response({"success": True, "result": None})
            if action not in ACTIONS or not isinstance(arguments, dict):
                raise Refused(f"POST a JSON object to one of {', '.join(ACTIONS)}, reset")
            arguments = {"zoho_id" if key == "id" else key: value for key, value in arguments.items()}
            result = ACTIONS[action](self.control, **arguments)
        except (ValueError, TypeError) as error:
            return json_response({"success": False, "error": str(error)}, 400)
        return json_response({"success": True, "result": result})
