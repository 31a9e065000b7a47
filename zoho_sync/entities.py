"""The table of contents: every kind of Zoho record we mirror, from its address to its owner here.

A new kind is a mapper, a row in this table, a service of its owner, an admin list and a fixture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from catalog.services import categories, item_groups, products, warehouses
from catalog.services import links as catalog_links
from catalog.services.price_lists import retire_price_lists
from commerce.services import adjustments, currencies, documents, parties, payments, price_lists, taxes, users
from commerce.services import links as commerce_links
from tsh_erp.common.upsert import Saved
from zoho_sync.mappers import adjustments as map_adjustments
from zoho_sync.mappers import (
    bills,
    contacts,
    creditnotes,
    invoices,
    items,
    locations,
    pricebooks,
    purchaseorders,
    salesorders,
    vendorcredits,
)
from zoho_sync.mappers import (
    categories as map_categories,
)
from zoho_sync.mappers import currencies as map_currencies
from zoho_sync.mappers import item_groups as map_item_groups
from zoho_sync.mappers import payments as map_payments
from zoho_sync.mappers import taxes as map_taxes
from zoho_sync.mappers import users as map_users
from zoho_sync.mappers.record import Record


class Save(Protocol):
    def __call__(self, values: Sequence[Any], /, *, at: datetime) -> Saved: ...


class Retire(Protocol):
    def __call__(self, zoho_ids: Sequence[str], /, *, at: datetime) -> int: ...


Attach = Callable[[Sequence[str]], int]


@dataclass(frozen=True, kw_only=True)
class Entity:
    """One Zoho module: where it is read, how its records are recognised, and who stores them.

    `names` are what people and webhooks call it, the first being ours; matching ignores case and
    `-`, `_` and spaces. `list_keys` and `detail_keys` are the JSON keys of answers, the wire's
    spelling first. `detail_only` are the keys that list rows lack or abridge. `models` are the
    tables that hold its projections. `attach` fill the links of rows that came before this one.
    `filter_all`, `sorts_by_…` are what its list understands; `filters_modified` is the API whose
    list can leave out what was not modified since, "" when neither can (api.md §3).
    """

    module: str
    names: tuple[str, ...]
    label: str | Promise
    models: tuple[str, ...]
    path: str
    id_key: str
    list_keys: tuple[str, ...]
    detail_keys: tuple[str, ...]
    map: Callable[[Record], Any]
    save: Save
    retire: Retire
    attach: tuple[Attach, ...] = ()
    detail_only: frozenset[str] = frozenset()
    time_keys: tuple[str, ...] = ("last_modified_time",)
    webhook_path: str | None = None
    api: Literal["inventory", "books"] = "inventory"
    filter_all: bool = False
    sorts_by_modified: bool = False
    sorts_by_created: bool = False
    filters_modified: Literal["", "inventory", "books"] = ""
    priority: int = 5
    hints: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What we call it: "product"."""
        return self.names[0]


LINES = frozenset({"line_items"})

ENTITIES: tuple[Entity, ...] = (
    Entity(
        module="currency",
        names=("currency", "currencies"),
        label=_("Currencies"),
        models=("commerce.currency",),
        path="/settings/currencies",
        id_key="currency_id",
        list_keys=("currencies",),
        detail_keys=("currency",),
        map=map_currencies.map_currency,
        save=currencies.save_currencies,
        retire=currencies.retire_currencies,
        attach=(commerce_links.attach_currencies, price_lists.attach_currencies),
    ),
    Entity(
        module="tax",
        names=("tax", "taxes"),
        label=_("Taxes"),
        models=("commerce.tax",),
        path="/settings/taxes",
        id_key="tax_id",
        list_keys=("taxes",),
        detail_keys=("tax",),
        map=map_taxes.map_tax,
        save=taxes.save_taxes,
        retire=taxes.retire_taxes,
    ),
    Entity(
        module="user",
        names=("user", "users"),
        label=_("Zoho users"),
        models=("commerce.zohouser",),
        path="/users",
        id_key="user_id",
        list_keys=("users",),
        detail_keys=("user",),
        map=map_users.map_user,
        save=users.save_users,
        retire=users.retire_users,
        attach=(commerce_links.attach_users,),
        webhook_path="users",
        filter_all=True,
    ),
    Entity(
        module="location",
        names=("warehouse", "warehouses", "location", "locations"),
        label=_("Warehouses"),
        models=("catalog.warehouse",),
        path="/locations",
        id_key="location_id",
        list_keys=("locations", "warehouses"),
        detail_keys=("location", "warehouse"),
        map=locations.map_location,
        save=warehouses.save_warehouses,
        retire=warehouses.retire_warehouses,
        attach=(commerce_links.attach_warehouses,),
    ),
    Entity(
        module="category",
        names=("category", "categories"),
        label=_("Categories"),
        models=("catalog.category",),
        path="/categories",
        id_key="category_id",
        list_keys=("categories",),
        detail_keys=("category",),
        map=map_categories.map_category,
        save=categories.save_categories,
        retire=categories.retire_categories,
        attach=(catalog_links.attach_categories,),
    ),
    Entity(
        module="itemgroup",
        names=("item-group", "item-groups", "itemgroup", "itemgroups"),
        label=_("Item groups"),
        models=("catalog.itemgroup",),
        path="/itemgroups",
        id_key="group_id",
        list_keys=("itemgroups", "item_groups"),
        detail_keys=("item_group", "itemgroup", "group"),
        map=map_item_groups.map_item_group,
        save=item_groups.save_item_groups,
        retire=item_groups.retire_item_groups,
        attach=(catalog_links.attach_item_groups,),
        detail_only=frozenset({"attributes"}),
    ),
    Entity(
        module="item",
        names=("product", "products", "item", "items"),
        label=_("Products"),
        models=("catalog.product",),
        path="/items",
        id_key="item_id",
        list_keys=("items",),
        detail_keys=("item",),
        map=items.map_item,
        save=products.save_products,
        retire=products.retire_products,
        attach=(catalog_links.attach_products, commerce_links.attach_products),
        detail_only=frozenset({"locations", "warehouses"}),
        webhook_path="products",
        filter_all=True,
        sorts_by_modified=True,
        sorts_by_created=True,
        priority=4,
    ),
    Entity(
        module="pricebook",
        names=("price-list", "price-lists", "pricelist", "pricelists", "prices", "pricebook", "pricebooks"),
        label=_("Price lists"),
        models=("catalog.pricelist",),
        path="/pricebooks",
        id_key="pricebook_id",
        list_keys=("pricebooks",),
        detail_keys=("pricebook",),
        map=pricebooks.map_pricebook,
        save=price_lists.save_price_lists,
        retire=retire_price_lists,
        attach=(commerce_links.attach_price_lists,),
        detail_only=frozenset({"pricebook_items"}),
        webhook_path="prices",
        priority=4,
    ),
    Entity(
        module="contact",
        names=("customer", "customers", "vendor", "vendors", "contact", "contacts"),
        label=_("Customers and vendors"),
        models=("commerce.customer", "commerce.vendor"),
        path="/contacts",
        id_key="contact_id",
        list_keys=("contacts",),
        detail_keys=("contact",),
        map=contacts.map_contact,
        save=parties.save_parties,
        retire=parties.retire_parties,
        detail_only=frozenset(
            {"contact_persons", "billing_address", "shipping_address", "addresses", "opening_balances"}
        ),
        webhook_path="customers",
        filter_all=True,
        sorts_by_modified=True,
        sorts_by_created=True,
        priority=4,
        hints={
            "customer": {"contact_type": "customer"},
            "customers": {"contact_type": "customer"},
            "vendor": {"contact_type": "vendor"},
            "vendors": {"contact_type": "vendor"},
        },
    ),
    Entity(
        module="salesorder",
        names=("sales-order", "sales-orders", "order", "orders", "salesorder", "salesorders"),
        label=_("Sales orders"),
        models=("commerce.salesorder",),
        path="/salesorders",
        id_key="salesorder_id",
        list_keys=("salesorders",),
        detail_keys=("salesorder", "sales_order"),
        map=salesorders.map_salesorder,
        save=documents.save_sales_orders,
        retire=documents.retire_sales_orders,
        attach=(commerce_links.attach_sales_orders,),
        detail_only=LINES,
        webhook_path="orders",
        filter_all=True,
        sorts_by_modified=True,
        sorts_by_created=True,
    ),
    Entity(
        module="purchaseorder",
        names=("purchase-order", "purchase-orders", "purchaseorder", "purchaseorders"),
        label=_("Purchase orders"),
        models=("commerce.purchaseorder",),
        path="/purchaseorders",
        id_key="purchaseorder_id",
        list_keys=("purchaseorders",),
        detail_keys=("purchaseorder", "purchase_order"),
        map=purchaseorders.map_purchaseorder,
        save=documents.save_purchase_orders,
        retire=documents.retire_purchase_orders,
        attach=(commerce_links.attach_purchase_orders,),
        detail_only=LINES,
        filter_all=True,
        sorts_by_created=True,
        filters_modified="books",
        priority=6,
    ),
    Entity(
        module="invoice",
        names=("invoice", "invoices"),
        label=_("Invoices"),
        models=("commerce.invoice",),
        path="/invoices",
        id_key="invoice_id",
        list_keys=("invoices",),
        detail_keys=("invoice",),
        map=invoices.map_invoice,
        save=documents.save_invoices,
        retire=documents.retire_invoices,
        detail_only=LINES,
        webhook_path="invoices",
        filter_all=True,
        sorts_by_created=True,
        filters_modified="books",
    ),
    Entity(
        module="bill",
        names=("bill", "bills"),
        label=_("Bills"),
        models=("commerce.bill",),
        path="/bills",
        id_key="bill_id",
        list_keys=("bills",),
        detail_keys=("bill",),
        map=bills.map_bill,
        save=documents.save_bills,
        retire=documents.retire_bills,
        detail_only=LINES,
        webhook_path="bills",
        filter_all=True,
        sorts_by_created=True,
        filters_modified="books",
    ),
    Entity(
        module="creditnote",
        names=("credit-note", "credit-notes", "creditnote", "creditnotes"),
        label=_("Credit notes"),
        models=("commerce.creditnote",),
        path="/creditnotes",
        id_key="creditnote_id",
        list_keys=("creditnotes",),
        detail_keys=("creditnote", "credit_note"),
        map=creditnotes.map_creditnote,
        save=documents.save_credit_notes,
        retire=documents.retire_credit_notes,
        detail_only=LINES | {"invoices", "invoices_credited"},
        time_keys=("last_modified_time", "updated_time"),
        webhook_path="credit-notes",
        filter_all=True,
        sorts_by_created=True,
        filters_modified="books",
    ),
    Entity(
        module="vendorcredit",
        names=("vendor-credit", "vendor-credits", "vendorcredit", "vendorcredits"),
        label=_("Vendor credits"),
        models=("commerce.vendorcredit",),
        path="/vendorcredits",
        id_key="vendor_credit_id",
        list_keys=("vendorcredits", "vendor_credits"),
        detail_keys=("vendor_credit", "vendorcredit"),
        map=vendorcredits.map_vendorcredit,
        save=documents.save_vendor_credits,
        retire=documents.retire_vendor_credits,
        detail_only=LINES | {"bills", "bills_credited"},
        filter_all=True,
        sorts_by_created=True,
        filters_modified="inventory",
        priority=6,
    ),
    Entity(
        module="customerpayment",
        names=("payment", "payments", "customer-payment", "customer-payments", "customerpayment", "customerpayments"),
        label=_("Customer payments"),
        models=("commerce.customerpayment",),
        path="/customerpayments",
        id_key="payment_id",
        list_keys=("customerpayments", "customer_payments"),
        detail_keys=("payment", "customerpayment", "customer_payment"),
        map=map_payments.map_customer_payment,
        save=payments.save_customer_payments,
        retire=payments.retire_customer_payments,
        detail_only=frozenset({"invoices"}),
        webhook_path="payments",
    ),
    Entity(
        module="vendorpayment",
        names=("vendor-payment", "vendor-payments", "vendorpayment", "vendorpayments"),
        label=_("Vendor payments"),
        models=("commerce.vendorpayment",),
        path="/vendorpayments",
        id_key="payment_id",
        list_keys=("vendorpayments", "vendor_payments"),
        detail_keys=("vendorpayment", "vendor_payment"),
        map=map_payments.map_vendor_payment,
        save=payments.save_vendor_payments,
        retire=payments.retire_vendor_payments,
        detail_only=frozenset({"bills"}),
        webhook_path="payments",
        api="books",
        sorts_by_created=True,
        filters_modified="books",
    ),
    Entity(
        module="inventoryadjustment",
        names=(
            "stock",
            "stocks",
            "inventory-adjustment",
            "inventory-adjustments",
            "inventoryadjustment",
            "inventoryadjustments",
        ),
        label=_("Inventory adjustments"),
        models=("commerce.inventoryadjustment",),
        path="/inventoryadjustments",
        id_key="inventory_adjustment_id",
        list_keys=("inventory_adjustments", "inventoryadjustments"),
        detail_keys=("inventory_adjustment", "inventoryadjustment"),
        map=map_adjustments.map_adjustment,
        save=adjustments.save_adjustments,
        retire=adjustments.retire_adjustments,
        detail_only=LINES,
        webhook_path="stock",
    ),
)

BY_MODULE: dict[str, Entity] = {entity.module: entity for entity in ENTITIES}
MODULE_OF_MODEL: dict[str, str] = {model: entity.module for entity in ENTITIES for model in entity.models}
RANK: dict[str, int] = {entity.module: rank for rank, entity in enumerate(ENTITIES)}
WEBHOOK_PATHS: dict[str, Entity] = {
    "products": BY_MODULE["item"],
    "customers": BY_MODULE["contact"],
    "vendors": BY_MODULE["contact"],
    "invoices": BY_MODULE["invoice"],
    "bills": BY_MODULE["bill"],
    "credit-notes": BY_MODULE["creditnote"],
    "stock": BY_MODULE["inventoryadjustment"],
    "prices": BY_MODULE["pricebook"],
    "orders": BY_MODULE["salesorder"],
    "payments": BY_MODULE["customerpayment"],
    "users": BY_MODULE["user"],
}


def fold_name(name: str) -> str:
    """A name without case, `-`, `_` and spaces."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())


_BY_NAME: dict[str, Entity] = {
    fold_name(name): entity
    for entity in ENTITIES
    for name in (entity.module, *entity.names, *entity.list_keys, *entity.detail_keys)
}


def find_entity(name: str) -> Entity | None:
    """The entity that people, commands or webhooks mean by `name`, in any spelling; None if there is none."""
    return _BY_NAME.get(fold_name(name))


def hints_for(entity: Entity, *names: str) -> Mapping[str, str]:
    """What the name a record came under says about it: a "vendor" is a contact of type vendor."""
    for name in names:
        if hint := entity.hints.get(name.casefold()):
            return hint
    return {}


def modified_at(entity: Entity, payload: Mapping[str, Any]) -> datetime | None:
    """Zoho's modification time of the record, None when it has none. MappingError when it is nonsense."""
    record = Record(payload)
    return next((moment for key in entity.time_keys if (moment := record.moment(key))), None)


def parents_of(values: Iterable[Any]) -> set[tuple[str, str]]:
    """The hard parents (module, Zoho id) without which these values cannot be stored."""
    return {(MODULE_OF_MODEL[label], zoho_id) for one in values for label, zoho_id in getattr(one, "parents", ())}
