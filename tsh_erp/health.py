"""Is the system fit to serve? Open to everybody, so it says nothing that helps an attacker."""

from __future__ import annotations

from functools import cache

from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

# The contract promises these bytes, whatever language the caller prefers.
HEALTHY = "النظام يعمل بشكل طبيعي"
UNHEALTHY = "النظام لا يعمل بشكل طبيعي"


@csrf_exempt
@never_cache
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """200 "healthy" when the database answers and every migration is applied, else 503 "unhealthy"."""
    return _answer(all(database_state().values()))


@csrf_exempt
@never_cache
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """The process answers. Asks nothing else, so that a lost database does not make a balancer restart it."""
    return _answer(True)


@csrf_exempt
@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Whether traffic may be sent here, and what is missing if not."""
    state = database_state()
    return _answer(all(state.values()), checks=state)


def database_state() -> dict[str, bool]:
    """`database`: it answers; `migrations`: all of ours are applied. One query."""
    try:
        applied = set(MigrationRecorder.Migration.objects.using(connection.alias).values_list("app", "name"))
    except DatabaseError:
        return {"database": _answers(), "migrations": False}
    return {"database": True, "migrations": _wanted_migrations() <= applied}


def _answers() -> bool:
    """Tells a database that is away from one in which nothing was migrated yet."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


@cache
def _wanted_migrations() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).graph.leaf_nodes())


def _answer(healthy: bool, **more: dict[str, bool]) -> JsonResponse:
    body = {
        "status": "healthy" if healthy else "unhealthy",
        "message": HEALTHY if healthy else UNHEALTHY,
    }
    return JsonResponse(body | more, status=200 if healthy else 503, json_dumps_params={"ensure_ascii": False})
