"""What was ordered and bought from vendors, and paid to them. Amounts are for those who may see costs."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema

from commerce.api.words import (
    ALLOCATION,
    DOCUMENT_DETAIL,
    DOCUMENT_FILTERS,
    LINE,
    MIRRORED,
    PURCHASE,
    WAREHOUSE,
    DocumentFilter,
    PurchaseLine,
    PurchaseRow,
)
from commerce.models import (
    Bill,
    BillLine,
    PurchaseOrder,
    PurchaseOrderLine,
    VendorCredit,
    VendorCreditAllocation,
    VendorCreditLine,
    VendorPayment,
    VendorPaymentAllocation,
)
from tsh_erp.rest.resources import Resource, Row

in_schema = extend_schema(tags=["erp: purchases"])
GIVEN = ("amount", "tax_withheld")
PAID = (*GIVEN, "unused_amount", "refunded", "bank_charges")
FILTERS = {**DOCUMENT_FILTERS, "vendor": ["exact"]}


class ErpPurchaseOrderLine(PurchaseLine):
    class Meta:
        model = PurchaseOrderLine
        fields = (*LINE, "quantity_received", "quantity_billed", "quantity_cancelled")


class ErpPurchaseOrder(PurchaseRow):
    class Meta:
        model = PurchaseOrder
        fields = (
            *PURCHASE,
            *("delivery_date", "expected_delivery_date", "order_status", "received_status", "billed_status"),
            *("delivery_method", "attention", "sales_order", "sales_order_name"),
        )


class ErpPurchaseOrderDetail(ErpPurchaseOrder):
    lines = ErpPurchaseOrderLine(many=True, read_only=True)

    class Meta:
        model = ErpPurchaseOrder.Meta.model
        fields = (*ErpPurchaseOrder.Meta.fields, *DOCUMENT_DETAIL)


class ErpBillLine(PurchaseLine):
    class Meta:
        model = BillLine
        fields = LINE


class ErpBill(PurchaseRow):
    class Meta:
        model = Bill
        fields = (
            *PURCHASE,
            *("due_date", "payments_applied", "credits_applied", "tax_withheld", "write_off"),
            *("purchase_order", "purchase_order_name"),
        )


class ErpBillDetail(ErpBill):
    lines = ErpBillLine(many=True, read_only=True)

    class Meta:
        model = ErpBill.Meta.model
        fields = (*ErpBill.Meta.fields, *DOCUMENT_DETAIL)


class ErpVendorCreditLine(PurchaseLine):
    class Meta:
        model = VendorCreditLine
        fields = LINE


class ErpVendorCreditAllocation(Row):
    costs = GIVEN

    class Meta:
        model = VendorCreditAllocation
        fields = (*ALLOCATION, "bill")


class ErpVendorCredit(PurchaseRow):
    class Meta:
        model = VendorCredit
        fields = (*PURCHASE, "credits_used", "refunded")


class ErpVendorCreditDetail(ErpVendorCredit):
    lines = ErpVendorCreditLine(many=True, read_only=True)
    allocations = ErpVendorCreditAllocation(many=True, read_only=True)

    class Meta:
        model = ErpVendorCredit.Meta.model
        fields = (*ErpVendorCredit.Meta.fields, *DOCUMENT_DETAIL, "allocations")


class ErpVendorPaymentAllocation(Row):
    costs = GIVEN

    class Meta:
        model = VendorPaymentAllocation
        fields = (*ALLOCATION, "bill")


class ErpVendorPayment(Row):
    costs = PAID

    class Meta:
        model = VendorPayment
        fields = (
            *MIRRORED,
            *("number", "reference", "date", "mode", "status", "description", "currency", "exchange_rate", *PAID),
            *("account_name", *WAREHOUSE, "vendor", "vendor_name"),
        )


class ErpVendorPaymentDetail(ErpVendorPayment):
    allocations = ErpVendorPaymentAllocation(many=True, read_only=True)

    class Meta:
        model = ErpVendorPayment.Meta.model
        fields = (*ErpVendorPayment.Meta.fields, "custom_fields", "allocations")


class PurchaseOrderFilter(DocumentFilter):
    class Meta(DocumentFilter.Meta):
        model = PurchaseOrder
        fields = FILTERS


class BillFilter(DocumentFilter):
    class Meta(DocumentFilter.Meta):
        model = Bill
        fields = {**FILTERS, "due_date": ["gte", "lt"], "purchase_order": ["exact"]}


class VendorCreditFilter(DocumentFilter):
    class Meta(DocumentFilter.Meta):
        model = VendorCredit
        fields = FILTERS


class VendorPaymentFilter(DocumentFilter):
    class Meta(DocumentFilter.Meta):
        model = VendorPayment
        fields = {**FILTERS, "mode": ["exact"]}


@in_schema
class PurchaseOrders(Resource):
    """Purchase orders, the latest first. A single one comes with its lines."""

    queryset = PurchaseOrder.objects.order_by("-date", "-id")
    detail_queryset = PurchaseOrder.objects.prefetch_related("lines")
    serializer_class = ErpPurchaseOrder
    detail_class = ErpPurchaseOrderDetail
    filterset_class = PurchaseOrderFilter


@in_schema
class Bills(Resource):
    """Bills of vendors, the latest first. A single one comes with its lines."""

    queryset = Bill.objects.order_by("-date", "-id")
    detail_queryset = Bill.objects.prefetch_related("lines")
    serializer_class = ErpBill
    detail_class = ErpBillDetail
    filterset_class = BillFilter


@in_schema
class VendorCredits(Resource):
    """Credits of vendors, the latest first. A single one comes with its lines and what it was applied to."""

    queryset = VendorCredit.objects.order_by("-date", "-id")
    detail_queryset = VendorCredit.objects.prefetch_related("lines", "allocations")
    serializer_class = ErpVendorCredit
    detail_class = ErpVendorCreditDetail
    filterset_class = VendorCreditFilter


@in_schema
class VendorPayments(Resource):
    """Payments to vendors, the latest first. A single one comes with what it was applied to."""

    queryset = VendorPayment.objects.order_by("-date", "-id")
    detail_queryset = VendorPayment.objects.prefetch_related("allocations")
    serializer_class = ErpVendorPayment
    detail_class = ErpVendorPaymentDetail
    filterset_class = VendorPaymentFilter


RESOURCES: dict[str, type[Resource]] = {
    "purchase-orders": PurchaseOrders,
    "bills": Bills,
    "vendor-credits": VendorCredits,
    "vendor-payments": VendorPayments,
}
