"""Fill in links to rows that came later than the rows that name them, with one statement for each table that waits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import models
from django.db.models import OuterRef, Subquery

from commerce.models import (
    Bill,
    BillLine,
    CreditNote,
    CreditNoteLine,
    Currency,
    Customer,
    CustomerPayment,
    InventoryAdjustment,
    InventoryAdjustmentLine,
    Invoice,
    InvoiceLine,
    PurchaseOrder,
    PurchaseOrderLine,
    SalesOrder,
    SalesOrderLine,
    Vendor,
    VendorCredit,
    VendorCreditLine,
    VendorPayment,
)
from tsh_erp.common.sql import tables_with

LINES: tuple[type[models.Model], ...] = (
    SalesOrderLine,
    InvoiceLine,
    CreditNoteLine,
    BillLine,
    PurchaseOrderLine,
    VendorCreditLine,
    InventoryAdjustmentLine,
)
SALES: tuple[type[models.Model], ...] = (SalesOrder, Invoice, CreditNote)
DOCUMENTS: tuple[type[models.Model], ...] = (*SALES, Bill, PurchaseOrder, VendorCredit)
PAYMENTS: tuple[type[models.Model], ...] = (CustomerPayment, VendorPayment)
IN_CURRENCY: tuple[type[models.Model], ...] = (Customer, Vendor, *DOCUMENTS, *PAYMENTS)


def attach_products(zoho_ids: Sequence[str]) -> int:
    """Link lines to products that are here now; how many lines were linked."""
    return _attach("product", LINES, zoho_ids)


def attach_price_lists(zoho_ids: Sequence[str]) -> int:
    """Link customers to price lists that are here now."""
    return _attach("price_list", (Customer,), zoho_ids)


def attach_users(zoho_ids: Sequence[str]) -> int:
    """Link customers and sales documents to salespeople who are here now."""
    return _attach("salesperson", (Customer, *SALES), zoho_ids)


def attach_warehouses(zoho_ids: Sequence[str]) -> int:
    """Link documents, lines, payments and adjustments to warehouses that are here now."""
    return _attach("warehouse", (*DOCUMENTS, *LINES, *PAYMENTS, InventoryAdjustment), zoho_ids)


def attach_sales_orders(zoho_ids: Sequence[str]) -> int:
    """Link invoices and purchase orders to the sales orders that they come from."""
    return _attach("sales_order", (Invoice, PurchaseOrder), zoho_ids)


def attach_purchase_orders(zoho_ids: Sequence[str]) -> int:
    """Link bills to the purchase orders that they come from."""
    return _attach("purchase_order", (Bill,), zoho_ids)


def attach_currencies(zoho_ids: Sequence[str]) -> int:
    """Give rows that Zoho told only the id of their currency its code."""
    codes = Currency.objects.filter(zoho_id__in=zoho_ids).exclude(code="")
    code = Subquery(codes.filter(zoho_id=OuterRef("currency_zoho_id")).values("code")[:1])
    waiting = {"currency": "", "currency_zoho_id__in": codes.values("zoho_id")}
    return sum(model._default_manager.filter(**waiting).update(currency=code) for model in IN_CURRENCY)


def _attach(link: str, tables: Sequence[type[models.Model]], zoho_ids: Sequence[str]) -> int:
    # Nearly always nothing waits for what came: one look at all tables instead of a statement for each.
    waiting = tables_with(tables, empty=link, column=f"{link}_zoho_id", values=zoho_ids)
    return sum(_attach_in(table, link, zoho_ids) for table in waiting)


def _attach_in(table: type[models.Model], link: str, zoho_ids: Sequence[str]) -> int:
    target: Any = table._meta.get_field(link).related_model
    here = target._default_manager.filter(zoho_id__in=zoho_ids)
    key = Subquery(here.filter(zoho_id=OuterRef(f"{link}_zoho_id")).values("pk")[:1])
    waiting = {f"{link}__isnull": True, f"{link}_zoho_id__in": here.values("zoho_id")}
    return table._default_manager.filter(**waiting).update(**{link: key})
