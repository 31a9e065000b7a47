"""Who is doing it: the signed-in member of staff behind a request."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.http import HttpRequest


def person(request: HttpRequest) -> User:
    """The user behind an admin request, which the admin has let in."""
    if not isinstance(request.user, User):
        raise TypeError("an admin action was run by nobody")
    return request.user
