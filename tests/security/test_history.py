"""Who changed which column from what to what: of what is ours, and of nothing that Zoho writes."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import Group

from catalog.models import Category, Product, SearchSynonym
from catalog.services.local_fields import save_local_category_fields, save_local_fields_of_products
from catalog.services.products import save_products
from catalog.services.synonyms import delete_synonyms, save_synonym
from catalog.values import LocalCategoryFields, LocalProductFields, ProductValues
from commerce.models import Banner, Customer, Promotion, Review, Vendor
from commerce.services.parties import edit_party, save_parties
from commerce.services.promotions import switch_promotions
from commerce.services.reviews import reject_reviews
from commerce.values import CustomerValues, LocalPartyFields
from tsh_erp.signin.tests.people import staff
from zoho_sync.models import AlertRule

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 1, 9, tzinfo=UTC)
NO_IMAGES = {"images-TOTAL_FORMS": "0", "images-INITIAL_FORMS": "0"}


def told(row):
    return [(one.history_type, one.history_user and one.history_user.username) for one in row.history.order_by("pk")]


def local(**values):
    unset = {"name_ar": "", "name_en": "", "description_ar": "", "is_hidden": False, "is_featured": False}
    return LocalProductFields(**unset | values)


def test_a_sync_writes_no_history():
    for name in ("Cable", "Cable 2"):
        save_products([ProductValues(zoho_id="1", name=name)], at=AT)
        save_parties([CustomerValues(zoho_id="2", name=name)], at=AT)

    assert Product.objects.get().name == "Cable 2"
    assert not Product.history.exists()
    assert not Customer.history.exists()


def test_columns_of_zoho_are_not_in_the_history():
    kept = {model: {field.name for field in model.history.model.tracked_fields} for model in (Product, Category)}
    parties = {frozenset(field.name for field in model.history.model.tracked_fields) for model in (Customer, Vendor)}

    assert kept == {
        Product: {"id", "name_ar", "name_en", "description_ar", "is_hidden", "is_featured"},
        Category: {"id", "name_ar", "image", "sort_order"},
    }
    assert parties == {frozenset({"id", "name_ar", "local_notes"})}


def test_the_first_edit_also_keeps_what_was_there_before(client):
    user = staff(is_superuser=True)
    client.force_login(user)
    product = Product.objects.create(name="Cable", name_ar="كيبل")

    client.post(f"/admin/catalog/product/{product.pk}/change/", {"name_ar": "سلك", **NO_IMAGES})
    client.post(f"/admin/catalog/product/{product.pk}/change/", {"name_ar": "سلك", "is_hidden": "on", **NO_IMAGES})

    rows = product.history.order_by("pk").values_list("history_type", "history_user", "name_ar", "is_hidden")
    assert list(rows) == [
        ("+", None, "كيبل", False),
        ("~", user.pk, "سلك", False),
        ("~", user.pk, "سلك", True),
    ]


def test_saving_what_is_there_already_is_no_edit():
    product = Product.objects.create(name="Cable", name_ar="كيبل")

    save_local_fields_of_products({product.pk: local(name_ar="كيبل")}, at=AT)

    assert not product.history.exists()


@pytest.mark.parametrize("count", [1, 40])
def test_the_history_of_many_edits_costs_three_queries(count, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    products = [Product.objects.create(name=f"Cable {number}") for number in range(count)]

    with CaptureQueriesContext(connection) as captured:
        save_local_fields_of_products({one.pk: local(name_ar="سلك") for one in products}, at=AT)

    of_history = [query for query in captured.captured_queries if "historicalproduct" in query["sql"]]
    assert len(of_history) == 3
    assert Product.history.count() == 2 * count


def test_categories_and_parties_keep_their_edits():
    category = Category.objects.create(name="Cables", zoho_id="1")
    customer = Customer.objects.create(name="Ali", zoho_id="2")

    save_local_category_fields(category.pk, LocalCategoryFields(name_ar="كيبلات", sort_order=3), at=AT)
    edit_party(Customer, customer.pk, LocalPartyFields(name_ar="علي", local_notes=""), at=AT)

    assert [(one.name_ar, one.sort_order) for one in category.history.order_by("pk")] == [("", 0), ("كيبلات", 3)]
    assert [one.name_ar for one in customer.history.order_by("pk")] == ["", "علي"]


def test_what_is_ours_keeps_being_made_changed_and_deleted():
    group = SearchSynonym(phrases="gadget\nاداة")
    save_synonym(group, at=AT)
    group.note = "both"
    save_synonym(group, at=AT)
    key = group.pk
    delete_synonyms([key], at=AT)

    rows = SearchSynonym.history.filter(id=key).order_by("pk").values_list("history_type", "note")
    assert list(rows) == [("+", ""), ("~", "both"), ("-", "both")]


def test_promotions_keep_edits_but_not_how_often_they_were_used():
    promotion = Promotion.objects.create(name_ar="خصم", name_en="Sale", kind="percentage", value=5, is_active=True)
    promotion.used = 7
    promotion.save(update_fields=["used", "updated_at"])

    switch_promotions([promotion.pk], on=False, at=AT)

    assert [(one.history_type, one.is_active) for one in promotion.history.order_by("pk")] == [
        ("+", True),
        ("~", False),
    ]


def test_reviews_keep_what_moderators_decided():
    user = staff()
    product, customer = Product.objects.create(name="Cable"), Customer.objects.create(name="Ali")
    review = Review.objects.create(product=product, customer=customer, rating=1, written_at=AT)

    reject_reviews([review.pk], moderator=user, reason="insults", at=AT)

    assert [(one.status, one.rejection_reason) for one in review.history.order_by("pk")] == [
        ("pending", ""),
        ("rejected", "insults"),
    ]


def test_rules_of_alerts_keep_their_edits(client):
    client.force_login(staff(is_superuser=True))
    rule = AlertRule.objects.first() or AlertRule.objects.create(code="queue_depth")

    rule.is_enabled = False
    rule.save()

    assert rule.history.latest().is_enabled is False


@pytest.mark.parametrize(("language", "before", "after"), [("en", "Before", "After"), ("ar", "dir", "rtl")])
def test_the_history_page_shows_each_column_before_and_after(client, settings, language, before, after):
    settings.LANGUAGE_CODE = language
    client.force_login(staff("<amal>", is_superuser=True))
    product = Product.objects.create(name="Cable", name_ar="كيبل")
    save_local_fields_of_products({product.pk: local(name_ar="<script>سلك", is_hidden=True)}, at=AT)

    page = client.get(
        f"/admin/catalog/product/{product.pk}/history/", headers={"Accept-Language": language}
    ).content.decode()

    assert before in page
    assert after in page
    assert '<td class="before" dir="auto">كيبل</td>' in page
    assert "&lt;script&gt;سلك" in page
    assert "<script>سلك" not in page


def test_the_history_page_is_for_those_who_see_the_row(client):
    user = staff()
    user.groups.add(Group.objects.get(name="Warehouse"))
    client.force_login(user)
    customer, banner = Customer.objects.create(name="Ali"), Banner

    assert client.get(f"/admin/commerce/customer/{customer.pk}/history/").status_code == 403
    assert banner.history.count() == 0


@pytest.mark.parametrize("count", [2, 50])
def test_the_history_page_costs_the_same_for_any_number_of_edits(client, django_assert_max_num_queries, count):
    client.force_login(staff(is_superuser=True))
    product = Product.objects.create(name="Cable")
    for number in range(count):
        save_local_fields_of_products({product.pk: local(name_ar=f"سلك {number}")}, at=AT)

    with django_assert_max_num_queries(10):
        page = client.get(f"/admin/catalog/product/{product.pk}/history/").content.decode()

    assert page.count('class="before"') == count
