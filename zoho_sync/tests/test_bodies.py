"""What a body may look like, and what is said of one that cannot be read. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from urllib.parse import quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoho_sync.entities import ENTITIES, WEBHOOK_PATHS
from zoho_sync.errors import InvalidPayload
from zoho_sync.inbox import read_body
from zoho_sync.tests.road import FORM, JSON


def read(body, **how):
    return read_body(body if isinstance(body, bytes) else body.encode(), **{"content_type": JSON, **how})


def refusal(body, **how):
    with pytest.raises(InvalidPayload) as caught:
        read(body, **how)
    return str(caught.value)


# --- the forms that are read ---------------------------------------------------------------------


def test_a_record_under_the_name_of_its_module():
    [one] = read('{"item": {"item_id": "123", "rate": 12.50, "last_modified_time": "2026-03-01T10:00:05+0300"}}')

    assert (one.module, one.zoho_id, one.is_delete) == ("item", "123", False)
    assert one.payload["rate"] == Decimal("12.50")
    assert str(one.payload["rate"]) == "12.50"
    assert one.modified_at == datetime(2026, 3, 1, 7, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize("path", ["products", "customers", ""])
def test_the_body_names_the_module_and_not_the_path(path):
    [one] = read('{"invoice": {"invoice_id": "5"}}', path=path)

    assert (one.module, one.zoho_id) == ("invoice", "5")


@pytest.mark.parametrize("path", sorted(WEBHOOK_PATHS))
def test_a_bare_record_belongs_to_its_path(path):
    entity = WEBHOOK_PATHS[path]

    [one] = read(f'{{"{entity.id_key}": 460000000000123456}}', path=path)

    assert (one.module, one.zoho_id) == (entity.module, "460000000000123456")


@pytest.mark.parametrize("entity", ENTITIES, ids=lambda entity: entity.module)
def test_every_spelling_of_every_module_is_understood(entity):
    for name in (entity.module, *entity.names, *entity.detail_keys, *entity.list_keys):
        for spelling in (name, name.upper(), name.replace("_", "").title()):
            [one] = read(f'{{"{spelling}": {{"{entity.id_key}": "5"}}}}')
            assert (one.module, one.zoho_id) == (entity.module, "5"), spelling


def test_a_form_with_json_inside():
    body = "JSONString=" + quote_plus('{"contact": {"contact_id": "7", "contact_name": "سارة"}}')

    [one] = read(body, content_type=f"{FORM}; charset=utf-8")

    assert (one.module, one.payload["contact_name"]) == ("contact", "سارة")


def test_a_form_of_plain_pairs():
    [one] = read(urlencode({"item_id": "3", "name": "كرسي", "rate": ""}), content_type=FORM, path="products")

    assert (one.zoho_id, dict(one.payload)) == ("3", {"item_id": "3", "name": "كرسي", "rate": ""})


def test_our_own_envelope():
    [one] = read('{"event_type": "item.deleted", "entity_type": "PRODUCT", "entity_id": 8, "data": {"name": "A"}}')

    assert (one.module, one.zoho_id, one.is_delete) == ("item", "8", True)
    assert dict(one.payload) == {"name": "A", "item_id": 8}


@pytest.mark.parametrize(
    ("entity_type", "event_type", "is_delete"),
    [
        ("invoice", "invoice.deleted", True),
        ("invoice", "deleted", True),
        ("invoice", "INVOICE.Deleted", True),
        ("invoice", "invoice_deleted", True),
        ("sales_order", "salesorder.sales_order_deleted", True),
        ("customer", "contact_removed", True),
        ("vendor_payment", "payment.deleted", True),
        ("invoice", "zoho.delete", True),
        ("invoice", "invoice.payment_deleted", False),
        ("invoice", "payment_deleted", False),
        ("invoice", "invoice.payment.deleted", False),
        ("invoice", "invoice.line_item_deleted", False),
        ("invoice", "invoice.deleted.restored", False),
        ("invoice", "invoice.deleted_at_changed", False),
        ("invoice", "not_deleted", False),
        ("invoice", "_deleted", False),
        ("invoice", "", False),
    ],
)
def test_only_the_deletion_of_the_record_itself_is_a_deletion(entity_type, event_type, is_delete):
    [one] = read(f'{{"event_type": "{event_type}", "entity_type": "{entity_type}", "entity_id": 8}}')

    assert one.is_delete is is_delete


def test_the_time_of_an_envelope_stands_in_for_a_record_without_one():
    envelope = '{"entity_type": "item", "entity_id": 8, "event_time": "2026-03-01T10:00:05+0300", "data": {%s}}'

    [without] = read(envelope % "")
    [with_time] = read(envelope % '"last_modified_time": "2026-03-01T09:00:00+0300"')

    assert without.modified_at == datetime(2026, 3, 1, 7, 0, 5, tzinfo=UTC)
    assert with_time.modified_at == datetime(2026, 3, 1, 6, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "body",
    [
        '{"organization_id": "42", "entity_type": "item", "entity_id": 8}',
        '{"entity_type": "item", "entity_id": 8, "data": {"organization_id": 42}}',
        '{"organization_id": 42, "item": {"item_id": "1"}}',
        '{"item": {"item_id": "1", "organization_id": "42"}}',
        '{"item_id": "1", "organization_id": "42"}',
    ],
)
def test_a_record_of_another_organisation_is_refused_by_name(body):
    assert "organization_id: " in refusal(body, organization="41", path="products")
    assert "42" in refusal(body, organization="41", path="products")
    assert len(read(body, organization="42", path="products")) == 1
    assert len(read(body, path="products")) == 1


def test_a_record_of_another_organisation_harms_no_other():
    found = read('{"items": [{"item_id": "1"}, {"item_id": "2", "organization_id": "42"}]}', organization="41")

    assert [(one.zoho_id, one.problem) for one in found] == [
        ("1", ""),
        ("", "organization_id: '42' is not the organisation whose books these are"),
    ]


def test_a_list_of_records_is_several():
    found = read('{"items": [{"item_id": "1"}, {"item_id": "2"}], "contacts": [{"contact_id": "3"}]}')

    assert [(one.module, one.zoho_id) for one in found] == [("item", "1"), ("item", "2"), ("contact", "3")]


@pytest.mark.parametrize(
    "how", [{"method": "DELETE"}, {"query": {"event": "deleted"}}, {"query": {"event": " Delete "}}]
)
def test_a_record_that_is_gone(how):
    [one] = read('{"item": {"item_id": "1"}}', **how)

    assert one.is_delete is True


def test_a_delete_without_a_body_takes_the_id_from_the_query():
    [one] = read("", method="DELETE", path="products", query={"item_id": "44"})

    assert (one.module, one.zoho_id, one.is_delete) == ("item", "44", True)


def test_a_payment_to_a_vendor_is_a_vendor_payment():
    [one] = read('{"payment": {"payment_id": "1", "vendor_id": "2"}}', path="payments")

    assert one.module == "vendorpayment"


def test_the_word_a_contact_came_under_says_what_it_is():
    [one] = read('{"vendor": {"vendor_id": "4", "vendor_name": "Ali"}}', path="vendors")

    assert (one.module, one.zoho_id, one.payload["contact_name"]) == ("contact", "4", "Ali")
    assert one.hints == {"contact_type": "vendor"}


@pytest.mark.parametrize("charset", ["utf-8", "utf-16", "windows-1256"])
def test_arabic_in_the_character_set_it_was_sent_in(charset):
    body = '{"item": {"item_id": "1", "name": "طاولة"}}'.encode(charset)

    [one] = read(body, content_type=f"application/json; charset={charset}")

    assert one.payload["name"] == "طاولة"


def test_a_byte_order_mark_is_not_content():
    [one] = read(b'\xef\xbb\xbf{"item": {"item_id": "1"}}')

    assert one.zoho_id == "1"


# --- what cannot be read -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "empty"),
        ("  \n", "empty"),
        ("not json", "not JSON"),
        ("[1, 2]", "is a list"),
        ('"text"', "is a text"),
        ("17", "is a number"),
        ("null", "is a null"),
        ("true", "is a boolean"),
        ("{}", "no record of a known module"),
        ('{"gadget": {"gadget_id": "1"}}', "no record of a known module"),
        ('{"items": []}', "no record of a known module"),
        ('{"items": [1]}', "no record of a known module"),
        ('{"item": {"name": "without id"}}', "item_id"),
        ('{"item": {"item_id": ""}}', "item_id"),
        ('{"item": {"item_id": true}}', "item_id"),
        ('{"item": {"item_id": {"a": 1}}}', "item_id"),
        ('{"item": {"item_id": "' + "9" * 51 + '"}}', "item_id"),
        ('{"item": {"item_id": "1; DROP TABLE"}}', "item_id"),
        ('{"item": {"item_id": "1", "last_modified_time": "yesterday"}}', "last_modified_time"),
        ('{"item": {"item_id": "1", "last_modified_time": "0001-01-01T00:00:00+0530"}}', "last_modified_time"),
        ('{"item": {"item_id": "1", "last_modified_time": "9999-12-31T23:59:59-0100"}}', "last_modified_time"),
        ('{"item": {"item_id": "1", "rate": NaN}}', "NaN"),
        ('{"item": {"item_id": "1", "rate": -Infinity}}', "Infinity"),
        ('{"item": {"item_id": "1", "rate": 1e999999}}', "out of range"),
        ('{"item": {"item_id": "1", "rate": 1e99999999999999999999}}', "out of range"),
        ('{"item": {"item_id": "1", "rate": 1e-99999999999999999999}}', "out of range"),
        ('{"item": {"item_id": 1' + "0" * 5000 + "}}", "out of range"),
        ('{"item": {"item_id": "1", "name": "\\u0000"}}', "NUL"),
        ('{"item": {"item_id": "1", "name": "\\ud800"}}', "lone surrogate"),
        ('{"item": {"item_id": "1", "\\udfff": 1}}', "lone surrogate"),
        ('{"item": {"item_id": "1", "a": ' + "[" * 5000 + "]" * 5000 + "}}", "nested too deeply"),
        ('{"item": {"item_id": "1", "a": ' + "[" * 199 + "]" * 199 + "}}", "nested too deeply"),
        ('{"entity_type": "gadget", "entity_id": "1"}', "entity_type"),
        ('{"entity_type": "item", "entity_id": "1", "data": [1]}', "data: is a list"),
        ('{"entity_type": "item", "entity_id": "1", "event_time": "soon"}', "event_time"),
        (b"\xff\xfe\xfd", "not utf-8"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(body, reason):
    assert reason in refusal(body, path="customers")


def test_a_character_set_that_is_not_known():
    assert "character set" in refusal("{}", content_type="application/json; charset=rot13")


def test_a_form_of_too_many_fields():
    assert "form" in refusal("a=1&" * 10_001, content_type=FORM, path="products")


@pytest.mark.parametrize(
    "body", ["name=%00&item_id=1", "JSONString=%7B%22item%22%3A%7B%22item_id%22%3A%22%5Cu0000%22%7D%7D"]
)
def test_a_nul_in_a_form(body):
    assert "NUL" in refusal(body, content_type=FORM, path="products")


# --- anything at all -----------------------------------------------------------------------------

LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["1", "", "2026-03-01"])
ROOTS = ["item", "items", "contact", "vendor", "payment", "invoice", "entity_type", "entity_id", "data", "event_type"]
KEYS = [
    "item_id",
    "contact_id",
    "payment_id",
    "vendor_id",
    "last_modified_time",
    "JSONString",
    "group_id",
    "group_name",
]
NAMES = st.sampled_from([*ROOTS, *KEYS])
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | st.text(), inner, max_size=5),
    max_leaves=25,
)
CONTENT_TYPES = st.sampled_from(
    [
        JSON,
        FORM,
        "",
        "text/plain",
        "application/json; charset=utf-16",
        f"{FORM}; charset=windows-1256",
        "multipart/form-data",
    ]
) | st.text(st.characters(codec="latin-1"))
PATHS = st.sampled_from([*WEBHOOK_PATHS, ""])


def json_bytes(value):
    import json

    return json.dumps(value).encode()


def form_bytes(pairs):
    return urlencode(pairs, errors="surrogatepass").encode()


BODIES = (
    st.binary(max_size=400)
    | VALUES.map(json_bytes)
    | st.dictionaries(NAMES, VALUES, max_size=4).map(json_bytes)
    | st.lists(st.tuples(NAMES | st.text(), st.text()), max_size=5).map(form_bytes)
    | st.dictionaries(NAMES, VALUES, max_size=3).map(
        lambda value: b"JSONString=" + quote_plus(json_bytes(value)).encode()
    )
)


@given(
    body=BODIES,
    content_type=CONTENT_TYPES,
    path=PATHS,
    method=st.sampled_from(["POST", "PUT", "DELETE"]),
    query=st.dictionaries(st.sampled_from(["event", "item_id", "x"]), st.text(), max_size=2),
)
def test_whatever_comes_is_read_or_refused(body, content_type, path, method, query):
    try:
        records = read_body(body, content_type=content_type, path=path, query=query, method=method)
    except InvalidPayload:
        return

    assert records
    for one in records:
        assert one.module
        assert one.zoho_id
        assert one.modified_at is None or one.modified_at.tzinfo is not None
