"""The comparer itself: it leaves no column out, and finds any value that is not Zoho's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import models
from django.utils import timezone

from catalog.models import Product, StockLevel
from commerce.models import Invoice, InvoiceLine
from tests.comparing import differences
from tests.comparing.goods import WHERE
from tests.comparing.tables import TABLES
from zoho_sandbox.server import Sandbox
from zoho_sync.tests.conftest import point_at

# Columns that are ours, or follow from others: not Zoho's to tell.
OURS = {
    *("id", "pk", "created_at", "updated_at", "retired_at", "zoho_id"),
    *("voided_at", "identity_gap", "balance_gap", "position", "is_complete"),
    *("name_ar", "name_en", "description_ar", "is_hidden", "is_featured", "local_notes", "sort_order", "image"),
    *("login", "zoho_created_at", "opening_balance"),
    *Product.DERIVED_FIELDS,
}
# Told by keys that no record of the sandbox has.
NEVER_TOLD = {"tax_percentage", "sales_order_name", "sales_order", "purchase_order_name", "warehouse", "date"}


def stored(model: Any) -> set[str]:
    """The concrete columns of a table, without those that are ours."""
    return {field.name for field in model._meta.concrete_fields} - OURS


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.model)
def test_every_column_of_zohos_is_compared(table: Any) -> None:
    model = apps.get_model(table.model)
    compared = {column.ours.partition("__")[0] for column in table.columns}
    if "where" in compared:
        compared |= {*WHERE}

    assert stored(model) - compared - NEVER_TOLD == set()


@pytest.mark.parametrize("rows", [rows for table in TABLES for rows in table.rows], ids=lambda rows: rows.model)
def test_every_column_below_a_record_is_compared(rows: Any) -> None:
    compared = {column.ours.partition("__")[0] for column in rows.columns}
    parents = {rows.parent.partition("__")[0], "customer", "vendor"}

    assert stored(apps.get_model(rows.model)) - compared - parents - NEVER_TOLD == set()


@pytest.fixture
def odd_company(transactional_db: None, settings: Any) -> Iterator[Sandbox]:
    """A small company with everything odd in it, pulled wholly."""
    with Sandbox() as sandbox:
        point_at(sandbox, settings)
        sandbox.control.make_odd()
        call_command("sync_zoho", "--full")
        call_command("sync_stock", "--mode", "full")
        call_command("zoho_backfill")
        yield sandbox


def other(field: models.Field[Any, Any], value: Any) -> Any:
    """A value of the column's kind that is not `value`."""
    if isinstance(field, models.BooleanField):
        return not value
    if isinstance(field, models.DecimalField | models.IntegerField):
        return 7 if value is None else value + 1
    if isinstance(field, models.DateTimeField | models.DateField):
        return timezone.now()
    if isinstance(field, models.JSONField):
        return (
            [{"api_name": "x", "value": "y", "name": "x", "amount": "1"}] if isinstance(value, list) else {"city": "x"}
        )
    return f"{value}~"[-field.max_length if field.max_length else 0 :]


def test_equal_tables_are_equal_and_any_other_value_is_found(odd_company: Sandbox) -> None:
    assert differences(odd_company) == []

    for table in TABLES:
        for label, columns in [(table.model, table.columns), *((rows.model, rows.columns) for rows in table.rows)]:
            rows = apps.get_model(label)._default_manager
            before = rows.order_by("pk").values().last()
            assert before, f"{label} is empty: the company lacks something"
            fields = {field.name: field for field in rows.model._meta.concrete_fields}
            plain = {column.ours for column in columns if column.ours in fields} - {"brackets", "zoho_id"}
            changes = {name: other(fields[name], before[name]) for name in plain}
            rows.filter(pk=before["id"]).update(**changes)

            found = "\n".join(differences(odd_company, table.module))

            assert {name for name in plain if f", our {name} is " not in found} == set(), label
            rows.filter(pk=before["id"]).update(**{name: before[name] for name in plain})


def test_missing_extra_and_retired_records_are_named(odd_company: Sandbox) -> None:
    first, second = Invoice.objects.order_by("pk")[:2]
    InvoiceLine.objects.filter(document=first).first().delete()
    Invoice.objects.filter(pk=second.pk).update(retired_at=timezone.now())
    Product.objects.create(zoho_id="1234567890", name="not Zoho's")
    level = StockLevel.objects.exclude(accounting_on_hand=None).first()
    StockLevel.objects.filter(pk=level.pk).update(accounting_on_hand=9999)

    found = "\n".join(differences(odd_company))

    assert f"lines of commerce.invoice {first.zoho_id}: Zoho has" in found
    assert f"commerce.invoice {second.zoho_id} is in Zoho, and retired here" in found
    assert "catalog.product 1234567890 is not in Zoho, and live here" in found
    assert f"stock of item {level.product.zoho_id}: the accounting ledger adds up to" in found
