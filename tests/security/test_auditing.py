"""Who did what, and who tried to: one row each, which nobody changes."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from catalog.models import Product
from tsh_erp.auditing.models import AuditEntry
from tsh_erp.auditing.retention import prune_audit
from tsh_erp.signin.tests.people import staff, type_password

pytestmark = pytest.mark.django_db
NO_IMAGES = {"images-TOTAL_FORMS": "0", "images-INITIAL_FORMS": "0"}


def member(client, group, name="amal"):
    user = staff(name)
    user.groups.add(Group.objects.get(name=group))
    client.force_login(user)
    AuditEntry.objects.all().delete()
    return user


def last():
    return AuditEntry.objects.latest("id")


def test_a_change_says_who_what_on_what_when_and_from_where(client):
    user = member(client, "Content editor")
    product = Product.objects.create(name="Cable")
    page = f"/admin/catalog/product/{product.pk}/change/"

    client.post(page, {"name_ar": "سلك", **NO_IMAGES}, REMOTE_ADDR="10.2.3.4")

    entry = AuditEntry.objects.get()
    assert (entry.user, entry.username, entry.action, entry.was_allowed) == (user, "amal", "change", True)
    assert (entry.table, entry.object_id, entry.row_name) == ("catalog.product", str(product.pk), "Cable")
    assert (entry.address, entry.method, entry.path, entry.status) == ("10.2.3.4", "POST", page, 302)
    assert (entry.door, entry.rows, bool(entry.request_id)) == ("pages", None, True)
    assert entry.details == "Arabic name"
    assert timezone.now() - entry.at < timedelta(minutes=1)


def test_looking_leaves_nothing_behind(client):
    member(client, "Owner")

    client.get("/admin/")
    client.get("/admin/catalog/product/")

    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("method", "path", "action", "table"),
    [
        ("get", "/admin/commerce/bill/", "view", "commerce.bill"),
        ("get", "/admin/auth/user/1/change/", "view_change", "auth.user"),
        ("post", "/admin/auth/user/add/", "add", "auth.user"),
        ("post", "/admin/catalog/product/1/delete/", "delete", "catalog.product"),
        ("get", "/api/zoho/dashboard/health", "zoho_sync:dashboard-health", ""),
        ("post", "/api/zoho/admin/queue/clear", "zoho_sync:queue-clear", ""),
    ],
)
def test_what_is_refused_is_written_down(client, method, path, action, table):
    user = member(client, "Sales")

    answer = getattr(client, method)(path)

    entry = AuditEntry.objects.get()
    assert (answer.status_code, entry.status) == (403, 403)
    assert (entry.user, entry.action, entry.table, entry.was_allowed) == (user, action, table, False)
    assert entry.door == ("api" if path.startswith("/api/") else "pages")


def test_an_action_that_the_person_does_not_have_is_refused_and_written_down(client):
    member(client, "Read-only")
    data = {"action": "resolve", "index": "0", "_selected_action": ["1", "2"], "confirmed": "yes"}

    client.post("/admin/zoho_sync/alert/", data)

    entry = AuditEntry.objects.get()
    assert (entry.action, entry.table, entry.rows, entry.was_allowed) == ("resolve", "zoho_sync.alert", 2, False)


def test_a_deletion_names_the_row(client):
    member(client, "Owner")
    gone = User.objects.create_user("gone")

    client.post(f"/admin/auth/user/{gone.pk}/delete/", {"post": "yes"})

    entry = AuditEntry.objects.get()
    assert (entry.action, entry.object_id, entry.row_name) == ("delete", str(gone.pk), "gone")


def test_signing_in_out_and_failing_is_written_down(client):
    user = staff()

    type_password(client, password="wrong")
    type_password(client, "nobody", "wrong")
    type_password(client)
    client.post("/admin/logout/")

    rows = AuditEntry.objects.order_by("id").values_list("action", "username", "was_allowed", "details")
    assert list(rows) == [
        ("sign_in_failed", "amal", False, ""),
        ("sign_in_failed", "", False, "no such account"),
        ("signed_in", "amal", True, ""),
        ("signed_out", "amal", True, ""),
    ]
    assert last().user == user


def test_an_entry_outlives_its_user(client):
    user = member(client, "Sales", "leaver")
    client.get("/admin/commerce/bill/")
    user.delete()
    boss = staff("boss", is_superuser=True)
    client.force_login(boss)

    page = client.get("/admin/auditing/auditentry/").content.decode()

    assert "leaver" in page


def test_the_database_refuses_to_change_an_entry(client):
    member(client, "Sales")
    client.get("/admin/commerce/bill/")

    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        AuditEntry.objects.update(username="somebody else")
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE auditing_auditentry SET was_allowed = was_allowed")

    assert last().username == "amal"


def test_nobody_adds_changes_or_deletes_entries_by_hand(client):
    client.force_login(staff("boss", is_superuser=True))
    entry = last()

    assert client.post("/admin/auditing/auditentry/add/", {}).status_code == 403
    assert client.post(f"/admin/auditing/auditentry/{entry.pk}/change/", {}).status_code == 403
    assert client.post(f"/admin/auditing/auditentry/{entry.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.get(f"/admin/auditing/auditentry/{entry.pk}/change/").status_code == 200
    assert (
        not Permission.objects.filter(content_type__app_label="auditing").exclude(codename__startswith="view").exists()
    )


@pytest.mark.parametrize("count", [3, 60])
def test_the_list_costs_the_same_for_any_number_of_entries(client, django_assert_max_num_queries, count):
    client.force_login(staff("boss", is_superuser=True))
    now = timezone.now()
    AuditEntry.objects.bulk_create(
        AuditEntry(
            at=now,
            username="<script>alert(1)</script>",
            door="pages",
            action="change",
            was_allowed=False,
            table="catalog.product",
            object_id=str(number),
            row_name="<b>x</b>",
        )
        for number in range(count)
    )

    with django_assert_max_num_queries(8):
        page = client.get("/admin/auditing/auditentry/?was_allowed__exact=0").content.decode()

    assert page.count("&lt;script&gt;alert(1)") == min(count, 50)
    assert "<b>x</b>" not in page


def test_old_entries_are_forgotten_a_few_at_a_time():
    now = timezone.now()
    AuditEntry.objects.bulk_create(
        AuditEntry(at=now - timedelta(days=days), door="pages", action="change", was_allowed=True)
        for days in (900, 800, 731, 729, 0)
    )
    before = now - timedelta(days=730)

    assert [prune_audit(before=before, at_most=2) for _ in range(3)] == [2, 1, 0]
    assert AuditEntry.objects.count() == 2
