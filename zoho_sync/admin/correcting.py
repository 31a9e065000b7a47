"""Retrying a dead letter with a corrected copy of its payload. What came stays as it came; the copy is a new event."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import simplejson
from django import forms
from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from zoho_sync import dead_letters
from zoho_sync.entities import BY_MODULE
from zoho_sync.errors import InvalidPayload
from zoho_sync.inbox import Delivery, read_body, receive
from zoho_sync.models import DeadLetter, InboxEvent
from zoho_sync.models.payload import encode_payload

LONGEST = 1024 * 1024
JSON = "application/json"


class ChangedMeanwhile(Exception):
    """The letter is not open any more, or its record's newest event says just this."""


class CorrectForm(forms.Form):
    """The payload as text; `cleaned_data["payload"]` is the object, and `body` what a webhook would have sent."""

    payload = forms.CharField(
        label=_("corrected copy of the payload"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 26, "class": "payload-editor", "spellcheck": "false", "dir": "ltr"}),
        strip=False,
    )
    reason = forms.CharField(label=_("Reason"), max_length=500)

    def __init__(self, letter: DeadLetter, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.letter = letter
        self.body = b""

    def clean_payload(self) -> dict[str, Any]:
        payload = _read_json(self.cleaned_data["payload"])
        if not isinstance(payload, dict):
            raise forms.ValidationError(_("A record is a JSON object, in braces."))
        self.body = encode_payload({self.letter.module: payload}).encode("utf-8", "surrogatepass")
        try:
            found = read_body(
                self.body,
                content_type=JSON,
                path=path_of(self.letter),
                organization=settings.ZOHO_ORGANIZATION_ID,
            )
        except InvalidPayload as error:
            text = translate("This is no record that could have come: %(problem)s")
            raise forms.ValidationError(text % {"problem": error}) from error
        names = [(one.module, one.zoho_id) for one in found if not one.is_delete and not one.problem]
        if names != [(self.letter.module, self.letter.zoho_id)]:
            text = translate("The copy must be of the same record: %(key)s %(id)s.")
            key = BY_MODULE[self.letter.module].id_key
            raise forms.ValidationError(text % {"key": key, "id": self.letter.zoho_id})
        return payload


def _read_json(text: str) -> Any:
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        told = translate("This is not JSON: line %(line)d, column %(column)d: %(problem)s")
        problem = {"line": error.lineno, "column": error.colno, "problem": error.msg}
        raise forms.ValidationError(told % problem) from error
    except (RecursionError, ValueError, InvalidOperation) as error:
        raise forms.ValidationError(_("This is not JSON that can be read.")) from error


def _refuse(name: str) -> Any:
    raise ValueError(name)


def payload_text(letter: DeadLetter) -> str | None:
    """What the letter's payload says, indented; None when it has none that could be corrected."""
    payload: Any = letter.payload
    if payload is None and letter.event:
        payload = _payload_of(letter.event, letter.zoho_id)
    if not isinstance(payload, dict) or letter.module not in BY_MODULE:
        return None
    text = simplejson.dumps(payload, use_decimal=True, ensure_ascii=False, indent=2)
    return text if len(text) <= LONGEST else None


def _payload_of(event: InboxEvent, zoho_id: str) -> Any:
    try:
        found = read_body(bytes(event.body), content_type=event.content_type, path=event.path, query=event.query)
    except InvalidPayload:
        return None
    return next((dict(one.payload) for one in found if one.zoho_id == zoho_id and not one.is_delete), None)


def path_of(letter: DeadLetter) -> str:
    """The webhook path that such a record comes by."""
    known = letter.event.path if letter.event else ""
    return known or BY_MODULE[letter.module].webhook_path or ""


def retry_corrected(letter: DeadLetter, body: bytes, *, reason: str, by: User, at: datetime) -> InboxEvent:
    """Receive the copy, which takes the place of the record's dead events; the new event. ChangedMeanwhile."""
    with transaction.atomic():
        receipt = receive(
            Delivery(
                path=path_of(letter),
                body=body,
                proof=InboxEvent.Proof.STAFF,
                received_at=at,
                content_type=JSON,
                headers={"X-Corrected-By": by.get_username(), "X-Corrects-Dead-Letter": str(letter.pk)},
            )
        )
        event = InboxEvent.objects.get(uuid=receipt.event_id)
        if receipt.duplicate or not dead_letters.replace_events(letter.pk, by_event=event, reason=reason, at=at):
            raise ChangedMeanwhile
        LogEntry.objects.log_actions(
            by.pk, [letter], CHANGE, change_message=f"retry_corrected: {reason}", single_object=True
        )
    return event
