"""The admin of what the ERP owns for the phones: every page, who may see and do what, and what a page costs."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from catalog.models import Product
from catalog.tests.drawing import drawn
from catalog.tests.test_admin import form_values
from catalog.tests.test_images import media
from commerce.models import (
    AppOrder,
    AppOrderLine,
    AppSettings,
    Banner,
    BestSeller,
    Cart,
    CartItem,
    CustomerAccount,
    CustomerAddress,
    DeliveryMethod,
    DeviceToken,
    IdempotencyKey,
    PaymentMethod,
    ProductRating,
    Promotion,
    PromotionUse,
    Review,
)
from commerce.services.accounts import NewAccount, register
from commerce.services.carts import add_item
from commerce.services.devices import DeviceInfo, start_device
from commerce.services.reviews import approve_reviews, write_review
from commerce.services.shop import save_banner
from commerce.tests.builders import LATER, NOON, save_one_of_everything
from commerce.tests.shop import buyer, open_shop, order, owner, promote

__all__ = ["media"]
pytestmark = pytest.mark.django_db

PHONE = "+9647701112233"
WRITTEN_BY_STAFF = (Promotion, Banner, DeliveryMethod, PaymentMethod, CustomerAddress, AppSettings)
ONLY_SEEN = (
    AppOrder,
    AppOrderLine,
    BestSeller,
    Cart,
    CartItem,
    CustomerAccount,
    DeviceToken,
    IdempotencyKey,
    ProductRating,
    PromotionUse,
    Review,
)


def page(model, name, *args, **query):
    return reverse(f"admin:commerce_{model._meta.model_name}_{name}", args=args, query=query or None)


def count_queries(work):
    with CaptureQueriesContext(connection) as captured:
        work()
    return len(captured)


@pytest.fixture
def shop():
    return open_shop({"a": "10000", "b": "2500"}, stock="50")


@pytest.fixture
def staff(client):
    client.force_login(User.objects.create_superuser("owner"))
    return client


@pytest.fixture
def rows(shop, media):
    """At least one row of everything that is ours."""
    someone = buyer()
    promote(code="EID", targets=[{"product": shop["a"]}])
    promote("free_shipping")
    placed = order(someone, "eid", a=2)
    add_item(owner(someone), shop["b"].pk, 3, at=LATER)
    review = write_review(someone, shop["a"].pk, rating=4, title="Good <b>cable</b>", body="جيد جدا", at=LATER)
    approve_reviews([review.pk], moderator=None, at=LATER)
    write_review(someone, shop["b"].pk, rating=2, title="So so", at=LATER)
    register(NewAccount(name="Sara", phone=PHONE, password="plum-Tree-42"), at=LATER)
    start_device(CustomerAccount.objects.get().user, DeviceInfo(name="Sara's phone"), at=timezone.now())
    save_banner(Banner(title_ar="تخفيضات", image=SimpleUploadedFile("b.png", drawn())), at=NOON)
    BestSeller.objects.create(product=shop["a"], rank=1, quantity=Decimal(2), orders=1, computed_at=LATER)
    IdempotencyKey.objects.create(
        principal="user:1",
        route="orders",
        key="k-1",
        fingerprint="f",
        token="6f9619ff-8b86-d011-b42d-00cf4fc964ff",
        lease_ends_at=LATER,
        status=201,
        body='{"secret": "answer"}',
        created_at=LATER,
        expires_at=LATER + timedelta(days=1),
    )
    return placed


def allow(client, *permissions):
    user = User.objects.create_user("helper", is_staff=True)
    for name in permissions:
        app, codename = name.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    client.force_login(user)
    return client


@pytest.mark.parametrize("language", ["ar", "en"])
def test_list_search_and_page_of_everything_that_is_ours(staff, rows, language):
    headers = {"accept-language": language}

    for model in (*WRITTEN_BY_STAFF, *ONLY_SEEN):
        listed = staff.get(page(model, "changelist"), headers=headers, follow=True)
        searched = staff.get(page(model, "changelist"), {"q": "a"}, headers=headers, follow=True)
        shown = staff.get(page(model, "change", model.objects.first().pk), headers=headers, follow=True)

        assert (listed.status_code, searched.status_code, shown.status_code) == (200, 200, 200), model
        assert b"<b>cable</b>" not in listed.content + shown.content, model
        assert b">None<" not in shown.content, model


def test_nobody_writes_what_customers_and_machines_write(staff, rows):
    for model in ONLY_SEEN:
        row = model.objects.first()

        assert staff.get(page(model, "add")).status_code == 403, model
        assert staff.post(page(model, "delete", row.pk), {"post": "yes"}).status_code == 403, model
        if model is not DeviceToken:
            assert staff.post(page(model, "change", row.pk), {}).status_code == 403, model
        assert model.objects.filter(pk=row.pk).exists(), model


def test_an_answer_kept_for_a_replay_and_the_digest_of_a_token_are_shown_nowhere(staff, rows):
    keys = staff.get(page(IdempotencyKey, "change", IdempotencyKey.objects.get().pk)).content.decode()
    devices = staff.get(page(DeviceToken, "changelist")).content.decode()

    assert "k-1" in keys
    assert "secret" not in keys
    assert "Sara&#x27;s phone" in devices
    assert DeviceToken.objects.get().token_key not in devices


@pytest.mark.parametrize("model", [*WRITTEN_BY_STAFF, *ONLY_SEEN])
def test_without_the_permission_of_a_table_its_pages_are_closed(client, rows, model):
    helper = allow(client, "catalog.view_product")

    assert helper.get(page(model, "changelist")).status_code == 403
    row = model.objects.first()
    assert helper.get(page(model, "change", row.pk)).status_code in (302, 403)


@pytest.mark.parametrize("model", WRITTEN_BY_STAFF)
def test_who_may_only_look_sees_a_page_and_cannot_save_it(client, rows, model):
    name = model._meta.model_name
    helper = allow(client, f"commerce.view_{name}", "catalog.view_product")
    address = page(model, "change", model.objects.first().pk)

    shown = helper.get(address)
    answer = helper.post(address, {"name_ar": "x"})

    assert shown.status_code == 200
    assert 'name="_save"' not in shown.content.decode()
    assert answer.status_code == 403


@pytest.mark.parametrize("model", [AppOrder, Cart, Review, Promotion, CustomerAccount, CustomerAddress, DeviceToken])
def test_a_list_costs_the_same_queries_at_any_length(staff, rows, shop, model):
    def more(first, count):
        for number in range(first, first + count):
            someone = buyer(f"x{number}")
            promote(code=f"C{number}", targets=[{"product": shop["a"]}])
            order(someone, f"C{number}", b=1)
            add_item(owner(someone), shop["a"].pk, 1, at=LATER)
            write_review(someone, shop["a"].pk, rating=5, at=LATER)
            register(NewAccount(name="S", phone=f"+96477022233{number:02}", password="plum-Tree-42"), at=LATER)
            start_device(CustomerAccount.objects.latest("pk").user, DeviceInfo(name="p"), at=timezone.now())

    more(10, 2)
    staff.get(page(model, "changelist"))
    short = count_queries(lambda: staff.get(page(model, "changelist")))
    more(20, 8)

    assert count_queries(lambda: staff.get(page(model, "changelist"))) == short


def test_settings_are_one_page_that_shows_what_holds_before_it_is_saved(staff):
    listed = staff.get(page(AppSettings, "changelist"))
    assert listed.url == page(AppSettings, "change", 1)
    assert not AppSettings.objects.exists()

    values = form_values(staff.get(listed.url))
    wanted = {"in_maintenance": "on", "maintenance_message_ar": "نفتح غداً", "stock_clock": "physical"}
    answer = staff.post(listed.url, values | wanted | {"cash_rounding": "up", "minimum_version": "1.2.0"})

    assert answer.status_code == 302
    saved = AppSettings.objects.get()
    assert (saved.in_maintenance, saved.stock_clock, saved.cash_rounding) == (True, "physical", "up")
    shown = staff.get(listed.url).content.decode()
    assert shown.count("نفتح غداً") == 3  # the field, and both phones: there is no English message
    assert "1.2.0" in shown
    assert staff.get(page(AppSettings, "change", 2)).status_code == 302
    assert staff.get(page(AppSettings, "add")).status_code == 403


def test_settings_name_the_field_and_what_is_wrong(staff):
    address = page(AppSettings, "change", 1)

    answer = staff.post(address, form_values(staff.get(address)) | {"minimum_version": "new", "tax_rate": "-1"})

    errors = answer.context["adminform"].form.errors
    assert {"minimum_version", "tax_rate"} <= set(errors)
    assert not AppSettings.objects.exists()


def test_a_banner_is_uploaded_resized_and_shown_in_both_languages(staff, media):
    upload = SimpleUploadedFile("b.png", drawn(size=(2400, 900)))
    form = {"title_ar": "عرض", "title_en": "Offer", "image": upload, "action": "search", "search_words": "cable"}

    answer = staff.post(page(Banner, "add"), form | {"audience": "everybody", "is_active": "on", "position": "1"})

    assert answer.status_code == 302, answer.context["adminform"].form.errors
    banner = Banner.objects.get()
    assert banner.image.name.startswith("pictures/")
    shown = staff.get(page(Banner, "change", banner.pk)).content.decode()
    assert shown.count(banner.image.address("full")) >= 2
    assert "عرض" in shown
    assert "Offer" in shown


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"image": b"no picture"}, "image"),
        ({"action": "category"}, "category"),
        ({"action": "link", "link": "not an address"}, "link"),
        (
            {
                "starts_at_0": "2026-05-02",
                "starts_at_1": "00:00",
                "ends_at_0": "2026-05-01",
                "ends_at_1": "00:00",
            },
            "ends_at",
        ),
    ],
)
def test_a_banner_that_makes_no_sense_is_refused_at_its_field(staff, media, values, field):
    form = {
        "title_en": "Offer",
        "action": "none",
        "audience": "everybody",
        "is_active": "on",
        "position": "1",
        **values,
    }
    form["image"] = SimpleUploadedFile("b.png", form.get("image") or drawn())

    answer = staff.post(page(Banner, "add"), form)

    assert answer.status_code == 200
    assert field in answer.context["adminform"].form.errors
    assert not Banner.objects.exists()


def test_methods_are_written_with_their_governorates(staff):
    form = {
        "name_ar": "توصيل",
        "price": "5000",
        "currency": "IQD",
        "least_days": "1",
        "most_days": "2",
        "position": "0",
    }

    wrong = staff.post(page(DeliveryMethod, "add"), form | {"most_days": "0", "name_ar": ""})
    answer = staff.post(page(DeliveryMethod, "add"), form | {"governorates": ["IQ-BG", "IQ-BA"], "is_active": "on"})

    assert set(wrong.context["adminform"].form.errors) == {"most_days", "name_ar"}
    assert answer.status_code == 302
    method = DeliveryMethod.objects.get()
    assert (method.price, method.governorates, method.is_active) == (Decimal(5000), ["IQ-BG", "IQ-BA"], True)
    assert staff.post(page(DeliveryMethod, "delete", method.pk), {"post": "yes"}).status_code == 302
    assert not DeliveryMethod.objects.exists()


def test_staff_write_an_address_and_there_is_always_one_default(staff, shop):
    someone = buyer()
    first = CustomerAddress.objects.get()
    form = {"customer": someone.pk, "phone": "0770 999 8888", "governorate": "IQ-BA", "district": "Ashar"}

    wrong = staff.post(page(CustomerAddress, "add"), form | {"phone": "12", "latitude": "33.1"})
    answer = staff.post(page(CustomerAddress, "add"), form | {"is_default": "on"})

    assert set(wrong.context["adminform"].form.errors) == {"phone", "longitude"}
    assert answer.status_code == 302
    added = CustomerAddress.objects.latest("pk")
    first.refresh_from_db()
    assert (added.phone, added.is_default, first.is_default) == ("+9647709998888", True, False)

    values = form_values(staff.get(page(CustomerAddress, "change", added.pk)))
    values |= {"governorate": "IQ-BA"}
    values.pop("is_default", None)
    refused = staff.post(page(CustomerAddress, "change", added.pk), values)
    assert "is_default" in refused.context["adminform"].form.errors

    staff.post(page(CustomerAddress, "delete", added.pk), {"post": "yes"})
    first.refresh_from_db()
    assert first.is_default
    assert CustomerAddress.objects.get(pk=added.pk).removed_at is not None
    assert staff.post(page(CustomerAddress, "change", added.pk), form).status_code == 403


def test_the_list_of_abandoned_carts_tells_age_and_value(staff, rows):
    left = Cart.objects.active().get()
    Cart.objects.filter(pk=left.pk).update(updated_at=timezone.now() - timedelta(days=4, hours=1))

    for days, expected in (("3", [left.pk]), ("7", []), ("nonsense", [left.pk])):
        listed = staff.get(page(Cart, "changelist"), {"abandoned": days, "state": "active"})
        assert [row.pk for row in listed.context["cl"].result_list] == expected, days

    shown = staff.get(page(Cart, "changelist"), {"abandoned": "3"}, headers={"accept-language": "en"}).content.decode()
    assert '<bdi dir="ltr">7,500</bdi> IQD' in shown
    assert "4\xa0days" in shown


def test_tiles_lead_to_what_waits(staff, rows):
    shown = staff.get(reverse("admin:index"), headers={"accept-language": "en"}).content.decode()

    assert f"{page(Review, 'changelist')}?status__exact=pending" in shown
    assert f"{page(AppOrder, 'changelist')}?sending=unsent" in shown
    listed = staff.get(page(AppOrder, "changelist"), {"sending": "unsent"})
    assert [row.pk for row in listed.context["cl"].result_list] == [rows.pk]
    waiting = staff.get(page(Review, "changelist"), {"status__exact": "pending"})
    assert [row.title for row in waiting.context["cl"].result_list] == ["So so"]


def test_products_of_everything_still_have_their_own_page(staff):
    save_one_of_everything()

    assert staff.get(reverse("admin:catalog_product_change", args=[Product.objects.first().pk])).status_code == 200
