"""Short ways to say what Zoho states, and one row of everything."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from catalog.services.price_lists import save_price_lists
from catalog.services.products import save_products
from catalog.services.warehouses import save_warehouses
from catalog.values import PriceListValues, ProductValues, WarehouseValues
from commerce.services.adjustments import save_adjustments
from commerce.services.currencies import save_currencies
from commerce.services.documents import (
    save_bills,
    save_credit_notes,
    save_invoices,
    save_purchase_orders,
    save_sales_orders,
    save_vendor_credits,
)
from commerce.services.parties import save_parties
from commerce.services.payments import save_customer_payments, save_vendor_payments
from commerce.services.taxes import save_taxes
from commerce.services.users import save_users
from commerce.values import (
    AddressValues,
    AdjustmentLineValues,
    AdjustmentValues,
    BillAllocationValues,
    BillValues,
    ContactPersonValues,
    CreditNoteValues,
    CurrencyValues,
    CustomerBalanceValues,
    CustomerPaymentValues,
    CustomerValues,
    InvoiceAllocationValues,
    InvoiceValues,
    LineValues,
    PurchaseOrderLineValues,
    PurchaseOrderValues,
    SalesOrderLineValues,
    SalesOrderValues,
    TaxValues,
    VendorBalanceValues,
    VendorCreditValues,
    VendorPaymentValues,
    VendorValues,
    ZohoUserValues,
)

NOON = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
LATER = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
DAY = date(2026, 3, 1)


def customer(zoho_id: str = "c1", **values: Any) -> CustomerValues:
    return CustomerValues(**{"zoho_id": zoho_id, "name": f"Customer {zoho_id}", "currency": "IQD", **values})


def vendor(zoho_id: str = "v1", **values: Any) -> VendorValues:
    return VendorValues(**{"zoho_id": zoho_id, "name": f"Vendor {zoho_id}", "currency": "USD", **values})


def line(product: str = "", **values: Any) -> LineValues:
    return LineValues(**{"product_zoho_id": product, "product_name": f"Product {product}", **values})


def invoice(zoho_id: str = "i1", **values: Any) -> InvoiceValues:
    number = {"number": f"INV-{zoho_id}", "date": DAY, "currency": "IQD", "customer_zoho_id": "c1"}
    return InvoiceValues(**{"zoho_id": zoho_id, **number, **values})


def bill(zoho_id: str = "b1", **values: Any) -> BillValues:
    number = {"number": f"BL-{zoho_id}", "date": DAY, "currency": "USD", "vendor_zoho_id": "v1"}
    return BillValues(**{"zoho_id": zoho_id, **number, **values})


def to_invoice(invoice_id: str, amount: str) -> InvoiceAllocationValues:
    return InvoiceAllocationValues(invoice_zoho_id=invoice_id, amount=Decimal(amount))


def to_bill(bill_id: str, amount: str) -> BillAllocationValues:
    return BillAllocationValues(bill_zoho_id=bill_id, amount=Decimal(amount))


def save_one_of_everything() -> None:
    """At least one row in every table, with text that a browser must not take for markup."""
    markup = "<script>alert(1)</script>"
    save_products([ProductValues(zoho_id="p1", name="HDMI cable")], at=NOON)
    save_warehouses([WarehouseValues(zoho_id="w1", name="Main")], at=NOON)
    save_price_lists([PriceListValues(zoho_id="l1", name="Wholesale", kind="per_item")], at=NOON)
    save_currencies(
        [CurrencyValues(zoho_id="usd", code="USD", exchange_rate=Decimal(1310), effective_date=DAY)], at=NOON
    )
    save_taxes([TaxValues(zoho_id="t1", name="VAT", percentage=Decimal("12.5"), type="tax")], at=NOON)
    save_users([ZohoUserValues(zoho_id="u1", name="Sara", email="sara@example.com", status="active")], at=NOON)
    people = (ContactPersonValues(first_name="Ali", phone="07701234567", is_primary=True),)
    addresses = (AddressValues(kind="billing", address=markup, city="Baghdad"),)
    custom_fields = [{"api_name": "cf", "label": markup, "data_type": "text", "value": markup}]
    save_parties(
        [
            customer(
                name=f"أحمد {markup}",
                phone="07701234567",
                credit_limit=Decimal("5000000"),
                price_list_zoho_id="l1",
                salesperson_zoho_id="u1",
                contact_persons=people,
                addresses=addresses,
                balances=(CustomerBalanceValues(currency="IQD", receivable=Decimal("1250.50")),),
                custom_fields=custom_fields,
            ),
            vendor(
                contact_persons=people,
                addresses=addresses,
                balances=(VendorBalanceValues(currency="USD", payable=Decimal(7)),),
            ),
        ],
        at=NOON,
    )
    head: dict[str, Any] = {
        "number": "N-1",
        "date": DAY,
        "status": "open",
        "currency": "IQD",
        "sub_total": Decimal(244),
        "tax_total": Decimal(0),
        "total": Decimal(250),
        "taxes": [{"name": markup, "amount": "2.50"}],
        "billing_address": {"address": markup},
        "warehouse_zoho_id": "w1",
        "custom_fields": custom_fields,
        "is_complete": True,
    }
    sale = head | {"customer_zoho_id": "c1", "salesperson_zoho_id": "u1"}
    purchase = head | {"vendor_zoho_id": "v1"}
    figures = {"quantity": Decimal(2), "rate": Decimal(122), "item_total": Decimal(244), "description": markup}
    lines = (line("p1", **figures), line("unknown", **figures))
    order_lines = (SalesOrderLineValues(product_zoho_id="p1", quantity_shipped=Decimal(1)),)
    save_sales_orders([SalesOrderValues(zoho_id="so1", lines=order_lines, **sale)], at=NOON)
    save_invoices([InvoiceValues(zoho_id="i1", lines=lines, sales_order_zoho_id="so1", **sale)], at=NOON)
    credit = (to_invoice("i1", "10"),)
    save_credit_notes([CreditNoteValues(zoho_id="cn1", lines=lines, allocations=credit, **sale)], at=NOON)
    purchase_lines = (PurchaseOrderLineValues(product_zoho_id="p1", quantity_received=Decimal(1)),)
    save_purchase_orders([PurchaseOrderValues(zoho_id="po1", lines=purchase_lines, **purchase)], at=NOON)
    save_bills([BillValues(zoho_id="b1", lines=lines, purchase_order_zoho_id="po1", **purchase)], at=NOON)
    refund = (to_bill("b1", "20"),)
    save_vendor_credits([VendorCreditValues(zoho_id="vc1", lines=lines, allocations=refund, **purchase)], at=NOON)
    paid = {"number": "7", "date": DAY, "amount": Decimal(100), "currency": "IQD", "custom_fields": custom_fields}
    save_customer_payments(
        [CustomerPaymentValues(zoho_id="cp1", customer_zoho_id="c1", allocations=(to_invoice("i1", "100"),), **paid)],
        at=NOON,
    )
    save_vendor_payments(
        [VendorPaymentValues(zoho_id="vp1", vendor_zoho_id="v1", allocations=(to_bill("b1", "100"),), **paid)], at=NOON
    )
    adjusted = AdjustmentLineValues(product_zoho_id="p1", quantity_adjusted=Decimal(-3))
    save_adjustments(
        [AdjustmentValues(zoho_id="a1", date=DAY, type="quantity", reason=markup, lines=(adjusted,))], at=NOON
    )
