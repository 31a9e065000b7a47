"""The sandbox as a WSGI application: accounts server, Inventory v1, Books v3 and the control API."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from zoho_sandbox import faults as wrong
from zoho_sandbox.control import ACTIONS, Control, Refused
from zoho_sandbox.lists import BadParameter, detail_page, detail_row, list_page
from zoho_sandbox.modules import BOOKS, BY_PATH, INVENTORY, Module
from zoho_sandbox.pictures import png
from zoho_sandbox.wire import Record, decode, encode
from zoho_sandbox.world.company import organization

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

JSON = "application/json;charset=UTF-8"
LEGACY_PATH = "settings/warehouses"
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
VERSIONS = {INVENTORY: "v1", BOOKS: "v3"}


class ApiError(Exception):
    """An answer of Zoho's that is not success."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


class SandboxApp:
    """Routes requests. `calls` counts them by address, with {id} for every record's id."""

    def __init__(self, control: Control) -> None:
        self.control = control
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
            return _json({"code": 37, "message": "The HTTP method is not allowed for this URL"}, 405)
        except HTTPException:
            return _json({"code": 5, "message": "Invalid URL Passed"}, 404)
        answer: Response = getattr(self, f"_{endpoint}")(request, **values)
        return answer

    def _count(self, request: Request) -> None:
        with self._counting:
            self.calls[ID.sub("{id}", request.path)] += 1

    # --- accounts server ----------------------------------------------------------------------------

    def _token(self, request: Request) -> Response:
        self._count(request)
        if reply := self.control.faults.reply(wrong.TOKEN_REPLIES, request.path):
            return _reply(reply)
        with self.control.world.lock:
            status, body = self.control.desk.answer(request.values, request.host_url.rstrip("/"))
        return _json(body, status)

    # --- the API ------------------------------------------------------------------------------------

    def _api(self, request: Request, api: str, version: str, path: str) -> Response:
        faults = self.control.faults
        self._count(request)
        if faults.strikes(wrong.SLOW, request.path):
            time.sleep(faults.slow_seconds)
        if reply := faults.reply(wrong.API_REPLIES, request.path):
            return _reply(reply)
        try:
            if VERSIONS[api] != version:
                raise ApiError(404, 5, "Invalid URL Passed")
            self._check_login(request, path)
            with self.control.world.lock:
                body = self._answer(request, api, path)
        except ApiError as error:
            return _json({"code": error.code, "message": str(error)}, error.status)
        except BadParameter as error:
            return _json({"code": 2, "message": f"Invalid value passed for {error}"}, 400)
        return body if isinstance(body, Response) else _json({"code": 0, "message": "success"} | body)

    def _check_login(self, request: Request, path: str) -> None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Zoho-oauthtoken" or not token:
            raise ApiError(401, 14, "Invalid value passed for authtoken.")
        if not self.control.desk.accepts(token):
            raise ApiError(401, 57, "You are not authorized to perform this operation")
        wanted = request.args.get("organization_id", "")
        if path.split("/")[0] != "organizations" and wanted != self._organization_id:
            raise ApiError(400, 6041, f"This user is not associated with the CompanyID/CompanyName:{wanted}.")

    def _answer(self, request: Request, api: str, path: str) -> Record | Response:
        if path.split("/")[0] == "organizations":
            return self._organizations(path.removeprefix("organizations").strip("/"))
        if path == "itemdetails":
            return self._itemdetails(request)
        if path.startswith("items/") and path.endswith("/image"):
            return self._image(path.split("/")[1])
        module, zoho_id = self._module_at(api, path)
        if not zoho_id:
            return self._list(request, module, api)
        if module.name == "user" and zoho_id == "me":
            return {"user": next(row for row in self.control.world.records("user") if row["is_current_user"])}
        return detail_page(self.control.world, module, self._record(module, zoho_id))

    def _module_at(self, api: str, path: str) -> tuple[Module, str]:
        """The module that a path names and the id behind it ("" for the list). 404/5 for what this API has not."""
        legacy = self.control.world.switches.legacy_warehouses
        if legacy and (path == LEGACY_PATH or path.startswith(f"{LEGACY_PATH}/")):
            return BY_PATH["locations"], path.removeprefix(LEGACY_PATH).strip("/")
        parent, _, last = path.rpartition("/")
        module, zoho_id = (BY_PATH[path], "") if path in BY_PATH else (BY_PATH.get(parent), last)
        if module is None or api not in module.apis or (legacy and module.name == "location"):
            raise ApiError(404, 5, "Invalid URL Passed")
        return module, zoho_id

    def _list(self, request: Request, module: Module, api: str) -> Record:
        faults, body = self.control.faults, list_page(self.control.world, module, api, request.args)
        key = next(key for key in body if key != "page_context")
        if faults.strikes(wrong.MISSING_LIST_KEY, request.path):
            del body[key]
        elif faults.strikes(wrong.DOUBLED_ROWS, request.path):
            body[key] = [*body[key], *body[key]]
        if "page_context" in body and faults.strikes(wrong.ENDLESS, request.path):
            body["page_context"]["has_more_page"] = True
        return body

    def _organizations(self, zoho_id: str) -> Record:
        company = organization(self._organization_id)
        if not zoho_id:
            return {"organizations": [company]}
        if zoho_id != self._organization_id:
            raise ApiError(404, 1002, "Organization does not exist.")
        return {"organization": company}

    def _itemdetails(self, request: Request) -> Record:
        """Details of many items at once; a single dead id spoils the whole call (api.md §3)."""
        module = BY_PATH["items"]
        wanted = [part for part in request.args.get("item_ids", "").split(",") if part]
        if not wanted:
            raise BadParameter("item_ids")
        records = [self._record(module, zoho_id) for zoho_id in wanted]
        return {"items": [detail_row(self.control.world, module, record) for record in records]}

    def _image(self, zoho_id: str) -> Response:
        item = self._record(BY_PATH["items"], zoho_id)
        if not item["image_document_id"]:
            raise ApiError(404, 1002, "Image does not exist.")
        # The content type is not to be relied on (api.md §6.14).
        return Response(png(item["image_document_id"]), content_type="application/octet-stream")

    def _record(self, module: Module, zoho_id: str) -> Record:
        record = self.control.world.get(module.name, zoho_id)
        if record is None:
            raise ApiError(404, 1002, f"{module.report.removesuffix('s')} does not exist.")
        return record

    @property
    def _organization_id(self) -> str:
        return self.control.desk.credentials.organization_id

    # --- control ------------------------------------------------------------------------------------

    def _health(self, request: Request) -> Response:
        counts = {module: len(table) for module, table in self.control.world.tables.items()}
        return _json({"status": "healthy", "records": counts})

    def _stats(self, request: Request) -> Response:
        with self._counting:
            calls = dict(sorted(self.calls.items()))
        tokens = {"issued": self.control.desk.issued}
        return _json({"webhooks": self.control.sender.stats(), "calls": calls, "tokens": tokens})

    def _control(self, request: Request, action: str) -> Response:
        try:
            arguments: Any = decode(request.get_data() or b"{}")
            if action not in ACTIONS or not isinstance(arguments, dict):
                raise Refused(f"POST a JSON object to one of {', '.join(ACTIONS)}")
            arguments = {"zoho_id" if key == "id" else key: value for key, value in arguments.items()}
            result = ACTIONS[action](self.control, **arguments)
        except (ValueError, TypeError) as error:
            return _json({"success": False, "error": str(error)}, 400)
        return _json({"success": True, "result": result})


def _json(body: Record, status: int = 200) -> Response:
    return Response(encode(body), status, content_type=JSON)


def _reply(reply: wrong.Reply) -> Response:
    return Response(reply.body, reply.status, headers=list(reply.headers), content_type=reply.content_type)
