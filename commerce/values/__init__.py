"""What the services of this app accept: frozen values, already in our words.

Their fields have the names of the columns they fill. `None` means unknown; an empty text is a text
that is not there. `<parent>_zoho_id` names a row of another table: a hard parent must be here
(`parents` lists them by model label), a soft one may come later. Collections are `None` when the
source did not state them, and are otherwise complete.
"""

from commerce.values.adjustments import AdjustmentLineValues, AdjustmentValues
from commerce.values.documents import (
    BillValues,
    CreditNoteValues,
    DocumentValues,
    InvoiceValues,
    LineValues,
    PurchaseOrderLineValues,
    PurchaseOrderValues,
    SalesOrderLineValues,
    SalesOrderValues,
    VendorCreditValues,
)
from commerce.values.parties import (
    AddressValues,
    ContactPersonValues,
    CustomerBalanceValues,
    CustomerValues,
    LocalPartyFields,
    PartyValues,
    VendorBalanceValues,
    VendorValues,
)
from commerce.values.payments import (
    BillAllocationValues,
    CustomerPaymentValues,
    InvoiceAllocationValues,
    PaymentValues,
    VendorPaymentValues,
)
from commerce.values.reference import CurrencyValues, TaxValues, ZohoUserValues

__all__ = [
    "AddressValues",
    "AdjustmentLineValues",
    "AdjustmentValues",
    "BillAllocationValues",
    "BillValues",
    "ContactPersonValues",
    "CreditNoteValues",
    "CurrencyValues",
    "CustomerBalanceValues",
    "CustomerPaymentValues",
    "CustomerValues",
    "DocumentValues",
    "InvoiceAllocationValues",
    "InvoiceValues",
    "LineValues",
    "LocalPartyFields",
    "PartyValues",
    "PaymentValues",
    "PurchaseOrderLineValues",
    "PurchaseOrderValues",
    "SalesOrderLineValues",
    "SalesOrderValues",
    "TaxValues",
    "VendorBalanceValues",
    "VendorCreditValues",
    "VendorPaymentValues",
    "VendorValues",
    "ZohoUserValues",
]
