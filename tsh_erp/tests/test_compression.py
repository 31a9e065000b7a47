"""JSON for phones is compressed where nothing can be learned from its length."""

from __future__ import annotations

import gzip

import brotli
import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from tsh_erp.compression import CompressionMiddleware, choose_encoding

BODY = b'{"name": "' + b"cable " * 200 + b'"}'


def answer(accepted: str = "br, gzip", *, body: bytes = BODY, may: bool | None = True, **headers: str) -> HttpResponse:
    def view(request):
        response = HttpResponse(body, content_type=headers.pop("content_type", "application/json"), headers=headers)
        if may is not None:
            response.may_be_compressed = may
        return response

    request = RequestFactory().get("/", headers={"accept-encoding": accepted} if accepted else {})
    return CompressionMiddleware(view)(request)


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br", "br"),
        ("gzip, deflate", "gzip"),
        ("br;q=0.5, gzip;q=0.9", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("*", "br"),
        ("*;q=0.1, br;q=0", "gzip"),
        ("identity", None),
        ("gzip;q=nonsense", None),
        ("", None),
    ],
)
def test_the_encoding_is_the_one_that_is_liked_best(accepted, encoding):
    assert choose_encoding(accepted) == encoding
    assert answer(accepted).headers.get("Content-Encoding") == encoding


def test_what_arrives_is_what_was_sent():
    for encoding, decompress in (("br", brotli.decompress), ("gzip", gzip.decompress)):
        response = answer(encoding, ETag='W/"1"')

        assert decompress(response.content) == BODY
        assert len(response.content) < len(BODY) / 10
        assert response["Content-Length"] == str(len(response.content))
        assert response["ETag"] == 'W/"1"'
        assert response["Vary"] == "Accept-Encoding"


def test_problems_are_compressed_too():
    assert answer(content_type="application/problem+json; charset=utf-8")["Content-Encoding"] == "br"


@pytest.mark.parametrize("may", [False, None])
def test_answers_with_secrets_and_of_others_stay_as_they_are(may):
    response = answer(may=may)

    assert response.content == BODY
    assert not response.has_header("Vary")


def test_small_answers_pictures_and_what_is_compressed_stay_as_they_are():
    assert not answer(body=b"{}").has_header("Content-Encoding")
    assert answer(body=b"{}")["Vary"] == "Accept-Encoding"
    assert not answer(content_type="image/webp").has_header("Content-Encoding")
    assert answer(**{"Content-Encoding": "zstd"})["Content-Encoding"] == "zstd"
