from commerce.models.accounts import CustomerAccount, DeviceToken
from commerce.models.addresses import CustomerAddress
from commerce.models.adjustments import InventoryAdjustment, InventoryAdjustmentLine
from commerce.models.app_settings import AppSettings
from commerce.models.banners import Banner
from commerce.models.best_sellers import BestSeller
from commerce.models.bills import Bill, BillLine
from commerce.models.carts import Cart, CartItem
from commerce.models.contacts import ContactPerson, ZohoAddress
from commerce.models.credit_notes import CreditNote, CreditNoteAllocation, CreditNoteLine
from commerce.models.currencies import Currency, ExchangeRate
from commerce.models.customers import Customer, CustomerBalance
from commerce.models.idempotency import IdempotencyKey
from commerce.models.invoices import Invoice, InvoiceLine
from commerce.models.methods import DeliveryMethod, PaymentMethod
from commerce.models.orders import AppOrder, AppOrderLine
from commerce.models.payments import (
    CustomerPayment,
    CustomerPaymentAllocation,
    VendorPayment,
    VendorPaymentAllocation,
)
from commerce.models.promotions import Promotion, PromotionTarget, PromotionUse
from commerce.models.purchase_orders import PurchaseOrder, PurchaseOrderLine
from commerce.models.reviews import ProductRating, Review
from commerce.models.sales_orders import SalesOrder, SalesOrderLine
from commerce.models.taxes import Tax
from commerce.models.users import ZohoUser
from commerce.models.vendor_credits import VendorCredit, VendorCreditAllocation, VendorCreditLine
from commerce.models.vendors import Vendor, VendorBalance

__all__ = [
    "AppOrder",
    "AppOrderLine",
    "AppSettings",
    "Banner",
    "BestSeller",
    "Bill",
    "BillLine",
    "Cart",
    "CartItem",
    "ContactPerson",
    "CreditNote",
    "CreditNoteAllocation",
    "CreditNoteLine",
    "Currency",
    "Customer",
    "CustomerAccount",
    "CustomerAddress",
    "CustomerBalance",
    "CustomerPayment",
    "CustomerPaymentAllocation",
    "DeliveryMethod",
    "DeviceToken",
    "ExchangeRate",
    "IdempotencyKey",
    "InventoryAdjustment",
    "InventoryAdjustmentLine",
    "Invoice",
    "InvoiceLine",
    "PaymentMethod",
    "ProductRating",
    "Promotion",
    "PromotionTarget",
    "PromotionUse",
    "PurchaseOrder",
    "PurchaseOrderLine",
    "Review",
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
