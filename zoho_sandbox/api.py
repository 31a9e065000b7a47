"""Inventory v1 and Books v3: who may ask, what is answered, and what goes wrong on the way (api.md §2-§4)."""

from __future__ import annotations

import re
import time
from typing import Any

from werkzeug.wrappers import Request, Response

from zoho_sandbox import faults as wrong
from zoho_sandbox.control import Control
from zoho_sandbox.faults import Fate
from zoho_sandbox.lists import BadParameter, detail_page, detail_row, list_page, price_rows
from zoho_sandbox.modules import BOOKS, BY_PATH, INVENTORY, Module
from zoho_sandbox.wire import Record, encode
from zoho_sandbox.world.company import organization
from zoho_sandbox.world.happenings import drift

JSON = "application/json;charset=UTF-8"
LEGACY_PATH = "settings/warehouses"
PRICES_PATH = "pricebooks/items"
VERSIONS = {INVENTORY: "v1", BOOKS: "v3"}
IMAGE = re.compile(r"items/(\d+)/image")
NO_URL = "Invalid URL Passed"


class ApiError(Exception):
    """An answer of Zoho's that is not success."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


class Api:
    """The two APIs of one organisation."""

    def __init__(self, control: Control) -> None:
        self.control = control

    def respond(self, request: Request, api: str, version: str, path: str) -> Response:
        """The answer to one request, counted by the gate; faults and limits come before the truth."""
        gate, fate = self.control.gate, Fate(self.control.faults, request.path)
        if refused := self.control.faults.outage() or gate.enter():
            gate.count(refused.status, refused.code)
            return reply(refused)
        try:
            response = self._respond(request, api, version, path, fate)
        finally:
            gate.leave()
        response.headers.extend(gate.headers())
        return response

    def _respond(self, request: Request, api: str, version: str, path: str, fate: Fate) -> Response:
        gate, faults, code = self.control.gate, self.control.faults, None
        if fate.strikes(wrong.SLOW):
            time.sleep(faults.slow_seconds)
        if fate.strikes(wrong.TIMEOUT):
            time.sleep(faults.slow_seconds)
            gate.count(0, None)
            return reply(wrong.HUNG_UP)
        if fate.strikes(wrong.TOKEN_EXPIRED):
            self.control.desk.expire_all()
        if answer := fate.reply(wrong.API_REPLIES):
            gate.count(answer.status, answer.code)
            return reply(answer)
        try:
            if VERSIONS[api] != version:
                raise ApiError(404, 5, NO_URL)
            self._check_login(request, path)
            with self.control.world.lock:
                body = self._answer(request, api, path, fate)
            response = body if isinstance(body, Response) else json_response({"code": 0, "message": "success"} | body)
        except ApiError as error:
            code, response = error.code, json_response({"code": error.code, "message": str(error)}, error.status)
        except BadParameter as error:
            code, response = 2, json_response({"code": 2, "message": f"Invalid value passed for {error}"}, 400)
        gate.count(response.status_code, code)
        return response

    def _check_login(self, request: Request, path: str) -> None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Zoho-oauthtoken" or not token:
            raise ApiError(401, 14, "Invalid value passed for authtoken.")
        if not self.control.desk.accepts(token):
            raise ApiError(401, 57, "You are not authorized to perform this operation")
        wanted = request.args.get("organization_id", "")
        if path.split("/")[0] != "organizations" and wanted != self._organization_id:
            raise ApiError(400, 6041, f"This user is not associated with the CompanyID/CompanyName:{wanted}.")

    def _answer(self, request: Request, api: str, path: str, fate: Fate) -> Record | Response:
        if path.split("/")[0] == "organizations":
            return self._organizations(path.removeprefix("organizations").strip("/"))
        if path == "itemdetails":
            return self._itemdetails(request)
        if match := IMAGE.fullmatch(path):
            return self._image(match.group(1))
        if path == PRICES_PATH and api == BOOKS:
            return price_rows(self.control.world, request.args)
        module, zoho_id = self._module_at(api, path)
        if not zoho_id:
            return self._list(request, module, api, fate)
        if module.name == "user" and zoho_id == "me":
            return {"user": next(row for row in self.control.world.records("user") if row["is_current_user"])}
        if module.name == "pricebook" and self.control.world.switches.pricebook_detail_missing:
            raise ApiError(404, 5, NO_URL)
        return detail_page(self.control.world, module, self._record(module, zoho_id))

    def _module_at(self, api: str, path: str) -> tuple[Module, str]:
        """The module that a path names and the id behind it ("" for the list). 404/5 for what this API has not."""
        legacy = self.control.world.switches.legacy_warehouses
        if legacy and (path == LEGACY_PATH or path.startswith(f"{LEGACY_PATH}/")):
            return BY_PATH["locations"], path.removeprefix(LEGACY_PATH).strip("/")
        parent, _, last = path.rpartition("/")
        module, zoho_id = (BY_PATH[path], "") if path in BY_PATH else (BY_PATH.get(parent), last)
        if module is None or api not in module.apis or (legacy and module.name == "location"):
            raise ApiError(404, 5, NO_URL)
        return module, zoho_id

    def _list(self, request: Request, module: Module, api: str, fate: Fate) -> Record | Response:
        without_key = fate.strikes(wrong.MISSING_LIST_KEY)
        doubled = not without_key and fate.strikes(wrong.DOUBLED_ROWS)
        endless = module.has_page_context and fate.strikes(wrong.ENDLESS)
        without_context = module.has_page_context and fate.strikes(wrong.NO_PAGE_CONTEXT)
        frozen = self.control.frozen
        if frozen.is_on and not (without_key or doubled or endless or without_context):
            return Response(frozen.list_page(module, api, request.args), content_type=JSON)
        body = list_page(self.control.world, module, api, request.args)
        key = next(key for key in body if key != "page_context")
        has_more = body.get("page_context", {}).get("has_more_page", False)
        if without_key:
            del body[key]
        if doubled:
            body[key] = [*body[key], *body[key]]
        if endless:
            body["page_context"]["has_more_page"] = True
        if without_context:
            del body["page_context"]
        if has_more:
            self._drift(module, fate)
        return body

    def _drift(self, module: Module, fate: Fate) -> None:
        """What the list shows changes before the next page is asked for."""
        for name, event in wrong.DRIFTS.items():
            if fate.strikes(name):
                drift(self.control.world, module.name, event)

    def _organizations(self, zoho_id: str) -> Record:
        company = organization(self._organization_id)
        if not zoho_id:
            return {"organizations": [company]}
        if zoho_id != self._organization_id:
            raise ApiError(404, 1002, "Organization does not exist.")
        return {"organization": company}

    def _itemdetails(self, request: Request) -> Record | Response:
        """Details of many items at once; a single dead id spoils the whole call (api.md §3)."""
        module, frozen = BY_PATH["items"], self.control.frozen
        wanted = [part for part in request.args.get("item_ids", "").split(",") if part]
        if not wanted:
            raise BadParameter("item_ids")
        records = [self._record(module, zoho_id) for zoho_id in wanted]
        if frozen.is_on:
            return Response(frozen.details(module, records), content_type=JSON)
        return {"items": [detail_row(self.control.world, module, record) for record in records]}

    def _image(self, zoho_id: str) -> Response:
        item = self._record(BY_PATH["items"], zoho_id)
        picture = self.control.album.picture(item)
        if picture is None and not self.control.world.switches.empty_images:
            raise ApiError(404, 1002, "Image does not exist.")
        # The content type is not to be relied on (api.md §6.14).
        return Response(picture or b"", content_type="application/octet-stream")

    def _record(self, module: Module, zoho_id: str) -> Record:
        record = self.control.world.get(module.name, zoho_id)
        if record is None:
            raise ApiError(404, 1002, f"{module.report.removesuffix('s')} does not exist.")
        return record

    @property
    def _organization_id(self) -> str:
        return self.control.desk.credentials.organization_id


def json_response(body: Any, status: int = 200) -> Response:
    return Response(encode(body), status, content_type=JSON)


def reply(answer: wrong.Reply) -> Response:
    """The answer of a fault. One that hangs up promises more than it sends, and the server closes the connection."""
    response = Response(answer.body, answer.status, headers=list(answer.headers), content_type=answer.content_type)
    if answer.hangs_up:
        response.headers["Content-Length"] = str(len(answer.body) * 2)
        response.headers["X-Sandbox-Hangs-Up"] = "1"
    return response
