"""A phone: it sends JSON, keeps its token and the key of its guest's cart, and reads answers."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from commerce.models import Customer, CustomerAccount
from commerce.services.accounts import NewAccount, register
from commerce.services.devices import DeviceInfo, start_device

PASSWORD = "plum-Tree-42"


class Phone:
    """Calls of one device. `post("auth/login", identifier=…)` sends the keywords as a JSON object."""

    def __init__(self, user: User | None = None, *, language: str = "en", **headers: str) -> None:
        self.client = Client(raise_request_exception=True, enforce_csrf_checks=True)
        self.headers = {"accept-language": language, **headers}
        self.token = ""
        if user is not None:
            self.token = start_device(user, DeviceInfo(), at=timezone.now()).token

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        sent = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if self.token:
            sent.setdefault("authorization", f"Bearer {self.token}")
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        content_type = sent.pop("content-type", "application/json")
        return self.client.generic(
            method.upper(), f"/api/mobile/{path}", data=data, content_type=content_type, headers=sent
        )

    def get(self, path: str, **headers: str) -> Any:
        return self.send("get", path, **headers)

    def post(self, path: str, **body: Any) -> Any:
        return self.send("post", path, body)

    def put(self, path: str, **body: Any) -> Any:
        return self.send("put", path, body)

    def patch(self, path: str, **body: Any) -> Any:
        return self.send("patch", path, body)

    def delete(self, path: str) -> Any:
        return self.send("delete", path)

    def sign_in(self, identifier: str, password: str = PASSWORD, **more: Any) -> Any:
        answer = self.post("auth/login", identifier=identifier, password=password, **more)
        self.token = answer.json().get("access_token", "")
        return answer


def new_account(phone: str = "+9647701234567", *, name: str = "Sara", email: str = "") -> CustomerAccount:
    """A customer who registered."""
    assert register(NewAccount(name=name, phone=phone, password=PASSWORD, email=email), at=timezone.now())
    return CustomerAccount.objects.select_related("user", "customer").get(phone=phone)


def account_of(customer: Customer, phone: str = "+9647709876543") -> CustomerAccount:
    """The account of a customer that is here already, as after staff linked it."""
    user = User.objects.create_user(f"phone-{phone}", password=PASSWORD, first_name=customer.name)
    return CustomerAccount.objects.create(user=user, customer=customer, phone=phone)


def refusal(answer: Any) -> tuple[int, str]:
    """The status and the code of a problem."""
    assert answer["Content-Type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]
