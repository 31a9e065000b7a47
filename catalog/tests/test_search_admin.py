"""Staff keep the synonyms and try searches."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from catalog.choices import Subject
from catalog.models import SearchSynonym
from catalog.services.freshness import versions
from catalog.services.products import save_products
from catalog.tests.builders import NOON, product_values
from tsh_erp.events.delivering import dispatch

pytestmark = pytest.mark.django_db

ADD, LIST, TRY = (reverse(f"admin:catalog_searchsynonym_{name}") for name in ("add", "changelist", "try"))


@pytest.fixture
def staff(client):
    SearchSynonym.objects.all().delete()
    client.force_login(User.objects.create_superuser("boss"))
    return client


def test_a_group_is_kept_and_phones_hear_of_it(staff):
    before = versions()[Subject.SEARCH]

    answer = staff.post(ADD, {"phrases": "شاحن\r\n\r\n charger ", "is_active": "on", "note": ""})

    assert answer.status_code == 302
    group = SearchSynonym.objects.get()
    assert (group.phrases, group.folded) == ("شاحن\ncharger", (("شاحن",), ("charger",)))
    assert versions()[Subject.SEARCH] == before + 1

    change = reverse("admin:catalog_searchsynonym_change", args=[group.pk])
    staff.post(change, {"phrases": "شاحن\ncharger", "is_active": "on", "note": ""})
    assert versions()[Subject.SEARCH] == before + 1

    staff.post(reverse("admin:catalog_searchsynonym_delete", args=[group.pk]), {"post": "yes"})
    assert (SearchSynonym.objects.count(), versions()[Subject.SEARCH]) == (0, before + 2)


@pytest.mark.parametrize(
    ("phrases", "is_unit", "told"),
    [
        ("charger", False, "At least two words"),
        ("الشاحن\nشَاحن", False, "At least two words"),
        ("charger\n…", False, "has no letter or digit"),
        ("charger\none two three four five", False, "is too long"),
        ("charger\n" + "x" * 61, False, "is too long"),
        ("metre\nlong metre", True, "is no unit"),
        ("\n".join(f"word{number}" for number in range(31)), False, "30 words are the most"),
    ],
)
def test_a_group_that_makes_no_sense_is_refused(staff, phrases, is_unit, told):
    sent = {"phrases": phrases, "is_active": "on", "note": ""} | ({"is_unit": "on"} if is_unit else {})

    answer = staff.post(ADD, sent, headers={"accept-language": "en"})

    assert told in answer.content.decode()
    assert not SearchSynonym.objects.exists()


def test_what_another_group_says_already_is_refused(staff):
    SearchSynonym.objects.create(phrases="charger\nشاحن\nadapter")

    answer = staff.post(ADD, {"phrases": "شاحن\nCharger", "note": ""}, headers={"accept-language": "en"})

    assert "Another group says this already" in answer.content.decode()


def test_trying_a_search_says_what_is_found_and_why(staff):
    SearchSynonym.objects.create(phrases="charger\nشاحن")
    save_products(
        [
            product_values("1", name="Charger 65W", sku="CH-65"),
            product_values("2", name="Wireless Charger"),
            product_values("3", name="Mouse"),
        ],
        at=NOON,
    )
    dispatch()

    page = staff.get(TRY, {"q": "شاحن"}, headers={"accept-language": "en"}).content.decode()
    assert page.index("Charger 65W") < page.index("Wireless Charger")
    assert "its name begins like this" in page
    assert "all words in its name" in page
    assert "Mouse" not in page
    assert "<bdi>charger</bdi>" in page

    assert "its SKU or barcode" in staff.get(TRY, {"q": "ch65"}, headers={"accept-language": "en"}).content.decode()
    assert "<bdi>charger</bdi>" in staff.get(TRY, {"q": "chargr"}).content.decode()
    assert "?q=charger" in staff.get(TRY, {"q": "charkerr"}).content.decode()


@pytest.mark.parametrize("typed", ["", "%", "_", "a" * 81, "a\x00b", "'\"<script>"])
def test_any_words_can_be_tried(staff, typed):
    page = staff.get(TRY, {"q": typed})

    assert page.status_code == 200
    assert b"<script>" not in page.content.replace(b"<script src", b"")


def test_only_who_may_see_synonyms_may_try(client):
    client.force_login(User.objects.create_user("clerk", is_staff=True))

    assert client.get(TRY).status_code == 403


def test_the_list_leads_to_the_trial(staff):
    SearchSynonym.objects.create(phrases="charger\nشاحن")

    assert TRY in staff.get(LIST).content.decode()
