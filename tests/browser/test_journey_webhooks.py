"""A webhook on its way to the product, and one that fails: seen, mended and tried again by a person at a window."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from catalog.models import Product
from tests.browser.journeys import Person, Site
from tests.live.records import held
from zoho_sync.models import Alert, DeadLetter, InboxEvent

pytestmark = pytest.mark.slow

INBOX = "/admin/zoho_sync/inboxevent/"


def test_a_webhook_arrives_turns_to_applied_and_leads_to_its_product(person: Person, busy: Site, owner: User) -> None:
    zoho_id = busy.items()[0]
    name = f"سماعة بلوتوث {person.window.language}"
    person.window.log_in(owner)

    with held("item", zoho_id):
        busy.zoho.control("patch", module="item", zoho_id=zoho_id, changes={"name": name})
        busy.wait_for(lambda: InboxEvent.objects.queued().of_record("item", zoho_id).exists(), "the webhook arrives")
        page = person.open(f"{INBOX}?q={zoho_id}")
        assert page.locator("#result_list tbody tr").first.locator(".badge").inner_text() == person.say("queued")
        person.follow("#result_list tbody th a", "/change/")
        assert person.badge("shown_state") == person.say("queued")
    busy.ring_for("zoho_sync.tasks.sweep")
    person.wait_for_badge("shown_state", person.say("applied"))
    person.window.screenshot(f"event-{person.window.language}")

    person.assert_page_is_in_order()
    person.follow(".field-business_row a", f"/admin/catalog/product/{Product.objects.get(zoho_id=zoho_id).pk}/change/")
    assert name in page.locator("#content").inner_text()
    person.assert_page_is_in_order()


def test_a_broken_record_is_seen_mended_and_retried_and_its_alert_ends(person: Person, busy: Site, owner: User) -> None:
    Alert.objects.all().delete()
    zoho_id = busy.items()[1 if person.window.language == "ar" else 2]
    busy.zoho.control("patch", module="item", zoho_id=zoho_id, changes={"rate": "dear"})
    letters = DeadLetter.objects.open().filter(zoho_id=zoho_id)
    busy.wait_for(letters.exists, "the record becomes a dead letter")
    person.window.log_in(owner)

    # What is wrong, and where it stands.
    page = person.open("/admin/")
    page.locator("#sync-work a[href*='/errorgroup/'], #sync-work a[href*='/deadletter/']").first.wait_for()
    page = person.open(f"/admin/zoho_sync/deadletter/{letters.get().pk}/change/")
    assert person.badge("shown_state") == person.say("open")
    assert "rate" in page.locator(".field-shown_message").inner_text()
    person.window.screenshot(f"dead-letter-{person.window.language}")
    person.assert_page_is_in_order()

    # Somebody looks at the alert.
    alert = Alert.objects.unresolved().get(code="dead_letter")
    person.open(f"/admin/zoho_sync/alert/{alert.pk}/change/")
    person.press("Acknowledge")
    person.confirm()
    assert person.badge("shown_state") == person.say("acknowledged")
    person.window.screenshot(f"alert-{person.window.language}")
    person.assert_page_is_in_order()

    # The price is put right in Zoho, which does not tell; the record is fetched.
    busy.zoho.control("patch", module="item", zoho_id=zoho_id, changes={"rate": 25}, webhook=False)
    person.open(f"/admin/zoho_sync/deadletter/{letters.get().pk}/change/")
    person.press("Retry with a fresh record from Zoho")
    person.confirm()
    person.wait_for_badge("shown_state", person.say("resolved"))
    assert Product.objects.get(zoho_id=zoho_id).base_price == 25

    busy.ring_for("zoho_sync.tasks.check_alerts")
    busy.wait_for(lambda: not Alert.objects.unresolved().filter(pk=alert.pk).exists(), "the alert ends")
    person.open(f"/admin/zoho_sync/alert/{alert.pk}/change/")
    assert person.badge("shown_state") == person.say("resolved")
