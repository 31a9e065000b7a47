"""What customers ordered, owe and got back."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema

from commerce.api.words import (
    ALLOCATION,
    DOCUMENT_DETAIL,
    DOCUMENT_FILTERS,
    LINE,
    MIRRORED,
    SALE,
    WAREHOUSE,
    DocumentFilter,
)
from commerce.models import (
    CreditNote,
    CreditNoteAllocation,
    CreditNoteLine,
    CustomerPayment,
    CustomerPaymentAllocation,
    Invoice,
    InvoiceLine,
    SalesOrder,
    SalesOrderLine,
)
from tsh_erp.rest.resources import Resource, Row

in_schema = extend_schema(tags=["erp: sales"])
WHOSE = {name: ["exact"] for name in ("customer", "salesperson")}


class ErpSalesOrderLine(Row):
    class Meta:
        model = SalesOrderLine
        fields = (*LINE, "quantity_invoiced", "quantity_packed", "quantity_shipped", "quantity_cancelled")


class ErpSalesOrder(Row):
    class Meta:
        model = SalesOrder
        fields = (
            *SALE,
            *("shipment_date", "order_status", "invoiced_status", "paid_status", "shipped_status"),
            *("delivery_method", "sales_channel"),
        )


class ErpSalesOrderDetail(ErpSalesOrder):
    lines = ErpSalesOrderLine(many=True, read_only=True)

    class Meta:
        model = ErpSalesOrder.Meta.model
        fields = (*ErpSalesOrder.Meta.fields, *DOCUMENT_DETAIL)


class ErpInvoiceLine(Row):
    class Meta:
        model = InvoiceLine
        fields = LINE


class ErpInvoice(Row):
    class Meta:
        model = Invoice
        fields = (
            *SALE,
            *("due_date", "payment_expected_date", "last_payment_date", "payments_applied", "credits_applied"),
            *("tax_withheld", "write_off", "sales_order", "sales_order_name"),
        )


class ErpInvoiceDetail(ErpInvoice):
    lines = ErpInvoiceLine(many=True, read_only=True)

    class Meta:
        model = ErpInvoice.Meta.model
        fields = (*ErpInvoice.Meta.fields, *DOCUMENT_DETAIL)


class ErpCreditNoteLine(Row):
    class Meta:
        model = CreditNoteLine
        fields = LINE


class ErpCreditNoteAllocation(Row):
    class Meta:
        model = CreditNoteAllocation
        fields = (*ALLOCATION, "invoice")


class ErpCreditNote(Row):
    class Meta:
        model = CreditNote
        fields = (*SALE, "credits_used", "refunded")


class ErpCreditNoteDetail(ErpCreditNote):
    lines = ErpCreditNoteLine(many=True, read_only=True)
    allocations = ErpCreditNoteAllocation(many=True, read_only=True)

    class Meta:
        model = ErpCreditNote.Meta.model
        fields = (*ErpCreditNote.Meta.fields, *DOCUMENT_DETAIL, "allocations")


class ErpCustomerPayment(Row):
    class Meta:
        model = CustomerPayment
        fields = (
            *MIRRORED,
            *("number", "reference", "date", "mode", "status", "description", "currency", "exchange_rate", "amount"),
            *("unused_amount", "refunded", "bank_charges", "tax_withheld", "account_name", *WAREHOUSE),
            *("customer", "customer_name"),
        )


class ErpCustomerPaymentAllocation(Row):
    class Meta:
        model = CustomerPaymentAllocation
        fields = (*ALLOCATION, "invoice")


class ErpCustomerPaymentDetail(ErpCustomerPayment):
    allocations = ErpCustomerPaymentAllocation(many=True, read_only=True)

    class Meta:
        model = ErpCustomerPayment.Meta.model
        fields = (*ErpCustomerPayment.Meta.fields, "custom_fields", "allocations")


class SalesOrderFilter(DocumentFilter):
    class Meta(DocumentFilter.Meta):
        model = SalesOrder
        fields = {**DOCUMENT_FILTERS, **WHOSE}


class InvoiceFilter(DocumentFilter):
    class Meta(DocumentFilter.Meta):
        model = Invoice
        fields = {**DOCUMENT_FILTERS, **WHOSE, "sales_order": ["exact"], "due_date": ["gte", "lt"]}


class CreditNoteFilter(DocumentFilter):
    class Meta(DocumentFilter.Meta):
        model = CreditNote
        fields = {**DOCUMENT_FILTERS, **WHOSE}


class CustomerPaymentFilter(DocumentFilter):
    class Meta(DocumentFilter.Meta):
        model = CustomerPayment
        fields = {**DOCUMENT_FILTERS, "customer": ["exact"], "mode": ["exact"]}


@in_schema
class SalesOrders(Resource):
    """Sales orders of Zoho, the latest first. A single one comes with its lines."""

    queryset = SalesOrder.objects.order_by("-date", "-id")
    detail_queryset = SalesOrder.objects.prefetch_related("lines")
    serializer_class = ErpSalesOrder
    detail_class = ErpSalesOrderDetail
    filterset_class = SalesOrderFilter


@in_schema
class Invoices(Resource):
    """Invoices, the latest first. A single one comes with its lines."""

    queryset = Invoice.objects.order_by("-date", "-id")
    detail_queryset = Invoice.objects.prefetch_related("lines")
    serializer_class = ErpInvoice
    detail_class = ErpInvoiceDetail
    filterset_class = InvoiceFilter


@in_schema
class CreditNotes(Resource):
    """Credit notes, the latest first. A single one comes with its lines and what it was applied to."""

    queryset = CreditNote.objects.order_by("-date", "-id")
    detail_queryset = CreditNote.objects.prefetch_related("lines", "allocations")
    serializer_class = ErpCreditNote
    detail_class = ErpCreditNoteDetail
    filterset_class = CreditNoteFilter


@in_schema
class CustomerPayments(Resource):
    """Payments of customers, the latest first. A single one comes with what it was applied to."""

    queryset = CustomerPayment.objects.order_by("-date", "-id")
    detail_queryset = CustomerPayment.objects.prefetch_related("allocations")
    serializer_class = ErpCustomerPayment
    detail_class = ErpCustomerPaymentDetail
    filterset_class = CustomerPaymentFilter


RESOURCES: dict[str, type[Resource]] = {
    "sales-orders": SalesOrders,
    "invoices": Invoices,
    "credit-notes": CreditNotes,
    "customer-payments": CustomerPayments,
}
