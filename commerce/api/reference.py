"""Currencies, taxes and corrections of stock."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema

from commerce.api.words import MIRRORED, SINCE, WAREHOUSE
from commerce.models import Currency, ExchangeRate, InventoryAdjustment, InventoryAdjustmentLine, Tax
from tsh_erp.rest.filters import MirroredFilter, ResourceFilter
from tsh_erp.rest.resources import Resource, Row

in_schema = extend_schema(tags=["erp: reference"])


class ErpCurrency(Row):
    class Meta:
        model = Currency
        fields = (
            *MIRRORED,
            *("code", "name", "symbol", "price_precision", "number_format", "is_base", "exchange_rate"),
            "effective_date",
        )


class ErpExchangeRate(Row):
    class Meta:
        model = ExchangeRate
        fields = ("id", "currency", "rate", "effective_date", "recorded_at")


class ErpTax(Row):
    class Meta:
        model = Tax
        fields = (
            *MIRRORED,
            *("name", "percentage", "type", "specific_type", "factor", "authority_name", "is_value_added"),
            *("is_default", "is_active"),
        )


class ErpAdjustmentLine(Row):
    costs = ("value_adjusted", "item_total")

    class Meta:
        model = InventoryAdjustmentLine
        fields = (
            *("id", "position", "product", "product_name", "description", "unit", "quantity_adjusted"),
            *("value_adjusted", "item_total", "account_name", *WAREHOUSE),
        )


class ErpAdjustment(Row):
    costs = ("total",)

    class Meta:
        model = InventoryAdjustment
        fields = (
            *MIRRORED,
            *("date", "reference", "type", "status", "reason", "description", "currency", "total", *WAREHOUSE),
        )


class ErpAdjustmentDetail(ErpAdjustment):
    lines = ErpAdjustmentLine(many=True, read_only=True)

    class Meta:
        model = ErpAdjustment.Meta.model
        fields = (*ErpAdjustment.Meta.fields, "custom_fields", "lines")


class CurrencyFilter(MirroredFilter):
    class Meta(MirroredFilter.Meta):
        model = Currency
        fields = ("code", "is_base")


class ExchangeRateFilter(ResourceFilter):
    class Meta(ResourceFilter.Meta):
        model = ExchangeRate
        fields = {"currency": ["exact"], "effective_date": SINCE}


class TaxFilter(MirroredFilter):
    class Meta(MirroredFilter.Meta):
        model = Tax
        fields = ("is_active", "type")


class AdjustmentFilter(MirroredFilter):
    class Meta(MirroredFilter.Meta):
        model = InventoryAdjustment
        fields = {**{name: ["exact"] for name in ("type", "status", "warehouse")}, "date": ["exact", *SINCE]}


@in_schema
class Currencies(Resource):
    """Currencies, each with the rate that Zoho last told."""

    queryset = Currency.objects.order_by("id")
    serializer_class = ErpCurrency
    filterset_class = CurrencyFilter


@in_schema
class ExchangeRates(Resource):
    """Every rate that was ever told, the latest first."""

    queryset = ExchangeRate.objects.order_by("-id")
    serializer_class = ErpExchangeRate
    filterset_class = ExchangeRateFilter


@in_schema
class Taxes(Resource):
    """Taxes and groups of taxes."""

    queryset = Tax.objects.order_by("id")
    serializer_class = ErpTax
    filterset_class = TaxFilter


@in_schema
class Adjustments(Resource):
    """Corrections of stock and of its value, the latest first. A single one comes with its lines."""

    queryset = InventoryAdjustment.objects.order_by("-date", "-id")
    detail_queryset = InventoryAdjustment.objects.prefetch_related("lines")
    serializer_class = ErpAdjustment
    detail_class = ErpAdjustmentDetail
    filterset_class = AdjustmentFilter


RESOURCES: dict[str, type[Resource]] = {
    "currencies": Currencies,
    "exchange-rates": ExchangeRates,
    "taxes": Taxes,
    "inventory-adjustments": Adjustments,
}
