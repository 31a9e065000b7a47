"""A dead letter is retried with a corrected copy: the original is kept, and nonsense is told from JSON."""

import json

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone

from catalog.models import Product
from zoho_sync.audit import audit
from zoho_sync.models import DeadLetter, ErrorGroup, InboxEvent
from zoho_sync.tests.road import deliver, drain, item

pytestmark = pytest.mark.django_db


@pytest.fixture
def letter():
    deliver(item("1", rate="abc", name="Cable <b>"))
    drain()
    return DeadLetter.objects.get()


def correct(client, letter, payload, reason="typo in the price"):
    text = payload if isinstance(payload, str) else json.dumps(payload)
    page = reverse("admin:zoho_sync_deadletter_correct", args=[letter.pk])
    return client.post(page, {"payload": text, "reason": reason})


def test_the_page_shows_the_payload_to_be_corrected(admin_client, letter):
    page = admin_client.get(reverse("admin:zoho_sync_deadletter_correct", args=[letter.pk])).content.decode()

    assert "&quot;rate&quot;: &quot;abc&quot;" in page
    assert "<b>" not in page.partition("<textarea")[2].partition("</textarea>")[0]
    shown = admin_client.get(reverse("admin:zoho_sync_deadletter_change", args=[letter.pk])).content.decode()
    assert "Retry with a corrected copy" in shown


def test_a_corrected_copy_brings_the_record_in_and_the_original_is_kept(admin_client, admin_user, letter):
    before = bytes(letter.event.body)

    answer = correct(admin_client, letter, item("1", rate=12.5)["item"])
    assert answer.status_code == 302, answer.content.decode()
    drain(timezone.now())

    copy = InboxEvent.objects.latest("pk")
    original = InboxEvent.objects.get(pk=letter.event_id)
    letter.refresh_from_db()
    assert Product.objects.get(zoho_id="1").base_price == 12.5
    assert (copy.proof, copy.state, copy.headers["X-Corrected-By"]) == ("staff", "applied", "admin")
    assert (bytes(original.body), original.state, original.successor) == (before, "superseded", copy)
    assert letter.state == "resolved"
    assert LogEntry.objects.get().change_message == "retry_corrected: typo in the price"
    assert all(check.holds for check in audit())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{rate: 1}", "This is not JSON: line 1, column 2"),
        ("[1, 2]", "A record is a JSON object, in braces."),
        ("NaN", "This is not JSON that can be read."),
        ("[" * 100_000, "This is not JSON"),
        ('{"item_id": "2", "name": "another"}', "The copy must be of the same record: item_id 1."),
        ("{}", "This is no record that could have come"),
    ],
)
def test_what_is_no_copy_of_the_record_is_told_and_nothing_is_done(admin_client, letter, text, told):
    page = correct(admin_client, letter, text).content.decode()

    assert told in page
    letter.refresh_from_db()
    assert letter.state == "open"
    assert InboxEvent.objects.count() == 1


def test_a_letter_that_somebody_else_retried_meanwhile_is_left_alone(admin_client, letter):
    DeadLetter.objects.update(state="retried")

    answer = correct(admin_client, letter, {"item_id": "1", "name": "x"})

    assert [str(one) for one in get_messages(answer.wsgi_request)] == [
        "This dead letter has nothing that could be corrected."
    ]
    assert InboxEvent.objects.count() == 1


def test_only_who_may_retry_may_correct(client, django_user_model, letter):
    user = django_user_model.objects.create_user("reader", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_deadletter"))
    client.force_login(user)

    assert correct(client, letter, {"item_id": "1"}).status_code == 403
    assert client.get(reverse("admin:zoho_sync_deadletter_correct", args=[letter.pk])).status_code == 403


# --- by cause -------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 12])
def test_causes_are_listed_with_their_trend_in_a_constant_number_of_queries(
    admin_client, django_assert_max_num_queries, count
):
    for number in range(count):
        deliver(item(str(number), rate="x" * (number + 1)))
    drain()
    ErrorGroup.objects.update(note="x")
    page = reverse("admin:zoho_sync_errorgroup_changelist")
    admin_client.get(page)

    with django_assert_max_num_queries(16):
        shown = admin_client.get(page).content.decode()

    assert shown.count('class="spark"') == ErrorGroup.objects.count()
    assert "1 new dead letters in 14 days" in shown or count > 1


def test_a_cause_gets_an_owner_and_a_note(admin_client, admin_user, letter):
    group = ErrorGroup.objects.get()
    page = reverse("admin:zoho_sync_errorgroup_do", args=[group.pk])

    admin_client.post(page, {"action": "assign", "confirmed": "yes", "owner": admin_user.pk})
    admin_client.post(page, {"action": "annotate", "confirmed": "yes", "note": "Zoho sends words as prices"})

    group.refresh_from_db()
    assert (group.owner, group.state, group.note) == (admin_user, "acknowledged", "Zoho sends words as prices")


def test_all_open_letters_of_a_cause_are_retried_from_its_page(admin_client, letter):
    group = ErrorGroup.objects.get()
    shown = admin_client.get(reverse("admin:zoho_sync_errorgroup_change", args=[group.pk])).content.decode()
    address = reverse(
        "admin:zoho_sync_deadletter_changelist", query={"group__id__exact": group.pk, "state__exact": "open"}
    )
    assert address.replace("&", "&amp;") in shown

    data = {"action": "retry", "index": "0", "select_across": "1", "_selected_action": "0", "confirmed": "yes"}
    admin_client.post(address, data)

    letter.refresh_from_db()
    assert letter.state == "retried"
