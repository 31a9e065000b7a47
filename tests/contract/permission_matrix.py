"""The table of who may do what in the admin (`permission_matrix.md`), and how a cell is tried by request.

`python -m tests.contract.permission_matrix` prints the tables as the code answers now, to be read before it is kept:
it works in a transaction on the configured database and takes everything back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.contrib import admin
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import URLPattern, get_resolver
from django.utils.translation import gettext

TABLE = Path(__file__).with_suffix(".md")
GROUPS = (
    *("Owner", "Sync operator", "Accountant", "Sales", "Warehouse", "Content editor", "App manager", "Read-only"),
    "no group",
)
# One letter each in a cell: see the list, add, change, delete.
LETTERS = {"V": ("get", ""), "A": ("get", "add/"), "C": ("post", "0/change/"), "D": ("post", "0/delete/")}
REFUSED, MAY, MAY_NOT = 403, "yes", "–"
ARGUMENTS = {"pk": 0, "object_id": "0", "module": "item", "label": "catalog.product", "key": "0"}
# Everybody on the staff may see these, or they have tests of their own (signing in).
FOR_ALL = {
    *("admin:index", "admin:login", "admin:logout", "admin:jsi18n", "admin:search", "admin:app_list"),
    *("admin:autocomplete", "admin:view_on_site", "admin:password_change", "admin:password_change_done"),
    *("two-factor:manage", "two-factor:code", "two-factor:enrol"),
}
OF_EVERY_TABLE = ("_changelist", "_add", "_change", "_delete", "_history", ":None")


def tables() -> list[str]:
    """Every table with a page, such as catalog.product."""
    return sorted(model._meta.label_lower for model in admin.site._registry)


def actions() -> list[str]:
    """Every action of a list, such as zoho_sync.alert:resolve."""
    return [
        f"{model._meta.label_lower}:{action if isinstance(action, str) else action.__name__}"
        for model, page in sorted(admin.site._registry.items(), key=lambda one: one[0]._meta.label_lower)
        for action in page.actions or ()
    ]


def other_pages() -> dict[str, str]:
    """Every other page beneath the admin by its name, with an address that names no row there is."""
    found = {}
    for name, pattern in _patterns(get_resolver().url_patterns):
        is_of_a_table = name.endswith(OF_EVERY_TABLE)
        if pattern.startswith(("admin/", "zoho/")) and not is_of_a_table and name not in FOR_ALL:
            found[name] = "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda part: str(ARGUMENTS[part[1]]), pattern)
    return dict(sorted(found.items()))


def _patterns(resolvers: Any, prefix: str = "", space: str = "") -> Iterator[tuple[str, str]]:
    for one in resolvers:
        pattern = prefix + str(one.pattern)
        if isinstance(one, URLPattern):
            yield f"{space}{one.name}", pattern
        else:
            yield from _patterns(one.url_patterns, pattern, space + (f"{one.namespace}:" if one.namespace else ""))


def letters(client: Client, table: str) -> str:
    """What the signed-in person may do to rows of a table, each letter by a request."""
    page = f"/admin/{table.replace('.', '/')}/"
    tried = {letter: getattr(client, method)(page + rest) for letter, (method, rest) in LETTERS.items()}
    may = (
        letter for letter, answer in tried.items() if answer.status_code != REFUSED and not _is_sent_back(answer, page)
    )
    return "".join(may) or MAY_NOT


def _is_sent_back(answer: Any, page: str) -> bool:
    """Whether a page only leads to its list; Django leads to the overview when there is no such row."""
    return answer.headers.get("Location") == page


def may_act(client: Client, action: str) -> str:
    """Whether the list takes an action from the signed-in person, asked of a row that is not there."""
    table, _, name = action.partition(":")
    data = {"action": name, "index": "0", "_selected_action": ["0"], "confirmed": "yes", "reason": "x"}
    answer = client.post(f"/admin/{table.replace('.', '/')}/", data)
    refusals = {gettext("No action selected."), ""}
    told = {str(one) for one in get_messages(answer.wsgi_request)} if answer.status_code != REFUSED else set()
    return MAY if told - refusals else MAY_NOT


def may_open(client: Client, address: str) -> str:
    """Whether a page is open to the signed-in person: by GET, or by POST where it takes nothing else.

    The buttons of a row's page are tried by the first of them.
    """
    if address.endswith("/do/"):
        table = address.split("/")[3]
        page = next(page for model, page in admin.site._registry.items() if model._meta.model_name == table)
        first = next(iter(page.actions or ("none",)))
        answer = client.post(address, {"action": first})
    else:
        answer = client.get(address)
    if answer.status_code == 405:
        answer = client.post(address)
    return MAY_NOT if answer.status_code == REFUSED else MAY


def read() -> dict[str, dict[str, str]]:
    """The kept table: what a row's cells say, by group."""
    rows = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        first, *cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `"):
            rows[first.strip("`")] = dict(zip(GROUPS, cells, strict=True))
    return rows


def sign_in(client: Client, name: str) -> None:
    """As a member of staff who is in this group only, or in none."""
    from django.contrib.auth.models import Group, User

    user = User.objects.create_user(f"member of {name}", is_staff=True)
    if name != GROUPS[-1]:
        user.groups.add(Group.objects.get(name=name))
    client.force_login(user)


def _print() -> None:
    clients = {}
    for group in GROUPS:
        clients[group] = Client()
        sign_in(clients[group], group)
    head = "| page | " + " | ".join(GROUPS) + " |\n" + "|---|" + "---|" * len(GROUPS)
    sections = (
        ("Rows", [(name, lambda client, name=name: letters(client, name)) for name in tables()]),
        ("Actions", [(name, lambda client, name=name: may_act(client, name)) for name in actions()]),
        (
            "Other pages",
            [(name, lambda client, at=at: may_open(client, at)) for name, at in other_pages().items()],
        ),
    )
    for title, rows in sections:
        print(f"\n## {title}\n\n{head}")  # noqa: T201
        for name, ask in rows:
            print(f"| `{name}` | " + " | ".join(ask(clients[group]) for group in GROUPS) + " |")  # noqa: T201


if __name__ == "__main__":
    import django

    django.setup()
    from django.db import transaction
    from django.test.utils import setup_test_environment
    from django.utils.translation import activate

    setup_test_environment()
    activate("en")
    with transaction.atomic():
        _print()
        transaction.set_rollback(True)
