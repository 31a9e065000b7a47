"""Where a record is shown in Zoho's own web application."""

from __future__ import annotations

from django.conf import settings

from zoho_sync.entities import BY_MODULE
from zoho_sync.models import ZohoConnection

DOMAINS = {
    "com": "zoho.com",
    "eu": "zoho.eu",
    "in": "zoho.in",
    "com.au": "zoho.com.au",
    "jp": "zoho.jp",
    "ca": "zohocloud.ca",
    "sa": "zoho.sa",
    "com.cn": "zoho.com.cn",
}
# As seen in the address bar; Zoho documents none of it. What is missing has no page for one record.
PAGES = {
    "item": "inventory/items",
    "itemgroup": "inventory/itemgroups",
    "contact": "contacts",
    "salesorder": "salesorders",
    "invoice": "invoices",
    "creditnote": "creditnotes",
    "customerpayment": "paymentsreceived",
    "purchaseorder": "purchaseorders",
    "bill": "bills",
    "vendorcredit": "vendorcredits",
    "vendorpayment": "paymentsmade",
    "inventoryadjustment": "inventory/adjustments",
}


def web_address(module: str, zoho_id: str) -> str | None:
    """The address of a record's page in Zoho, in the configured organisation; None where there is none."""
    organization = settings.ZOHO_ORGANIZATION_ID or _stored_organization()
    page = PAGES.get(module)
    if not organization or page is None:
        return None
    product = BY_MODULE[module].api
    return f"https://{product}.{DOMAINS[settings.ZOHO_REGION]}/app/{organization}#/{page}/{zoho_id}"


def _stored_organization() -> str:
    return ZohoConnection.objects.values_list("organization_id", flat=True).first() or ""
