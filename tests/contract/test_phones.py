"""Every address of the phones' API, asked with what its description allows and with what it does not.

No answer is a 5xx, none has a status, a type or a shape that is not described.
"""

from __future__ import annotations

from contextlib import nullcontext, suppress
from typing import Any

import pytest
import schemathesis
from django.core.cache import cache
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from commerce.services.devices import DeviceInfo, start_device
from mobile_bff.tests.builders import account, customer, on_sale
from tsh_erp.wsgi import application

pytestmark = pytest.mark.django_db

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
FEW, MANY = 3, 60
API = schemathesis.openapi.from_wsgi("/api/schema/?format=json", application)
OPERATIONS = [
    found.ok() for found in API.include(path_regex="^/api/mobile/").get_all_operations() if found.ok() is not None
]
LABELS = [operation.label for operation in OPERATIONS]


@pytest.fixture
def one_connection():
    """The application keeps the test's connection open, as Django's own test client sees to."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def phones(settings, one_connection) -> list[dict[str, str]]:
    """What a guest's phone and a customer's phone send, with a shop behind them."""
    cache.clear()
    settings.MOBILE_LIMITS = dict.fromkeys(settings.MOBILE_LIMITS, 1_000_000)
    on_sale("p1", "p2")
    plain = {"Accept-Encoding": "identity"}  # the client of the tests does not unpack
    return [plain, {**plain, "Authorization": f"Bearer {_token()}"}]


def _token() -> str:
    return start_device(account(customer()), DeviceInfo(), at=timezone.now()).token


def ask(operation: Any, phones: list[dict[str, str]], *, times: int) -> None:
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):

        @settings(
            max_examples=times,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def one_call(case: Any) -> None:
            for headers in phones:
                response = case.call(headers=headers)
                case.validate_response(response, checks=CHECKS)

        with suppress(Unsatisfiable) if mode is GenerationMode.NEGATIVE else nullcontext():  # nothing to do wrong
            one_call()


@pytest.mark.parametrize("operation", OPERATIONS, ids=LABELS)
def test_every_answer_is_one_that_is_described(operation, phones):
    ask(operation, phones, times=FEW)


@pytest.mark.slow
@pytest.mark.parametrize("operation", OPERATIONS, ids=LABELS)
def test_every_answer_is_described_however_long_one_asks(operation, phones):
    ask(operation, phones, times=MANY)
