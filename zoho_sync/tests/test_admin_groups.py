"""Who may do what: the groups that the migration makes, tried by request."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.urls import reverse

from catalog.models import Product
from commerce.models import Customer
from zoho_sync import alerts
from zoho_sync.models import Alert, DeadLetter, ErrorGroup, InboxEvent, SyncQueueItem
from zoho_sync.tests.road import NOON, deliver, drain, invoice, item, receive_body

pytestmark = pytest.mark.django_db

OWNER, OPERATOR, ACCOUNTANT, SALES = "Owner", "Sync operator", "Accountant", "Sales"
WAREHOUSE, EDITOR, READER, APPS = "Warehouse", "Content editor", "Read-only", "App manager"
GROUPS = (OWNER, OPERATOR, ACCOUNTANT, SALES, WAREHOUSE, EDITOR, READER, APPS)

SEES = {
    "auth_user": {OWNER},
    "auth_group": {OWNER},
    "catalog_product": set(GROUPS),
    "catalog_pricelist": {OWNER, OPERATOR, ACCOUNTANT, SALES, EDITOR, READER, APPS},
    "catalog_stockledgerentry": {OWNER, OPERATOR, ACCOUNTANT, WAREHOUSE, EDITOR, READER},
    "commerce_customer": {OWNER, OPERATOR, ACCOUNTANT, SALES, READER, APPS},
    "commerce_vendor": {OWNER, OPERATOR, ACCOUNTANT, READER},
    "commerce_salesorder": {OWNER, OPERATOR, ACCOUNTANT, SALES, WAREHOUSE, READER},
    "commerce_invoice": {OWNER, OPERATOR, ACCOUNTANT, SALES, READER},
    "commerce_customerpaymentallocation": {OWNER, OPERATOR, ACCOUNTANT, SALES, READER},
    "commerce_bill": {OWNER, OPERATOR, ACCOUNTANT, READER},
    "commerce_purchaseorder": {OWNER, OPERATOR, ACCOUNTANT, WAREHOUSE, READER},
    "commerce_inventoryadjustment": {OWNER, OPERATOR, ACCOUNTANT, WAREHOUSE, READER},
    "zoho_sync_inboxevent": {OWNER, OPERATOR, READER},
    "zoho_sync_syncqueueitem": {OWNER, OPERATOR, READER},
    "zoho_sync_deadletter": {OWNER, OPERATOR, READER},
    "zoho_sync_zohoconnection": {OWNER, OPERATOR, READER},
    "events_storedevent": {OWNER, OPERATOR, READER},
    "django_q_schedule": {OWNER, OPERATOR},
}


@pytest.fixture(params=GROUPS)
def group(request, client, django_user_model):
    """The name of a group, one of whose members is signed in."""
    user = django_user_model.objects.create_user("member", is_staff=True)
    user.groups.add(Group.objects.get(name=request.param))
    client.force_login(user)
    return request.param


def test_each_group_sees_its_pages_and_no_others(client, group):
    answers = {page: client.get(reverse(f"admin:{page}_changelist")).status_code for page in SEES}

    assert answers == {page: 200 if group in seers else 403 for page, seers in SEES.items()}


def test_only_owners_and_operators_act_on_the_sync(client, group):
    deliver(item("1", rate="abc"))
    drain()
    deliver(invoice("9"), path="invoices")
    receive_body(b"nonsense")
    alerts.raise_alert(code="test", title="Trouble", at=NOON)
    may = group in (OWNER, OPERATOR)
    actions = (
        (SyncQueueItem, "retry_now", {}, None),
        (DeadLetter, "retry", {}, None),
        (ErrorGroup, "acknowledge", {}, "acknowledged"),
        (Alert, "acknowledge", {}, "acknowledged"),
        (Alert, "resolve", {"reason": "x"}, "resolved"),
        (InboxEvent, "discard", {"reason": "x"}, "discarded"),
        (SyncQueueItem, "discard", {"reason": "x", "typed": "everything"}, "discarded"),
    )

    for model, action, fields, state in actions:
        before = list(model.objects.order_by("pk").values())
        page = reverse(f"admin:zoho_sync_{model._meta.model_name}_changelist")
        data = {"action": action, "index": "0", "confirmed": "yes", "select_across": "1", **fields}
        answer = client.post(page, data | {"_selected_action": [row["id"] for row in before]})

        # 200: the list, unchanged, for who has no action on it at all; readers may export what came in.
        refused = 200 if group == READER and model is not InboxEvent else 403
        assert answer.status_code == (302 if may else refused)
        after = list(model.objects.order_by("pk").values())
        assert (after != before) is may, action
        if may and state:
            assert state in {row.get("state", row.get("status")) for row in after}


@pytest.mark.parametrize(
    ("permission", "model", "offered"),
    [
        ("manage_queue", SyncQueueItem, {"retry_now", "prioritise", "postpone", "release_lease", "discard"}),
        ("retry_deadletter", DeadLetter, {"retry", "retry_fresh"}),
        ("discard_deadletter", DeadLetter, {"discard"}),
        ("triage_errorgroup", ErrorGroup, {"acknowledge", "ignore", "resolve", "assign", "annotate"}),
        ("acknowledge_alert", Alert, {"acknowledge", "snooze_hour", "snooze_day", "snooze_week"}),
        ("resolve_alert", Alert, {"resolve"}),
        ("discard_inboxevent", InboxEvent, {"discard", "export_json"}),
    ],
)
def test_each_action_has_its_own_permission(client, django_user_model, permission, model, offered):
    reader = Group.objects.get(name=READER)
    one_more = Group.objects.create(name="One more")
    one_more.permissions.add(permission_called(permission))
    user = django_user_model.objects.create_user("member", is_staff=True)
    user.groups.add(reader, one_more)
    client.force_login(user)
    deliver(item("1", rate="abc"))
    drain()

    answer = client.get(reverse(f"admin:zoho_sync_{model._meta.model_name}_changelist"))

    form = answer.context["action_form"]
    names = {name for name, _ in form.fields["action"].choices if name} if form else set()
    assert names == offered


def permission_called(codename):
    return Permission.objects.get(content_type__app_label="zoho_sync", codename=codename)


def test_who_may_edit_what_is_ours(client, group):
    product = Product.objects.create(name="Cable")
    customer = Customer.objects.create(name="Ali")

    pages = [
        client.get(reverse(f"admin:{name}_change", args=[row.pk]))
        for name, row in (("catalog_product", product), ("commerce_customer", customer))
    ]

    editable = [page.status_code == 200 and 'name="_save"' in page.content.decode() for page in pages]
    assert editable == [group in (OWNER, EDITOR, APPS), group in (OWNER, SALES)]


def test_sync_again_is_for_those_who_manage_the_queue(client, group):
    product = Product.objects.create(name="Cable", zoho_id="77")
    may = group in (OWNER, OPERATOR)
    address = reverse("zoho_sync:sync-again", args=["catalog.product", "77"])

    assert client.post(address).status_code == (302 if may else 403)
    page = client.get(reverse("admin:catalog_product_change", args=[product.pk])).content.decode()
    assert (address in page) is may


def test_bodies_are_downloaded_only_by_those_who_see_events(client, group):
    event = deliver(item("1"))

    answer = client.get(reverse("admin:zoho_sync_inboxevent_body", args=[event.pk]))

    assert answer.status_code == (200 if group in SEES["zoho_sync_inboxevent"] else 403)
