"""What staff see of it."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import Permission, User
from django.contrib.sessions.backends.db import SessionStore

from tests.live.records import item
from tests.live.web import Web
from tests.live.workers import Workers


def log_in(user: User) -> dict[str, str]:
    """Headers of a browser in which `user` is logged in."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return {"Cookie": f"{settings.SESSION_COOKIE_NAME}={session.session_key}"}


def make_staff(*permissions: str) -> User:
    user = User.objects.create_user("staff", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return user


@pytest.mark.lesson("L32")
def test_an_applied_product_is_in_the_admin(web: Web, workers: Workers) -> None:
    web.deliver("products", item("1", name="ماوس هوائي", sku="A-1", rate=12.5))
    workers.settle()
    staff = log_in(make_staff("view_product", "view_inboxevent"))

    page = web.call("/admin/catalog/product/", method="GET", headers=staff)
    assert page.status_code == 200
    assert "ماوس هوائي" in page.text
    assert "A-1" in page.text

    inbox = web.call("/admin/zoho_sync/inboxevent/", method="GET", headers=staff)
    assert (inbox.status_code, "applied" in inbox.text) == (200, True)


def test_the_admin_is_for_staff_with_the_right_to_look(web: Web) -> None:
    stranger = web.call("/admin/catalog/product/", method="GET")
    assert (stranger.status_code, stranger.headers["Location"].partition("?")[0]) == (302, "/admin/login/")

    without_right = web.call("/admin/catalog/product/", method="GET", headers=log_in(make_staff()))
    assert without_right.status_code == 403


@pytest.mark.parametrize(
    ("permissions", "status"), [((), 403), (("view_dashboard",), 200)], ids=["without the right", "with it"]
)
@pytest.mark.parametrize("page", ["health", "stats"])
def test_the_state_of_the_webhooks_is_for_staff(
    web: Web, workers: Workers, page: str, permissions: tuple[str, ...], status: int
) -> None:
    web.deliver("products", item("1"))
    workers.settle()

    response = web.call(f"/api/zoho/webhooks/{page}", method="GET", headers=log_in(make_staff(*permissions)))

    assert response.status_code == status
    if status == 200 and page == "stats":
        products = next(row for row in response.json()["paths"] if row["path"] == "products")
        assert (products["deliveries"], products["events"]) == (1, {"applied": 1})
    if status == 200 and page == "health":
        assert (response.json()["status"], response.json()["signature_configured"]) == ("healthy", True)
