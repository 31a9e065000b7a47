from commerce.models.adjustments import InventoryAdjustment, InventoryAdjustmentLine
from commerce.models.bills import Bill, BillLine
from commerce.models.contacts import ContactPerson, ZohoAddress
from commerce.models.credit_notes import CreditNote, CreditNoteAllocation, CreditNoteLine
from commerce.models.currencies import Currency, ExchangeRate
from commerce.models.customers import Customer, CustomerBalance
from commerce.models.invoices import Invoice, InvoiceLine
from commerce.models.payments import (
    CustomerPayment,
    CustomerPaymentAllocation,
    VendorPayment,
    VendorPaymentAllocation,
)
from commerce.models.purchase_orders import PurchaseOrder, PurchaseOrderLine
from commerce.models.sales_orders import SalesOrder, SalesOrderLine
from commerce.models.taxes import Tax
from commerce.models.users import ZohoUser
from commerce.models.vendor_credits import VendorCredit, VendorCreditAllocation, VendorCreditLine
from commerce.models.vendors import Vendor, VendorBalance

__all__ = [
    "Bill",
    "BillLine",
    "ContactPerson",
    "CreditNote",
    "CreditNoteAllocation",
    "CreditNoteLine",
    "Currency",
    "Customer",
    "CustomerBalance",
    "CustomerPayment",
    "CustomerPaymentAllocation",
    "ExchangeRate",
    "InventoryAdjustment",
    "InventoryAdjustmentLine",
    "Invoice",
    "InvoiceLine",
    "PurchaseOrder",
    "PurchaseOrderLine",
    "SalesOrder",
    "SalesOrderLine",
    "Tax",
    "Vendor",
    "VendorBalance",
    "VendorCredit",
    "VendorCreditAllocation",
    "VendorCreditLine",
    "VendorPayment",
    "VendorPaymentAllocation",
    "ZohoAddress",
    "ZohoUser",
]
