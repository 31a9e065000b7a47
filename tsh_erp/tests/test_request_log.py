import io
import json
import logging
import re

import pytest
import structlog

from tsh_erp.logs import configure, logging_settings

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@pytest.fixture
def lines(settings):
    """What is written to the JSON log, parsed."""
    stream = io.StringIO()
    config = logging_settings(level="INFO", log_format="json")
    config["handlers"]["stderr"]["stream"] = stream
    configure(config)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    configure(settings.LOGGING)


def test_a_sane_id_of_the_caller_is_kept(client):
    assert client.get("/health/live", headers={"x-request-id": "abc-123_~."})["X-Request-Id"] == "abc-123_~."


@pytest.mark.parametrize("offered", ["", "a b", "x" * 65, "a\r\nb", "<script>", "طلب", 'a"b'])
def test_any_other_id_is_replaced(client, offered):
    assert UUID.fullmatch(client.get("/health/live", headers={"x-request-id": offered})["X-Request-Id"])


@pytest.mark.parametrize("path", ["/", "/admin/login/", "/nothing", "/api/nothing", "/static/nothing.css"])
@pytest.mark.django_db
def test_every_answer_carries_an_id(client, path):
    assert client.get(path, headers={"x-request-id": "r-1"})["X-Request-Id"] == "r-1"


def test_each_request_is_one_line_with_its_id_and_without_its_query(client, lines):
    client.get("/health/live?token=hunter2", headers={"x-request-id": "r-1"})

    (line,) = lines()
    assert (line["event"], line["request"], line["code"]) == ("request_finished", "GET /health/live", 200)
    assert line["request_id"] == "r-1"


def test_no_line_holds_a_secret_wherever_the_caller_put_it(client, lines, settings):
    settings.WEBHOOK_API_KEYS, settings.ZOHO_WEBHOOK_SECRETS = ["hunter2", "hunter2-new"], ["swordfish"]
    settings.DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.INFO

    answer = client.get("/nothing/hunter2-new", headers={"x-request-id": "r-swordfish", "user-agent": "Zoho hunter2"})

    assert UUID.fullmatch(answer["X-Request-Id"])
    started, finished = lines()
    assert started["user_agent"] == "Zoho ***"
    assert finished["request"] == "GET /nothing/***"
    assert not re.search("hunter2|swordfish", str([started, finished]))


def test_lines_of_other_libraries_carry_the_id_too(lines):
    with structlog.contextvars.bound_contextvars(request_id="r-2"):
        logging.getLogger("some.library").warning("took %d ms", 12)

    (line,) = lines()
    assert (line["event"], line["request_id"], line["level"]) == ("took 12 ms", "r-2", "warning")


def test_the_id_ends_with_the_request(client, lines):
    client.get("/health/live", headers={"x-request-id": "r-1"})
    logging.getLogger("some.library").warning("later")

    assert "request_id" not in lines()[-1]


def test_arabic_is_readable_in_the_json_log(lines):
    logging.getLogger("some.library").warning("مرحبا")

    assert lines()[0]["event"] == "مرحبا"
