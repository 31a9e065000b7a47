"""The door for Zoho's webhooks: genuine deliveries are stored and answered at once, others are refused."""

from __future__ import annotations

from collections.abc import Mapping

import structlog
from django.conf import settings
from django.core.cache import cache
from django.db import Error as DatabaseError
from django.http import HttpRequest, JsonResponse
from django.http.request import UnreadablePostError
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt

from tsh_erp.callers import client_address
from tsh_erp.problems import problem
from tsh_erp.redaction import HIDDEN, hide_secrets
from tsh_erp.request_log import request_id
from zoho_sync.inbox import Delivery, Receipt, receive
from zoho_sync.inbox.proofs import Refusal, check_proofs

log = structlog.get_logger(__name__)

METHODS = ("POST", "PUT", "DELETE")
MOST_BYTES = 1024 * 1024
RETRY_AFTER_SECONDS = 30
# An address whose proofs fail this often within the window is put off; genuine calls never are.
MOST_FAILURES, FAILURE_WINDOW_SECONDS = 20, 300
# What is kept of a request: nothing that could hold a secret.
SAFE_HEADERS = ("Content-Type", "Content-Length", "User-Agent", "Accept", "Accept-Language", "X-Request-Id")
SECRET_WORDS = ("key", "secret", "token", "auth", "signature", "password", "sign")


@csrf_exempt
def receive_webhook(request: HttpRequest, path: str) -> HttpResponseBase:
    """Store one delivery for `path` (products, customers …) and answer 202; contract.md "Webhooks"."""
    if request.method not in METHODS:
        response = problem(request, 405)
        response["Allow"] = ", ".join(METHODS)
        return response
    if request.headers.get("Transfer-Encoding"):
        return problem(request, 411, "length_required", _("The request needs a Content-Length."))
    if _declared_length(request) > MOST_BYTES:
        return problem(request, 413, detail=_("A webhook must not be larger than 1 MiB."))
    try:
        body = request.body
    except UnreadablePostError:
        return problem(request, 400, "unreadable", _("The body broke off."))
    address = client_address(request)
    proof = check_proofs(
        request.headers,
        raw_query=request.META.get("QUERY_STRING", ""),
        body=body,
        content_type=request.headers.get("Content-Type", ""),
        api_keys=settings.WEBHOOK_API_KEYS,
        secrets=settings.ZOHO_WEBHOOK_SECRETS,
    )
    if isinstance(proof, Refusal):
        return _refuse(request, proof, address)
    delivery = Delivery(
        path=path,
        body=body,
        proof=proof,
        received_at=timezone.now(),
        method=request.method,
        content_type=hide_secrets(storable(request.headers.get("Content-Type", ""))),
        headers={name: hide_secrets(storable(value)) for name in SAFE_HEADERS if (value := request.headers.get(name))},
        query=_safe_query(request),
        address=address,
        request_id=request_id(request),
    )
    try:
        receipt = receive(delivery)
    except DatabaseError:
        log.exception("webhook_not_stored", path=path)
        return _try_later(request, "storage_unavailable", _("The delivery could not be stored. Send it again."))
    return _accept(receipt, path)


def _accept(receipt: Receipt, path: str) -> JsonResponse:
    log.info("webhook", path=path, event_id=str(receipt.event_id), duplicate=receipt.duplicate, invalid=receipt.invalid)
    answer: dict[str, object] = {
        "success": not receipt.invalid,
        "message": _message(receipt),
        "event_id": str(receipt.event_id),
        "idempotency_key": receipt.idempotency_key,
        "queued": receipt.queued,
    }
    if receipt.duplicate:
        answer["duplicate"] = True
    if receipt.records > 1:
        answer["records"] = receipt.records
    return JsonResponse(answer, status=202)


def _message(receipt: Receipt) -> str:
    if receipt.invalid:
        return str(_("Stored, but it cannot be read: %(reason)s") % {"reason": receipt.invalid})
    return str(_("Already received") if receipt.duplicate else _("Received"))


def _refuse(request: HttpRequest, refusal: Refusal, address: str | None) -> JsonResponse:
    failures = _count_failure(address)
    if refusal is not Refusal.NOT_CONFIGURED:
        log.warning("webhook_refused", path=request.path, address=address, reason=refusal.value, failures=failures)
    elif cache.add("webhook-not-configured", 1, FAILURE_WINDOW_SECONDS):  # anybody can provoke it: told once a window
        log.error("webhook_secret_not_configured", path=request.path, address=address)
    if failures > MOST_FAILURES:
        response = problem(request, 429)
        response["Retry-After"] = str(FAILURE_WINDOW_SECONDS)
        return response
    if refusal is Refusal.NOT_CONFIGURED:
        return _try_later(request, "not_configured", _("The server has no secret to check this delivery with."))
    if refusal is Refusal.MISSING:
        return problem(request, 401, "proof_missing", _("The delivery carries neither an API key nor a signature."))
    return problem(request, 401, "proof_wrong", _("The API key or the signature is wrong."))


def _count_failure(address: str | None) -> int:
    """How often this address has failed within the window, this time included."""
    counter = f"webhook-failures:{address}"
    cache.add(counter, 0, FAILURE_WINDOW_SECONDS)
    try:
        return cache.incr(counter)
    except ValueError:  # the window ended between the two calls
        return 1


def _try_later(request: HttpRequest, code: str, detail: object) -> JsonResponse:
    response = problem(request, 503, code, str(detail))
    response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def _declared_length(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _safe_query(request: HttpRequest) -> Mapping[str, str]:
    # Also under a harmless name: somebody may have put the key into the address.
    return {
        hide_secrets(storable(key)): HIDDEN
        if any(word in key.lower() for word in SECRET_WORDS)
        else hide_secrets(storable(value))
        for key, values in request.GET.lists()
        for value in map(str, values[-1:])
    }


def storable(text: str) -> str:
    """Text that a database takes: without NUL and lone surrogates."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
