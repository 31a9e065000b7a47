"""What the apps sell by: promotions, carts, orders, reviews, and the ways to deliver and pay."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema

from commerce.api.words import SINCE
from commerce.models import (
    AppOrder,
    AppOrderLine,
    Banner,
    BestSeller,
    Cart,
    CartItem,
    DeliveryMethod,
    PaymentMethod,
    Promotion,
    PromotionTarget,
    Review,
)
from tsh_erp.rest.filters import KeysFilter, ResourceFilter
from tsh_erp.rest.resources import Resource, Row

in_schema = extend_schema(tags=["erp: apps"])
STAMPS = ("created_at", "updated_at")


class ErpAppOrderLine(Row):
    class Meta:
        model = AppOrderLine
        fields = (
            *("id", "position", "product", "product_name", "sku", "quantity", "unit_price", "price_list"),
            *("price_source", "subtotal", "discount", "discounts", "tax_rate", "tax", "total"),
        )


class ErpAppOrder(Row):
    class Meta:
        model = AppOrder
        fields = (
            *("id", "number", "customer", "status", "placed_at", "currency", "exchange_rate", "exchange_rate_date"),
            *("items_subtotal", "items_discount", "shipping", "shipping_discount", "tax", "prices_include_tax"),
            *("total", "rounding_adjustment", "payable", "coupon_codes", "delivery_method", "delivery_name"),
            *("payment_code", "payment_kind", "payment_name", "note", "app", "sent_at", "sales_order"),
            *("cancelled_at", "cancel_reason", *STAMPS),
        )


class ErpAppOrderDetail(ErpAppOrder):
    lines = ErpAppOrderLine(many=True, read_only=True)

    class Meta:
        model = ErpAppOrder.Meta.model
        fields = (*ErpAppOrder.Meta.fields, "address", "lines")


class ErpPromotionTarget(Row):
    class Meta:
        model = PromotionTarget
        fields = ("id", "product", "category", "brand", "customer", "customer_kind", "price_list")


class ErpPromotion(Row):
    class Meta:
        model = Promotion
        fields = (
            *("id", "name_ar", "name_en", "kind", "value", "currency", "most", "buy", "get", "minimum"),
            *("minimum_quantity", "code", "starts_at", "ends_at", "is_active", "is_advertised", "usage_limit"),
            *("per_customer_limit", "used", "priority", "is_exclusive", *STAMPS),
        )


class ErpPromotionDetail(ErpPromotion):
    targets = ErpPromotionTarget(many=True, read_only=True)

    class Meta:
        model = ErpPromotion.Meta.model
        fields = (*ErpPromotion.Meta.fields, "description_ar", "description_en", "targets")


class ErpCartItem(Row):
    class Meta:
        model = CartItem
        fields = ("id", "product", "quantity", "unit_price", "currency", "price_list", *STAMPS)


class ErpCart(Row):
    class Meta:
        model = Cart
        fields = ("id", "customer", "state", "currency", "version", "coupon_codes", "expires_at", *STAMPS)


class ErpCartDetail(ErpCart):
    items = ErpCartItem(many=True, read_only=True)

    class Meta:
        model = ErpCart.Meta.model
        fields = (*ErpCart.Meta.fields, "items")


class ErpReview(Row):
    class Meta:
        model = Review
        fields = (
            *("id", "product", "customer", "rating", "title", "body", "is_verified", "status", "written_at"),
            *("moderated_at", "rejection_reason"),
        )


class ErpDeliveryMethod(Row):
    class Meta:
        model = DeliveryMethod
        fields = (
            *("id", "name_ar", "name_en", "price", "currency", "least_days", "most_days", "governorates"),
            *("needs_address", "is_active", "position"),
        )


class ErpPaymentMethod(Row):
    class Meta:
        model = PaymentMethod
        fields = ("id", "name_ar", "name_en", "code", "kind", "is_active", "position")


class ErpBanner(Row):
    class Meta:
        model = Banner
        fields = (
            *("id", "title_ar", "title_en", "action", "category", "product", "promotion", "search_words", "link"),
            *("audience", "starts_at", "ends_at", "is_active", "position"),
        )


class ErpBestSeller(Row):
    class Meta:
        model = BestSeller
        fields = ("product", "rank", "quantity", "orders", "computed_at")


class AppOrderFilter(ResourceFilter):
    class Meta(ResourceFilter.Meta):
        model = AppOrder
        fields = {**{name: ["exact"] for name in ("customer", "status", "number")}, "placed_at": SINCE}


class PromotionFilter(ResourceFilter):
    class Meta(ResourceFilter.Meta):
        model = Promotion
        fields = ("kind", "code", "is_active", "is_exclusive")


class CartFilter(ResourceFilter):
    class Meta(ResourceFilter.Meta):
        model = Cart
        fields = {"customer": ["exact"], "state": ["exact"], "updated_at": SINCE}


class ReviewFilter(ResourceFilter):
    class Meta(ResourceFilter.Meta):
        model = Review
        fields = {**{name: ["exact"] for name in ("product", "customer", "status", "rating")}, "written_at": SINCE}


class ActiveFilter(ResourceFilter):
    class Meta(ResourceFilter.Meta):
        model = DeliveryMethod
        fields = ("is_active",)


class PaymentMethodFilter(ResourceFilter):
    class Meta(ResourceFilter.Meta):
        model = PaymentMethod
        fields = ("is_active",)


class BannerFilter(ResourceFilter):
    class Meta(ResourceFilter.Meta):
        model = Banner
        fields = ("is_active", "audience")


class BestSellerFilter(ResourceFilter):
    product = KeysFilter(help_text="keys of products between commas, at most 200")

    class Meta(ResourceFilter.Meta):
        model = BestSeller
        fields = {"rank": ["lte"]}


@in_schema
class AppOrders(Resource):
    """Orders placed in the apps, the latest first. A single one comes with its lines and its address."""

    queryset = AppOrder.objects.order_by("-placed_at", "-id")
    detail_queryset = AppOrder.objects.prefetch_related("lines")
    serializer_class = ErpAppOrder
    detail_class = ErpAppOrderDetail
    filterset_class = AppOrderFilter


@in_schema
class Promotions(Resource):
    """Promotions. A single one comes with its targets."""

    queryset = Promotion.objects.order_by("id")
    detail_queryset = Promotion.objects.prefetch_related("targets")
    serializer_class = ErpPromotion
    detail_class = ErpPromotionDetail
    filterset_class = PromotionFilter


@in_schema
class Carts(Resource):
    """Carts of customers and guests, the latest first. A single one comes with its lines."""

    queryset = Cart.objects.order_by("-id")
    detail_queryset = Cart.objects.prefetch_related("items")
    serializer_class = ErpCart
    detail_class = ErpCartDetail
    filterset_class = CartFilter


@in_schema
class Reviews(Resource):
    """Reviews in every state, the latest first."""

    queryset = Review.objects.order_by("-id")
    serializer_class = ErpReview
    filterset_class = ReviewFilter


@in_schema
class DeliveryMethods(Resource):
    """Ways of delivery."""

    queryset = DeliveryMethod.objects.order_by("id")
    serializer_class = ErpDeliveryMethod
    filterset_class = ActiveFilter


@in_schema
class PaymentMethods(Resource):
    """Ways to pay."""

    queryset = PaymentMethod.objects.order_by("id")
    serializer_class = ErpPaymentMethod
    filterset_class = PaymentMethodFilter


@in_schema
class Banners(Resource):
    """Banners of the home screen."""

    queryset = Banner.objects.order_by("id")
    serializer_class = ErpBanner
    filterset_class = BannerFilter


@in_schema
class BestSellers(Resource):
    """The place of each product among all that were sold lately, the best first."""

    queryset = BestSeller.objects.order_by("rank", "pk")
    serializer_class = ErpBestSeller
    filterset_class = BestSellerFilter


RESOURCES: dict[str, type[Resource]] = {
    "app-orders": AppOrders,
    "promotions": Promotions,
    "carts": Carts,
    "reviews": Reviews,
    "delivery-methods": DeliveryMethods,
    "payment-methods": PaymentMethods,
    "banners": Banners,
    "best-sellers": BestSellers,
}
