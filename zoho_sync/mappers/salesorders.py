from __future__ import annotations

from commerce.lengths import SHORT
from commerce.values import SalesOrderLineValues, SalesOrderValues
from zoho_sync.mappers.documents import read_customer, read_head, read_lines
from zoho_sync.mappers.parts import read_word
from zoho_sync.mappers.record import Record

QUANTITIES = ("quantity_invoiced", "quantity_packed", "quantity_shipped", "quantity_cancelled")


def map_salesorder(record: Record) -> SalesOrderValues:
    """Zoho sales order → sales order. Pure. `status` may be empty while it is a draft."""
    return SalesOrderValues(
        **read_head(record, id_key="salesorder_id", number_key="salesorder_number"),
        **read_customer(record),
        shipment_date=record.date("shipment_date"),
        order_status=read_word(record, "order_status"),
        invoiced_status=read_word(record, "invoiced_status"),
        paid_status=read_word(record, "paid_status"),
        shipped_status=read_word(record, "shipped_status"),
        delivery_method=record.text("delivery_method", "", limit=SHORT),
        sales_channel=record.text("sales_channel", "", limit=SHORT),
        lines=read_lines(record, SalesOrderLineValues, *QUANTITIES),
    )
