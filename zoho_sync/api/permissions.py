"""Who may call the staff's API, and how callers show who they are."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.models import User
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from tsh_erp.scraping import has_metrics_token
from zoho_sync.api.attempts import GuardedBasicAuthentication


class StaffPermission(BasePermission):
    """Staff who have the right `needed`."""

    needed: ClassVar[str]

    def has_permission(self, request: Request, view: APIView) -> bool:
        user = request.user
        return bool(user and user.is_staff and user.has_perm(self.needed))


class CanRunSync(StaffPermission):
    """Staff with `zoho_sync.run_sync`."""

    needed = "zoho_sync.run_sync"


class CanViewDashboard(StaffPermission):
    """Staff with `zoho_sync.view_dashboard`."""

    needed = "zoho_sync.view_dashboard"


class CanManageQueue(StaffPermission):
    """Staff with `zoho_sync.manage_queue`."""

    needed = "zoho_sync.manage_queue"


class CanAcknowledgeAlerts(StaffPermission):
    """Staff with `zoho_sync.acknowledge_alert`."""

    needed = "zoho_sync.acknowledge_alert"


class CanRetryDeadLetters(StaffPermission):
    """Staff with `zoho_sync.retry_deadletter`."""

    needed = "zoho_sync.retry_deadletter"


class CanDiscardDeadLetters(StaffPermission):
    """Staff with `zoho_sync.discard_deadletter`."""

    needed = "zoho_sync.discard_deadletter"


class HasMetricsToken(BasePermission):
    """Health scripts, by `METRICS_TOKEN`."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return has_metrics_token(request._request)


class StaffView(APIView):
    """A page of the staff's API: signed in to the admin, or with name and password (Basic) for programs.

    Basic comes first, because the first of them says how to sign in: without it a stranger would get 403, not 401.
    """

    authentication_classes: tuple[type[BaseAuthentication], ...] = (GuardedBasicAuthentication, SessionAuthentication)


def caller(request: Request) -> User:
    """The member of staff behind a request that a permission has let in."""
    if not isinstance(request.user, User):
        raise TypeError("a page for staff was opened by nobody")
    return request.user
