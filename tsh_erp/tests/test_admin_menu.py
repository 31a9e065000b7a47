import re

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User

from tsh_erp.admin_site.menu import Section, build_menu, places

pytestmark = pytest.mark.django_db
SEEN = {
    "Sales": ["catalogue", "sales", "stock"],
    "Warehouse": ["catalogue", "sales", "purchases", "stock"],
    "Accountant": ["catalogue", "sales", "purchases", "stock"],
    "Content editor": ["catalogue", "stock"],
}


def menu_of(client, path="/admin/") -> dict[str, list[str]]:
    html = client.get(path, headers={"accept-language": "en"}).content.decode()
    groups = re.findall(r'<section class="menu-group menu-(\w+).*?</section>', html, re.S)
    parts = re.findall(r'<section class="menu-group.*?</section>', html, re.S)
    return {name: re.findall(r'<a href="(/admin/[^"]+)"', part) for name, part in zip(groups, parts, strict=True)}


@pytest.mark.parametrize("group", SEEN)
def test_each_role_sees_the_sections_of_its_work_and_may_open_all_of_them(client, group):
    user = User.objects.create_user("one", is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client.force_login(user)

    shown = menu_of(client)

    assert [name for name in shown if name != "apps"] == SEEN[group]
    for address in {address for addresses in shown.values() for address in addresses}:
        assert client.get(address, follow=True).status_code == 200, address


def test_the_owner_of_everything_sees_every_page_once(admin_client):
    shown = [address for addresses in menu_of(admin_client).values() for address in addresses]

    assert len(shown) == len({*shown}) == len(admin.site._registry)


def test_who_may_see_nothing_is_told(client):
    client.force_login(User.objects.create_user("one", is_staff=True))

    html = client.get("/admin/", headers={"accept-language": "en"}).content.decode()

    assert "You don’t have permission to view or edit anything." in html


def test_the_page_one_is_on_is_marked(admin_client):
    html = admin_client.get("/admin/zoho_sync/synclog/").content.decode()

    [marked] = re.findall(r'<a href="([^"]+)"\s+aria-current="page"', html)
    assert marked == "/admin/zoho_sync/synclog/"
    assert re.search(r"<details open>(?:(?!</details>).)*synclog", html, re.S)


def test_tables_that_nobody_placed_are_folded_away_with_their_app():
    from zoho_sync.models import SyncLog

    entry = {"name": "Logs", "admin_url": "/admin/x/", "model": SyncLog}
    [group] = build_menu([{"app_label": "zoho_sync", "models": [entry]}], "/admin/")

    assert "zoho_sync.synclog" not in places.tables
    assert (group.key, group.entries, [one.name for one in group.rest]) == (Section.SYNC.value, [], ["Logs"])
