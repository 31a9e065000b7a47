from __future__ import annotations

from commerce.lengths import LINE, SHORT
from commerce.values import PurchaseOrderLineValues, PurchaseOrderValues
from zoho_sync.mappers.documents import read_head, read_lines, read_vendor
from zoho_sync.mappers.parts import read_address, read_first_text, read_link, read_word
from zoho_sync.mappers.record import Record

QUANTITIES = ("quantity_received", "quantity_billed", "quantity_cancelled")


def map_purchaseorder(record: Record) -> PurchaseOrderValues:
    """Zoho purchase order → purchase order. Pure. Where it is to be shipped stands under `delivery_address`."""
    head = read_head(record, id_key="purchaseorder_id", number_key="purchaseorder_number")
    return PurchaseOrderValues(
        **head | {"shipping_address": read_address(record, "delivery_address") or head["shipping_address"]},
        **read_vendor(record),
        delivery_date=record.date("delivery_date"),
        expected_delivery_date=record.date("expected_delivery_date"),
        order_status=read_word(record, "order_status"),
        received_status=read_word(record, "received_status"),
        billed_status=read_word(record, "billed_status"),
        delivery_method=read_first_text(record, "ship_via", "delivery_method", limit=SHORT),
        attention=record.text("attention", "", limit=LINE),
        **read_link(
            record, "sales_order", id_key="salesorder_id", number_key="salesorder_number", list_key="salesorders"
        ),
        lines=read_lines(record, PurchaseOrderLineValues, *QUANTITIES),
    )
