import pytest
from django.core.files.base import ContentFile

from catalog.models import Category, Product
from catalog.services.categories import save_categories
from catalog.services.local_fields import save_local_category_fields, save_local_product_fields
from catalog.tests.builders import LATER, NOON, saved_product
from catalog.tests.drawing import drawn, opened
from catalog.values import CategoryValues, LocalCategoryFields, LocalProductFields
from tsh_erp.events.models import StoredEvent

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def local(**values) -> LocalProductFields:
    plain = {"name_ar": "", "name_en": "", "description_ar": "", "is_hidden": False, "is_featured": False}
    return LocalProductFields(**plain | values)


def test_staff_name_a_product_in_arabic():
    product = saved_product("1")

    changed = save_local_product_fields(product.pk, local(name_ar="ماوس", is_featured=True), at=LATER)

    product.refresh_from_db()
    assert changed == ["name_ar", "is_featured"]
    assert (product.name, product.name_ar, product.is_featured) == ("Product 1", "ماوس", True)
    assert StoredEvent.objects.latest("id").data == {"zoho_id": "1", "fields": ["is_featured", "name_ar"]}


def test_saving_the_same_again_raises_no_event():
    product = saved_product("1")
    events = StoredEvent.objects.count()

    assert save_local_product_fields(product.pk, local(), at=LATER) == []
    assert StoredEvent.objects.count() == events


def test_owners_share_no_column():
    for model in (Product, Category):
        assert not set(model.ZOHO_OWNED_FIELDS) & set(model.LOCAL_FIELDS)
        assert {column.name for column in model._meta.concrete_fields} == {
            *model.ZOHO_OWNED_FIELDS,
            *model.LOCAL_FIELDS,
            *getattr(model, "DERIVED_FIELDS", ()),
            *("id", "zoho_id", "retired_at", "created_at", "updated_at"),
        }


def test_a_category_gets_and_loses_a_picture():
    save_categories([CategoryValues(zoho_id="1", name="C")], at=NOON)
    category = Category.objects.get()
    fields = LocalCategoryFields(name_ar="قسم", sort_order=3)

    picture = ContentFile(drawn(640, 480), "c.png")
    changed = save_local_category_fields(category.pk, fields, image=picture, at=LATER)
    assert changed == ["name_ar", "sort_order", "image"]
    with Category.objects.get().image as stored:
        assert opened(stored.read()).size == (640, 480)

    assert save_local_category_fields(category.pk, fields, at=LATER) == []
    assert save_local_category_fields(category.pk, fields, image="", at=LATER) == ["image"]
    assert not Category.objects.get().image

    save_categories([CategoryValues(zoho_id="1", name="Renamed")], at=LATER)
    category.refresh_from_db()
    assert (category.name, category.name_ar, category.sort_order) == ("Renamed", "قسم", 3)
