"""Links to rows that came later than the rows that name them."""

import pytest

from catalog.models import PriceList, Product, Warehouse
from catalog.services.price_lists import save_price_lists
from catalog.services.products import save_products
from catalog.services.warehouses import save_warehouses
from catalog.tests.queries import steps
from catalog.values import PriceListValues, ProductValues, WarehouseValues
from commerce.models import Bill, Customer, InventoryAdjustmentLine, Invoice, InvoiceLine, SalesOrder, ZohoUser
from commerce.services import links
from commerce.services.adjustments import save_adjustments
from commerce.services.currencies import save_currencies
from commerce.services.documents import save_bills, save_invoices, save_purchase_orders, save_sales_orders
from commerce.services.parties import save_parties
from commerce.services.users import save_users
from commerce.tests.builders import LATER, NOON, bill, customer, invoice, line, vendor
from commerce.values import (
    AdjustmentLineValues,
    AdjustmentValues,
    CurrencyValues,
    PurchaseOrderValues,
    SalesOrderValues,
    ZohoUserValues,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def parties():
    save_parties([customer("c1", price_list_zoho_id="l1", salesperson_zoho_id="u1"), vendor("v1")], at=NOON)


def test_lines_are_linked_to_a_product_that_came_later():
    save_invoices([invoice(lines=(line("p1"), line("p2"), line("p1")))], at=NOON)
    adjusted = (AdjustmentLineValues(product_zoho_id="p1"),)
    save_adjustments([AdjustmentValues(zoho_id="a1", lines=adjusted)], at=NOON)
    save_products([ProductValues(zoho_id="p1", name="Cable")], at=NOON)

    assert links.attach_products(["p1", "p2"]) == 3

    product = Product.objects.get()
    assert [row.product for row in InvoiceLine.objects.order_by("position")] == [product, None, product]
    assert InventoryAdjustmentLine.objects.get().product == product
    assert links.attach_products(["p1"]) == 0


def test_customers_are_linked_to_price_list_and_salesperson():
    save_price_lists([PriceListValues(zoho_id="l1", name="Wholesale", kind="per_item")], at=NOON)
    save_users([ZohoUserValues(zoho_id="u1", name="Sara")], at=NOON)
    save_invoices([invoice(salesperson_zoho_id="u1")], at=NOON)
    Invoice.objects.update(salesperson=None)

    assert links.attach_price_lists(["l1"]) == 1
    assert links.attach_users(["u1"]) == 2

    row = Customer.objects.get()
    assert (row.price_list, row.salesperson) == (PriceList.objects.get(), ZohoUser.objects.get())
    assert Invoice.objects.get().salesperson == ZohoUser.objects.get()


def test_documents_and_lines_are_linked_to_their_warehouse():
    save_invoices([invoice(warehouse_zoho_id="w1", lines=(line("p1", warehouse_zoho_id="w1"),))], at=NOON)
    save_warehouses([WarehouseValues(zoho_id="w1", name="Main")], at=NOON)

    assert links.attach_warehouses(["w1"]) == 2
    assert Invoice.objects.get().warehouse == Warehouse.objects.get()


def test_invoices_and_bills_are_linked_to_their_orders():
    save_invoices([invoice(sales_order_zoho_id="so1")], at=NOON)
    save_bills([bill(purchase_order_zoho_id="po1")], at=NOON)
    save_sales_orders([SalesOrderValues(zoho_id="so1", customer_zoho_id="c1")], at=NOON)
    save_purchase_orders([PurchaseOrderValues(zoho_id="po1", vendor_zoho_id="v1")], at=NOON)

    assert (links.attach_sales_orders(["so1"]), links.attach_purchase_orders(["po1"])) == (1, 1)

    assert SalesOrder.objects.get().invoices.get() == Invoice.objects.get()
    assert Bill.objects.get().purchase_order.zoho_id == "po1"


def test_a_link_found_later_is_kept_by_the_next_news():
    save_invoices([invoice(sales_order_zoho_id="so1")], at=NOON)
    save_sales_orders([SalesOrderValues(zoho_id="so1", customer_zoho_id="c1")], at=NOON)
    links.attach_sales_orders(["so1"])

    assert save_invoices([invoice(sales_order_zoho_id="so1")], at=LATER).unchanged == {"i1"}


def test_documents_get_the_code_of_a_currency_that_came_later():
    save_bills([bill("b1", currency="", currency_zoho_id="7"), bill("b2", currency_zoho_id="7")], at=NOON)
    save_currencies([CurrencyValues(zoho_id="7", code="RMB")], at=NOON)

    assert links.attach_currencies(["7"]) == 1
    assert dict(Bill.objects.values_list("zoho_id", "currency")) == {"b1": "RMB", "b2": "USD"}


def test_one_statement_for_each_table():
    ids = [f"{number}" for number in range(50)]

    assert steps(lambda: links.attach_products(ids[:1])) == steps(lambda: links.attach_products(ids))
