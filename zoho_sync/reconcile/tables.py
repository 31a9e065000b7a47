"""What is compared: every table that holds a projection of Zoho's records, with the rows below it and its sums."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import models

from catalog import values as catalog
from commerce import values as commerce
from commerce.services.rows import Columns, columns_of
from zoho_sync.entities import ENTITIES, MODULE_OF_MODEL

PRODUCT, PRICE_LIST, ITEM_GROUP = "catalog.product", "catalog.pricelist", "catalog.itemgroup"
CUSTOMER, VENDOR = "commerce.customer", "commerce.vendor"
# What is counted apart from the records it belongs to.
STOCK, IMAGE = "stock", "image"


@dataclass(frozen=True)
class Part:
    """Rows below a record that are replaced with it: their name in the values, table, foreign key and values.

    `amounts` are columns whose sums must agree by currency (a column of the row).
    """

    name: str
    label: str
    owner: str
    values: type
    amounts: tuple[str, ...] = ()

    @property
    def model(self) -> type[models.Model]:
        return apps.get_model(self.label)

    @property
    def columns(self) -> Columns:
        return columns_of(self.model, self.values)


@dataclass(frozen=True)
class Table:
    """One of our tables. `amounts` are columns whose sums must agree by currency and month."""

    label: str
    values: type
    subject: str
    parts: tuple[Part, ...] = ()
    amounts: tuple[str, ...] = ()

    @property
    def module(self) -> str:
        return MODULE_OF_MODEL[self.label]

    @property
    def model(self) -> type[Any]:
        return apps.get_model(self.label)

    @property
    def columns(self) -> Columns:
        return columns_of(self.model, self.values)


def _lines(document: str, values: type) -> Part:
    return Part("lines", f"{document}line", "document", values)


def _of_party(owner: str, balance: type, side: str) -> tuple[Part, ...]:
    return (
        Part("contact_persons", "commerce.contactperson", owner, commerce.ContactPersonValues),
        Part("addresses", "commerce.zohoaddress", owner, commerce.AddressValues),
        Part("balances", f"commerce.{owner}balance", owner, balance, amounts=(side, "unused_credits")),
    )


_DOCUMENTS = (
    ("commerce.salesorder", commerce.SalesOrderValues, commerce.SalesOrderLineValues, ("total",), ()),
    ("commerce.purchaseorder", commerce.PurchaseOrderValues, commerce.PurchaseOrderLineValues, ("total",), ()),
    ("commerce.invoice", commerce.InvoiceValues, commerce.LineValues, ("total", "balance"), ()),
    ("commerce.bill", commerce.BillValues, commerce.LineValues, ("total", "balance"), ()),
    (
        "commerce.creditnote",
        commerce.CreditNoteValues,
        commerce.LineValues,
        ("total", "balance"),
        (Part("allocations", "commerce.creditnoteallocation", "credit_note", commerce.InvoiceAllocationValues),),
    ),
    (
        "commerce.vendorcredit",
        commerce.VendorCreditValues,
        commerce.LineValues,
        ("total", "balance"),
        (Part("allocations", "commerce.vendorcreditallocation", "vendor_credit", commerce.BillAllocationValues),),
    ),
    ("commerce.inventoryadjustment", commerce.AdjustmentValues, commerce.AdjustmentLineValues, (), ()),
)
_PAYMENTS = (
    ("commerce.customerpayment", commerce.CustomerPaymentValues, commerce.InvoiceAllocationValues),
    ("commerce.vendorpayment", commerce.VendorPaymentValues, commerce.BillAllocationValues),
)
# People call inventory adjustments "stock"; here that is what lies in the warehouses.
_NAMES = {entity.module: entity.name for entity in ENTITIES} | {"inventoryadjustment": "inventory-adjustment"}


def _name(label: str) -> str:
    return _NAMES[MODULE_OF_MODEL[label]]


def _plain(label: str, values: type) -> Table:
    return Table(label, values, _name(label))


TABLES: tuple[Table, ...] = (
    _plain("commerce.currency", commerce.CurrencyValues),
    _plain("commerce.tax", commerce.TaxValues),
    _plain("commerce.zohouser", commerce.ZohoUserValues),
    _plain("catalog.warehouse", catalog.WarehouseValues),
    _plain("catalog.category", catalog.CategoryValues),
    _plain(ITEM_GROUP, catalog.ItemGroupValues),
    _plain(PRODUCT, catalog.ProductValues),
    _plain(PRICE_LIST, catalog.PriceListValues),
    Table(
        CUSTOMER,
        commerce.CustomerValues,
        "customer",
        _of_party("customer", commerce.CustomerBalanceValues, "receivable"),
    ),
    Table(VENDOR, commerce.VendorValues, "vendor", _of_party("vendor", commerce.VendorBalanceValues, "payable")),
    *(
        Table(label, values, _name(label), (_lines(label, line), *more), amounts)
        for label, values, line, amounts, more in _DOCUMENTS
    ),
    *(
        Table(label, values, _name(label), (Part("allocations", f"{label}allocation", "payment", given),), ("amount",))
        for label, values, given in _PAYMENTS
    ),
)
BY_LABEL: Mapping[str, Table] = {table.label: table for table in TABLES}
BY_VALUES: Mapping[type, Table] = {table.values: table for table in TABLES}


def tables_of(module: str) -> list[Table]:
    """Our tables for the records of a module: two for contacts, else one."""
    return [table for table in TABLES if table.module == module]


def subjects_of(module: str) -> list[str]:
    """What a comparison of the module tells of, each with numbers of its own."""
    told = [table.subject for table in tables_of(module)]
    return [*told, STOCK, IMAGE] if module == MODULE_OF_MODEL[PRODUCT] else told
