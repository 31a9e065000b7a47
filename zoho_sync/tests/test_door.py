"""The door with anything at all behind it: a clear answer, a whole row or none, and never an error."""

from __future__ import annotations

import json
import uuid

import pytest
from django.db import transaction
from django.test import Client, override_settings
from hypothesis import given
from hypothesis import strategies as st

from zoho_sync.inbox import observe
from zoho_sync.models import InboxEvent, SyncQueueItem
from zoho_sync.tests.road import (
    FORM,
    JSON,
    item,
    receive_body,
)
from zoho_sync.tests.test_bodies import BODIES, CONTENT_TYPES, PATHS
from zoho_sync.webhooks.views import storable

pytestmark = pytest.mark.django_db


@given(
    body=BODIES,
    content_type=CONTENT_TYPES.map(storable),  # as the door hands it on
    path=PATHS.filter(bool),
    method=st.sampled_from(["POST", "DELETE"]),
    query=st.dictionaries(st.sampled_from(["event", "item_id"]), st.sampled_from(["deleted", "1", "x"]), max_size=2),
)
def test_whatever_comes_is_stored_whole(body, content_type, path, method, query):
    before = InboxEvent.objects.count()
    with transaction.atomic():
        receipt = receive_body(body, path=path, method=method, content_type=content_type, query=query)
        event = InboxEvent.objects.get(uuid=receipt.event_id)
        new = InboxEvent.objects.count() - before

        assert bytes(event.body) == body
        if receipt.invalid:
            assert (event.state, event.module, new) == ("invalid", "", 1)
            assert not SyncQueueItem.objects.exists()
        else:
            queued = InboxEvent.objects.queued()
            assert observe(queued)
            assert set(queued.values_list("module", "zoho_id")) == set(
                SyncQueueItem.objects.waiting().values_list("module", "zoho_id")
            )
            assert new == (1 if event.state == "queued" else 1 + event.children.count())
        transaction.set_rollback(True)


KEY = "k" * 20


@given(
    body=BODIES,
    content_type=CONTENT_TYPES.filter(lambda text: "\n" not in text and "\r" not in text),
    path=PATHS.filter(bool),
    query=st.text(max_size=20),
    method=st.sampled_from(["POST", "PUT", "DELETE"]),
    proof=st.sampled_from(["key", "wrong", "none"]),
)
@override_settings(WEBHOOK_API_KEYS=[KEY], ZOHO_WEBHOOK_SECRETS=[])
def test_the_door_always_gives_a_clear_answer(body, content_type, path, query, method, proof):
    headers = {"key": {"X-Webhook-Key": KEY}, "wrong": {"X-Webhook-Key": "nonsense"}, "none": {}}[proof]
    with transaction.atomic():
        answer = Client(raise_request_exception=False).generic(
            method,
            f"/api/zoho/webhooks/{path}",
            body,
            content_type=content_type,
            headers=headers,
            query_params={"q": query},
            REMOTE_ADDR=f"2001:db8::{uuid.uuid4().hex[:4]}",
        )
        stored = InboxEvent.objects.count()
        transaction.set_rollback(True)

    assert answer.status_code in ({202} if proof == "key" else {401, 429})
    assert stored >= 1 if proof == "key" else stored == 0
    assert answer.json()


@pytest.fixture
def webhook_key(settings):
    settings.WEBHOOK_API_KEYS = [KEY]
    settings.ZOHO_WEBHOOK_SECRETS = []


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"CONTENT_LENGTH": str(1024 * 1024 + 1)}, 413),
        ({"HTTP_TRANSFER_ENCODING": "chunked"}, 411),
        ({"HTTP_X_WEBHOOK_KEY": ""}, 401),
        ({"HTTP_X_WEBHOOK_KEY": "wrong"}, 401),
        ({}, 202),
    ],
)
def test_what_is_refused_at_the_door_is_not_stored(webhook_key, changes, status):
    extra = {"HTTP_X_WEBHOOK_KEY": KEY, "REMOTE_ADDR": "2001:db8::1:1", **changes}

    answer = Client().post("/api/zoho/webhooks/products", json.dumps(item()), content_type=JSON, **extra)

    assert answer.status_code == status
    assert InboxEvent.objects.count() == (1 if status == 202 else 0)


def test_a_form_is_taken_at_the_door(webhook_key):
    answer = Client().post(
        "/api/zoho/webhooks/products", "item_id=1&name=A", content_type=FORM, headers={"X-Webhook-Key": KEY}
    )

    assert (answer.status_code, answer.json()["queued"]) == (202, True)
    assert InboxEvent.objects.get().zoho_id == "1"
