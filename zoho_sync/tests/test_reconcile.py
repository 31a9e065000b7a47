"""Reconciliation: what it finds, by id and by field, and what `--repair` makes of it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.db import models
from django.utils import timezone

from catalog.models import PriceListItem, Product, StockLevel
from catalog.models.figures import FIGURES
from commerce.models import Customer, Invoice, Vendor
from zoho_sandbox.server import Sandbox
from zoho_sync.entities import ENTITIES
from zoho_sync.models import ZohoRecord
from zoho_sync.reconcile.tables import BY_LABEL, PRODUCT, TABLES, Part, Table, subjects_of
from zoho_sync.tests.reconciling import Run, found, last_report, listed, reconcile, zoho

__all__ = ["listed", "reconcile", "zoho"]


def test_every_mirrored_table_and_every_row_below_one_is_compared() -> None:
    assert sorted(BY_LABEL) == sorted(label for entity in ENTITIES for label in entity.models)

    below = {
        child.related_model._meta.label_lower
        for table in TABLES
        if table.label.startswith("commerce.")
        for child in table.model._meta.related_objects
        if child.on_delete is models.CASCADE
    }
    compared = {part.label for table in TABLES for part in table.parts}
    subjects = [subject for entity in ENTITIES for subject in subjects_of(entity.module)]
    assert len(subjects) == len(set(subjects))
    history = {"commerce.exchangerate"}
    ours = {"commerce.cart", "commerce.customeraddress", "commerce.review"}  # Zoho knows nothing of them
    assert below - compared == history | ours


def test_equal_tables_are_equal(zoho: Sandbox, reconcile: Run) -> None:
    code, out, err = reconcile()

    assert (found(), err, code) == (set(), "", 0)
    report = last_report()
    assert (report.state, report.match, report.differing) == ("finished", 100, 0)
    assert {one.subject for one in report.results.all()} == {table.subject for table in TABLES} | {"stock", "image"}
    assert all(one.theirs == one.ours == one.compared for one in report.results.all())
    assert out.splitlines()[-1] == (
        f"reconciliation #{report.pk}: finished, {report.compared} compared, 0 differ, "
        f"{report.calls} API calls, match 100 %"
    )


# --- every column ----------------------------------------------------------------------------------


def other(field: models.Field[Any, Any], value: Any) -> Any:
    """A value of the column's kind that is not `value`."""
    if isinstance(field, models.BooleanField):
        return not value
    if isinstance(field, models.DecimalField | models.IntegerField):
        return 7 if value is None else value + 1
    if isinstance(field, models.DateTimeField | models.DateField):
        return (value or timezone.now()) - timedelta(days=400)
    if isinstance(field, models.JSONField):
        return [{"api_name": "x", "value": "y"}] if isinstance(value, list) else {"city": "x"}
    return f"{value or ''}~"[-(field.max_length or 999) :]


def tampered(rows: Any, names: set[str]) -> tuple[Any, dict[str, Any]]:
    """The last row with another value in each of these columns, and what they were."""
    before = rows.order_by("pk").values().last()
    assert before, f"{rows.model._meta.label} is empty: the company lacks something"
    fields = {field.name: field for field in rows.model._meta.concrete_fields}
    rows.filter(pk=before["id"]).update(**{name: other(fields[name], before[name]) for name in names})
    return before, {name: before[name] for name in names}


def columns(table: Table | Part) -> set[str]:
    extra = FIGURES if table.label == PRODUCT else ()
    return {*table.columns.plain, *extra} - {"zoho_id"}


@pytest.mark.slow
def test_any_other_value_in_any_column_is_found_and_repaired(zoho: Sandbox, reconcile: Run) -> None:
    for table in TABLES:
        before, _ = tampered(table.model._default_manager, columns(table))
        zoho_id = before["zoho_id"]
        row = table.model._default_manager.filter(zoho_id=zoho_id)
        soft = [link.name for link in table.columns.links if link.null and before[f"{link.name}_id"]]
        row.update(**dict.fromkeys(soft))
        changed = {}
        for part in table.parts:
            children = part.model._default_manager.filter(**{f"{part.owner}__zoho_id": zoho_id})
            if children.exists():
                tampered(children, columns(part))
                number = children.count()
                changed |= {f"{part.name}[{number}].{name}": part for name in columns(part)}

        code, _, _ = reconcile(BY_LABEL[table.label].module, "--repair")

        fields = {field for _, found_id, _, field in found() if found_id == zoho_id}
        assert fields == columns(table) | {*soft} | changed.keys(), table.label
        assert (code, found("open")) == (0, set()), table.label
    assert reconcile()[0] == 0


def test_a_tampered_row_is_found_though_the_mirror_is_right(listed: Sandbox, reconcile: Run) -> None:
    product = Product.objects.exclude(category=None).first()
    Product.objects.filter(pk=product.pk).update(brand="Fälschung", category=None)

    code, out, _ = reconcile("product")

    assert code == 1
    assert found() == {
        ("product", product.zoho_id, "different", "brand"),
        ("product", product.zoho_id, "different", "category"),
    }
    kept = last_report().differences.get(field="brand")
    assert (kept.theirs, kept.ours, kept.state) == (product.brand, "Fälschung", "open")
    assert "Fälschung" in out


def test_a_tampered_mirror_is_found_though_the_rows_are_right(listed: Sandbox, reconcile: Run) -> None:
    record = ZohoRecord.objects.filter(module="item").first()
    ZohoRecord.objects.filter(pk=record.pk).update(payload={**record.payload, "unit": "tampered"})

    reconcile("product", "--repair")

    assert found() == {("product", record.zoho_id, "different", "mirror.unit")}
    assert found("open") == set()
    record.refresh_from_db()
    assert record.payload["unit"] != "tampered"


# --- missing, extra, the same count ------------------------------------------------------------------


@pytest.mark.lesson("L21")
def test_two_sets_of_equal_size_with_other_ids_differ(listed: Sandbox, reconcile: Run) -> None:
    gone, new = listed.control.records("item")[0]["item_id"], "460000009999999"
    record = {**listed.control.get("item", gone), "item_id": new, "sku": "", "name": "another"}
    listed.control.delete("item", gone, webhook=False)
    listed.control.put("item", record, webhook=False)

    code, _, _ = reconcile("product")

    assert code == 1
    result = last_report().results.get(subject="product")
    assert (result.theirs, result.ours) == (60, 60)
    assert (result.missing, result.extra, result.different, result.compared) == (1, 1, 0, 61)
    assert found() == {("product", new, "missing", ""), ("product", gone, "extra", "")}


def test_a_vendor_kept_as_a_customer_too_is_extra_there(listed: Sandbox, reconcile: Run, settings: Any) -> None:
    settings.ZOHO_SWEEP_MAX_SHARE = 0.5
    vendor = Vendor.objects.first()
    Customer.objects.create(zoho_id=vendor.zoho_id, name="twice")
    Customer.objects.update(created_at=timezone.now() - timedelta(days=1))

    code, _, _ = reconcile("customer", "--repair")

    assert found() == {("customer", vendor.zoho_id, "extra", "")}
    assert found("open") == set()
    assert code == 0
    assert Customer.objects.get(zoho_id=vendor.zoho_id).retired_at is not None
    assert Vendor.objects.get(zoho_id=vendor.zoho_id).retired_at is None


def test_too_many_extra_rows_are_told_and_not_retired(listed: Sandbox, reconcile: Run, settings: Any) -> None:
    settings.ZOHO_SWEEP_MAX_SHARE = 0.02
    for record in listed.control.records("item")[:2]:
        listed.control.delete("item", record["item_id"], webhook=False)

    code, _, err = reconcile("product", "--repair")

    assert code == 1
    assert "2 of 60 product records are not in Zoho's list, more than 2 %" in err
    assert len(found("open")) == 2
    assert Product.objects.filter(retired_at__isnull=False).count() == 0


def test_skus_that_several_products_share_are_told_and_are_no_drift(listed: Sandbox, reconcile: Run) -> None:
    first, second = (record["item_id"] for record in listed.control.records("item")[:2])
    for one in (first, second):
        listed.control.patch("item", one, {"sku": "SHARED-1"}, webhook=False)
    call_command("sync_zoho", "product")

    code, _, _ = reconcile("product")

    duplicate = last_report().differences.get(theirs="SHARED-1")
    assert (duplicate.kind, duplicate.state, duplicate.ours) == ("duplicate", "noted", f"{first}, {second}")
    assert code == 0


# --- sums ------------------------------------------------------------------------------------------


def sums(subject: str) -> list[tuple[str, str, str, str]]:
    rows = last_report().results.get(subject=subject).totals
    return [(row["name"], row["key"], row["theirs"], row["ours"]) for row in rows if row["theirs"] != row["ours"]]


def test_stock_that_moved_between_two_warehouses_shows_in_the_sums_of_both(listed: Sandbox, reconcile: Run) -> None:
    level = StockLevel.objects.exclude(accounting_on_hand=None).select_related("product", "warehouse").first()
    StockLevel.objects.filter(pk=level.pk).update(accounting_on_hand=level.accounting_on_hand + 5)

    reconcile("product")

    field = f"stock[{level.warehouse.zoho_id}].accounting_on_hand"
    assert found() == {("stock", level.product.zoho_id, "different", field)}
    [(name, key, theirs, ours)] = sums("stock")
    assert (name, key) == ("accounting_on_hand", level.warehouse.zoho_id)
    assert Decimal(ours) - Decimal(theirs) == 5


def test_sums_agree_by_currency_and_month_and_by_list(listed: Sandbox, reconcile: Run) -> None:
    invoice = Invoice.objects.exclude(total=None).first()
    Invoice.objects.filter(pk=invoice.pk).update(total=invoice.total + 100)
    balance = Customer.objects.exclude(balances=None).first().balances.first()
    type(balance).objects.filter(pk=balance.pk).update(receivable=(balance.receivable or 0) + 3)
    price = PriceListItem.objects.exclude(rate=None).select_related("price_list").first()
    PriceListItem.objects.filter(pk=price.pk).delete()

    code, _, _ = reconcile("invoice", "customer", "price-list")

    assert code == 1
    month = f"{invoice.currency} {invoice.date:%Y-%m}"
    assert [(name, key) for name, key, _, _ in sums("invoice")] == [("total", month)]
    assert [(name, key) for name, key, _, _ in sums("customer")] == [("receivable", balance.currency)]
    [count, money] = sums("price-list")
    of = price.price_list.zoho_id
    assert (count[0], count[1], int(count[2]) - int(count[3])) == ("prices", of, 1)
    assert (money[0], money[1], Decimal(money[2]) - Decimal(money[3])) == ("sum of prices", of, price.rate)
