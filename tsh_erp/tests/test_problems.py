import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.test import Client
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from rest_framework import exceptions, serializers
from rest_framework.decorators import api_view, permission_classes
from rest_framework.permissions import AllowAny, IsAuthenticated

from tsh_erp.problems import problem


class Line(serializers.Serializer):
    quantity = serializers.IntegerField(min_value=1)


class Order(serializers.Serializer):
    name = serializers.CharField()
    items = Line(many=True)


@api_view(["POST"])
@permission_classes([AllowAny])
def order(request):
    Order(data=request.data).is_valid(raise_exception=True)


def raising(error: Exception):
    def view(request: HttpRequest) -> HttpResponse:
        raise error

    return view


def drf_raising(error: Exception):
    return api_view(["GET"])(permission_classes([AllowAny])(raising(error)))


urlpatterns = [
    path("api/order", order),
    path("api/private", api_view(["GET"])(permission_classes([IsAuthenticated])(lambda request: None))),
    path("api/gone", drf_raising(Http404("Product 17 of customer 9"))),
    path("api/halves", drf_raising(exceptions.ValidationError({"\ud800": ["\ud83d is no choice."]}))),
    path("api/slow", drf_raising(exceptions.Throttled(wait=30))),
    path("api/broken", drf_raising(RuntimeError("password is hunter2"))),
    path("api/plain/broken", raising(RuntimeError("password is hunter2"))),
    path("api/plain/forbidden", raising(PermissionDenied("because"))),
    path("api/plain/suspicious", raising(SuspiciousOperation("because"))),
    path("api/plain/posted", csrf_exempt(require_POST(lambda request: HttpResponse()))),
    path("api/plain/csrf", require_POST(lambda request: HttpResponse())),
    path("api/plain/own", lambda request: JsonResponse({"status": "unhealthy"}, status=503)),
    path("api/plain/problem", lambda request: problem(request, 401, "bad_proof", "Wrong key.", [{"field": "key"}])),
    path("page/broken", raising(RuntimeError("password is hunter2"))),
    path("", include("tsh_erp.urls")),
]
pytestmark = pytest.mark.urls(__name__)
MEMBERS = ["type", "title", "status", "detail", "instance", "code", "errors", "request_id"]


@pytest.fixture
def get():
    client = Client(raise_request_exception=False, enforce_csrf_checks=True)

    def ask(address: str, *, method: str = "get", language: str = "en", **data):
        return getattr(client, method)(address, headers={"accept-language": language, "x-request-id": "r-1"}, **data)

    return ask


def test_half_a_letter_that_was_sent_is_answered_and_not_a_crash(get):
    answer = get("/api/halves")

    assert answer.status_code == 400
    assert answer.json()["errors"] == [{"field": "?", "code": "invalid", "detail": "? is no choice."}]


@pytest.mark.parametrize(
    ("address", "method", "status", "code"),
    [
        ("/api/nothing/here", "get", 404, "not_found"),
        ("/health/nothing", "get", 404, "not_found"),
        ("/api/gone", "get", 404, "not_found"),
        ("/api/order", "get", 405, "method_not_allowed"),
        ("/api/plain/posted", "get", 405, "method_not_allowed"),
        ("/api/private", "get", 401, "not_authenticated"),
        ("/api/plain/forbidden", "get", 403, "permission_denied"),
        ("/api/plain/csrf", "post", 403, "permission_denied"),
        ("/api/plain/suspicious", "get", 400, "bad_request"),
        ("/api/slow", "get", 429, "throttled"),
        ("/api/broken", "get", 500, "internal_error"),
        ("/api/plain/broken", "get", 500, "internal_error"),
        ("/api/plain/problem", "get", 401, "bad_proof"),
    ],
)
@pytest.mark.parametrize("debug", [False, True])
def test_every_error_of_the_api_is_a_problem(get, settings, address, method, status, code, debug):
    settings.DEBUG = debug

    answer = get(address, method=method)

    body = answer.json()
    assert answer["Content-Type"] == "application/problem+json"
    assert list(body) == MEMBERS + (["retry_after"] if status == 429 else [])
    assert (answer.status_code, body["status"], body["code"]) == (status, status, code)
    assert (body["instance"], body["request_id"], answer["X-Request-Id"]) == (address, "r-1", "r-1")
    assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("address", ["/api/broken", "/api/plain/broken"])
def test_a_failure_shows_nothing_of_the_inside(get, settings, address):
    settings.DEBUG = True

    text = get(address).content.decode()

    assert "hunter2" not in text
    assert "Traceback" not in text


def test_titles_and_details_follow_the_language_and_the_code_does_not(get):
    english, arabic = get("/api/nothing").json(), get("/api/nothing", language="ar").json()

    assert (english["title"], english["detail"]) == ("Not found", "There is nothing at this address.")
    assert (arabic["title"], arabic["detail"]) == ("غير موجود", "لا يوجد شيء على هذا العنوان.")
    assert arabic["code"] == english["code"] == "not_found"
    assert get("/api/nothing", language="ar")["Content-Language"] == "ar"
    assert "Accept-Language" in get("/api/nothing")["Vary"]


def test_each_wrong_value_is_named_by_its_path(get):
    answer = get(
        "/api/order", method="post", data={"items": [{"quantity": 1}, {"quantity": 0}]}, content_type="application/json"
    )

    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid"
    assert answer.json()["errors"] == [
        {"field": "name", "code": "required", "detail": "This field is required."},
        {
            "field": "items[1].quantity",
            "code": "min_value",
            "detail": "Ensure this value is greater than or equal to 1.",
        },
    ]


def test_what_is_not_json_is_a_parse_error(get):
    answer = get("/api/order", method="post", data="{", content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")


def test_headers_that_callers_act_on_survive(get):
    assert get("/api/slow")["Retry-After"] == "30"
    assert get("/api/plain/posted")["Allow"] == "POST"


def test_a_deliberate_json_answer_stays_as_it_is(get):
    answer = get("/api/plain/own")

    assert (answer.status_code, answer.json()) == (503, {"status": "unhealthy"})


def test_a_wrong_host_is_a_problem_too(get, client):
    answer = client.get("/api/", headers={"host": "evil.example.com"})

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


def test_pages_for_people_keep_djangos_error_pages(get):
    assert get("/page/broken")["Content-Type"].startswith("text/html")
    assert get("/nothing")["Content-Type"].startswith("text/html")
