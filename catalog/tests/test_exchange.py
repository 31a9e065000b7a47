"""Import and export of what is ours."""

import csv
from io import BytesIO, StringIO

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import Workbook, load_workbook

from catalog.models import Product
from catalog.services.products import save_products
from catalog.tests.builders import NOON, product_values
from catalog.tests.test_admin import form_values
from tsh_erp.events.delivering import dispatch
from tsh_erp.events.models import StoredEvent

pytestmark = pytest.mark.django_db

IMPORT = "admin:catalog_product_import"
EXPORT = "admin:catalog_product_export"
CSV, XLSX = "0", "1"


@pytest.fixture
def staff(client):
    client.force_login(get_user_model().objects.create_superuser("owner"))
    return client


@pytest.fixture
def goods():
    save_products([product_values("1", sku="=1+1"), product_values("2", name="Mouse", sku="B")], at=NOON)
    Product.objects.filter(zoho_id="1").update(
        name_ar='=HYPERLINK("http://x")', description_ar="@SUM(A1)", is_featured=True
    )
    dispatch()
    return [product.pk for product in Product.objects.order_by("zoho_id")]


def exported(client, kind=CSV, **query):
    return client.post(reverse(EXPORT, query=query or None), {"format": kind, "resource": "0"})


def rows_of(answer):
    return list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"))))


def upload(client, text, *, name="a.csv", kind=CSV):
    data = text if isinstance(text, bytes) else text.encode()
    return client.post(
        reverse(IMPORT), {"import_file": SimpleUploadedFile(name, data), "format": kind, "resource": "0"}
    )


def confirm(client, checked, **changes):
    values = form_values(checked)
    wanted = {name: values[name] for name in ("import_file_name", "original_file_name", "format", "resource")}
    return client.post(reverse("admin:catalog_product_process_import"), wanted | changes, follow=True)


def test_nothing_in_an_export_is_taken_for_a_formula(staff, goods):
    answer = exported(staff)

    assert answer.content.startswith(b"\xef\xbb\xbf")  # so that Excel reads the Arabic
    first = next(row for row in rows_of(answer) if row["id"] == str(goods[0]))
    assert (first["name_ar"], first["description_ar"], first["sku"]) == (
        '\'=HYPERLINK("http://x")',
        "'@SUM(A1)",
        "'=1+1",
    )


def test_nothing_in_an_excel_export_is_a_formula(staff, goods):
    sheet = load_workbook(BytesIO(exported(staff, XLSX).content)).active

    assert not [cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_every_beginning_of_a_formula_is_neutralised_and_comes_back_as_it_was(start):
    from tsh_erp.admin_site.exchange import neutralise, restore

    assert neutralise(f"{start}1") == f"'{start}1"
    assert restore(neutralise(f"{start}1")) == f"{start}1"
    assert restore("'plain") == "'plain"


def test_a_name_with_signs_that_excel_refuses_is_exported_without_them(staff, goods):
    Product.objects.filter(pk=goods[1]).update(name="Mo\x0buse\x1f", name_en="\x01=1+1")

    sheet = load_workbook(BytesIO(exported(staff, XLSX).content)).active

    names = [[cell.value for cell in row][3:6] for row in sheet.iter_rows() if row[0].value == str(goods[1])]
    assert names == [["Mouse", None, "'=1+1"]]


@pytest.mark.parametrize(
    "query",
    [
        {"is_active__exact": "foo"},
        {"nonsense": "1"},
        {"item_group__brand": "1"},
        {"created_at__year": "0"},
        {"q": "\x00"},
        {"name__regex": "(a+)+$"},
    ],
)
def test_an_export_of_an_absurd_filter_leads_to_the_list_that_says_so(staff, goods, query):
    answer = staff.get(reverse(EXPORT, query=query), follow=True)

    assert answer.request["PATH_INFO"] == reverse("admin:catalog_product_changelist")
    assert "does not exist. This is the list without it." in answer.content.decode()


def test_an_export_has_the_rows_of_the_filtered_list(staff, goods):
    assert [row["id"] for row in rows_of(exported(staff, q="mouse"))] == [str(goods[1])]


def test_an_export_comes_back_unchanged(staff, goods):
    checked = upload(staff, exported(staff).content)

    assert "confirm_form" in checked.context
    assert [row.import_type for row in checked.context["result"].rows] == []


def test_a_dry_run_shows_what_would_change_and_changes_nothing(staff, goods):
    checked = upload(staff, f"id,name_ar\n{goods[1]},<script>كيبل</script>\n")

    page = checked.content.decode()
    assert "<ins><bdi>&lt;script&gt;كيبل&lt;/script&gt;</bdi></ins>" in page
    assert "style=" not in page
    assert Product.objects.get(pk=goods[1]).name_ar == ""


def test_a_confirmed_import_writes_through_the_service(staff, goods):
    checked = upload(staff, f"id,name_ar,is_hidden,name\n{goods[1]},كيبل,نعم,Hacked\n")
    StoredEvent.objects.all().delete()

    answer = confirm(staff, checked)

    product = Product.objects.get(pk=goods[1])
    assert (product.name_ar, product.is_hidden, product.name) == ("كيبل", True, "Mouse")
    assert "كيبل" in product.search_text
    assert [(event.type, event.data["fields"]) for event in StoredEvent.objects.all()] == [
        ("catalog.product.updated", ["is_hidden", "name_ar"])
    ]
    assert "1 updated" in answer.content.decode()


def test_an_import_from_excel(staff, goods):
    book = Workbook()
    book.active.append(["id", "name_en", "is_featured"])
    book.active.append([goods[1], "Cable", True])
    packed = BytesIO()
    book.save(packed)

    confirm(staff, upload(staff, packed.getvalue(), name="a.xlsx", kind=XLSX))

    product = Product.objects.get(pk=goods[1])
    assert (product.name_en, product.is_featured) == ("Cable", True)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("id,name_ar\n999999,x\n", "There is no row with the id 999999."),
        ("id,name_ar\nabc,x\n", "“abc” is no id of a row."),
        ("id,name_ar\n,x\n", "“” is no id of a row."),
        ("id,is_hidden\n{0},perhaps\n", "“perhaps” is neither 1 (yes) nor 0 (no)."),
        ("id,name_ar\n{0},x\n{0},y\n", "stands in the file twice."),
        ("id,name_ar\n{0},x\x00y\n", "Null characters are not allowed."),
        ("id,name_arabic\n{0},x\n", "There is no column called name_arabic."),
        ("name_ar\nx\n", "id"),
        ("id,name_ar\n{0}," + "x" * 501 + "\n", "at most 500 characters"),
        (
            "id,name_ar\n" + "\n".join(f"{key},x" for key in range(1, 5_002)),
            "At most 5000 rows can be imported at once.",
        ),
    ],
)
def test_bad_rows_are_named_and_nothing_is_imported(staff, goods, text, named):
    checked = upload(staff, text.replace("{0}", str(goods[1])))

    assert checked.status_code == 200
    assert named in checked.content.decode()
    assert "confirm_form" not in checked.context
    assert Product.objects.get(pk=goods[1]).name_ar == ""


@pytest.mark.parametrize("data", [b"", b"\xff\xfe\x00bad", b"PK\x03\x04 not a workbook", b"<html>" * 10])
@pytest.mark.parametrize("kind", [CSV, XLSX])
def test_what_is_no_table_is_refused(staff, goods, data, kind):
    answer = upload(staff, data, kind=kind)

    assert answer.status_code == 200
    assert "confirm_form" not in answer.context


def test_a_file_that_is_too_large_is_refused(staff, goods):
    assert "larger than 5 MB" in upload(staff, b"x" * (5 * 1024 * 1024 + 1)).content.decode()


@pytest.mark.parametrize("name", ["0" * 32, "../../etc/passwd", "x", ""])
def test_a_confirmation_of_another_file_is_refused(staff, goods, name):
    checked = upload(staff, f"id,name_ar\n{goods[1]},x\n")

    answer = confirm(staff, checked, import_file_name=name)

    assert answer.status_code == 200
    assert Product.objects.get(pk=goods[1]).name_ar == ""


@pytest.mark.parametrize("kind", ["99", "-1", "abc", ""])
def test_a_confirmation_of_no_kind_of_file_is_refused(staff, goods, kind):
    checked = upload(staff, f"id,name_ar\n{goods[1]},x\n")

    answer = confirm(staff, checked, format=kind)

    assert "upload it again" in answer.content.decode()
    assert Product.objects.get(pk=goods[1]).name_ar == ""


def test_a_row_that_went_meanwhile_stops_the_whole_import(staff, goods):
    checked = upload(staff, f"id,name_ar\n{goods[0]},x\n{goods[1]},y\n")
    Product.objects.filter(pk=goods[1]).delete()

    answer = confirm(staff, checked)

    assert "Nothing was imported" in answer.content.decode()
    assert Product.objects.get(pk=goods[0]).name_ar != "x"


def test_who_may_only_look_exports_and_does_not_import(client, goods):
    user = get_user_model().objects.create_user("looker", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_product"))
    client.force_login(user)

    assert exported(client).status_code == 200
    assert upload(client, "id\n1\n").status_code == 403
    assert client.post(reverse("admin:catalog_product_process_import"), {}).status_code == 403
    listed = client.get(reverse("admin:catalog_product_changelist")).content.decode()
    assert reverse(EXPORT) in listed
    assert reverse(IMPORT) not in listed


def test_queries_of_an_import_do_not_grow_with_its_rows(staff):
    save_products([product_values(str(key)) for key in range(150)], at=NOON)
    lines = [f"{product.pk},اسم {product.pk}" for product in Product.objects.all()]

    with CaptureQueriesContext(connection) as captured:
        checked = upload(staff, "id,name_ar\n" + "\n".join(lines))
        confirm(staff, checked)

    # The package sets a savepoint for each row of a dry run.
    assert len([query for query in captured.captured_queries if "SAVEPOINT" not in query["sql"]]) <= 30
    assert Product.objects.filter(name_ar="").count() == 0
