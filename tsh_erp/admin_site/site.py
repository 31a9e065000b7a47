from __future__ import annotations

from functools import partial
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path
from django.utils.translation import gettext_lazy as _

from tsh_erp.admin_site.boards import Board, ShownBoard, boards, boards_for
from tsh_erp.admin_site.finding import LONGEST, SHORTEST, find
from tsh_erp.admin_site.menu import build_menu
from tsh_erp.admin_site.tiles import tiles_for

ENVIRONMENT_NAMES = {"staging": _("Staging"), "development": _("Development")}


class TshAdminSite(admin.AdminSite):
    """The staff's control room: Django's admin with our names and skin (templates/admin, static/admin_site)."""

    site_title = _("TSH ERP")
    site_header = _("TSH ERP")
    index_title = _("Overview")
    site_url = None  # there is no other site to view

    def get_urls(self) -> list[URLPattern | URLResolver]:
        pages = [path("search/", self.admin_view(self.search), name="search")]
        pages += [
            path(board.address, self.admin_view(partial(self.board, board=board)), name=board.key)
            for board in boards.values()
        ]
        return [*pages, *super().get_urls()]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context = super().each_context(request)
        return context | {
            "environment_name": ENVIRONMENT_NAMES.get(settings.ENVIRONMENT, ""),
            "environment": settings.ENVIRONMENT,
            "app_version": settings.APP_VERSION,
            "menu": build_menu(context["available_apps"], request.path),
        }

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """The overview: what is wrong, what waits and how business goes, as far as this person may see it."""
        shown = {"boards": boards_for(request), "tiles": tiles_for(request.user), "is_index": True}
        return super().index(request, {**shown, **(extra_context or {})})

    def board(self, request: HttpRequest, board: Board) -> HttpResponse:
        """One board as a page of its own."""
        if not request.user.has_perm(board.permission):
            raise PermissionDenied
        context = self.each_context(request) | {
            "title": board.title,
            "boards": [ShownBoard(board, board.read(request))],
            "tiles": tiles_for(request.user),
        }
        return TemplateResponse(request, "admin/overview.html", context)

    def search(self, request: HttpRequest) -> HttpResponse:
        """What `?q=` finds among all rows that this person may view."""
        typed = request.GET.get("q", "")
        context = self.each_context(request) | {
            "title": _("Search"),
            "typed": typed[:LONGEST],
            "shortest": SHORTEST,
            "is_too_short": len(typed.strip()) < SHORTEST,
            "found": find(self, request, typed),
        }
        return TemplateResponse(request, "admin/search.html", context)
