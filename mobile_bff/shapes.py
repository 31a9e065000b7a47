"""The shapes of answers about carts, checkout and orders, for the API's description."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from commerce.choices import Governorate, OrderStatus, PriceSource
from commerce.quotes import Obstacle
from commerce.totals import Refusal

Shape = serializers.Serializer[Any]
REFUSALS = [one.value for one in Refusal]


class MoneyShape(Shape):
    amount = serializers.CharField(help_text="Dinars whole, dollars with two digits.")
    currency = serializers.CharField()


class ListShape(Shape):
    id = serializers.CharField()
    name = serializers.CharField()


class MetaShape(Shape):
    catalog_version = serializers.IntegerField()
    synced_at = serializers.DateTimeField(allow_null=True)
    data_age_seconds = serializers.IntegerField(allow_null=True)
    stale = serializers.BooleanField()
    currency = serializers.CharField()
    price_list = ListShape(allow_null=True)


class ProblemOfQuoteShape(Shape):
    code = serializers.ChoiceField(choices=[one.value for one in Obstacle])
    item_id = serializers.CharField(allow_null=True)
    product_id = serializers.CharField(allow_null=True)
    available = serializers.IntegerField(required=False, help_text="With insufficient_stock.")
    old_price = MoneyShape(required=False, help_text="With price_changed.")
    new_price = MoneyShape(required=False, help_text="With price_changed.")
    reason = serializers.CharField(required=False)


class TotalsShape(Shape):
    items_subtotal = MoneyShape()
    items_discount = MoneyShape()
    shipping = MoneyShape()
    shipping_discount = MoneyShape()
    tax = MoneyShape()
    total = MoneyShape()
    rounding_adjustment = MoneyShape(help_text="What cash adds or takes off.")
    payable = MoneyShape()
    you_save = MoneyShape()


class PromotionOfQuoteShape(Shape):
    id = serializers.CharField(allow_null=True)
    name = serializers.CharField()
    code = serializers.CharField(allow_null=True)
    applied = serializers.BooleanField()
    amount = MoneyShape()
    reason = serializers.ChoiceField(choices=REFUSALS, allow_null=True)


class CouponShape(Shape):
    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field of that name
    applicable = serializers.BooleanField()
    reason = serializers.ChoiceField(choices=REFUSALS, allow_null=True)


class CartLineShape(Shape):
    id = serializers.CharField()
    product = serializers.DictField(help_text="A product card; without a price when it cannot be bought now.")
    quantity = serializers.IntegerField()
    unit_price = MoneyShape(allow_null=True)
    unit_price_snapshot = MoneyShape(allow_null=True, help_text="What one cost when it was put there or last accepted.")
    line_subtotal = MoneyShape()
    line_discount = MoneyShape()
    line_total = MoneyShape()
    problems = ProblemOfQuoteShape(many=True)


class CartBlockShape(Shape):
    id = serializers.CharField(allow_null=True)
    version = serializers.IntegerField()
    currency = serializers.CharField()
    item_count = serializers.IntegerField()
    items = CartLineShape(many=True)


class KeyedCartShape(CartBlockShape):
    key = serializers.CharField(allow_null=True, help_text="A guest sends it as X-Cart-Key from now on.")


class CartShape(Shape):
    meta = MetaShape()
    cart = KeyedCartShape()
    coupons = CouponShape(many=True)
    promotions = PromotionOfQuoteShape(many=True)
    totals = TotalsShape()
    problems = ProblemOfQuoteShape(many=True)
    dropped = serializers.ListField(child=serializers.CharField(), help_text="Products that could not be kept.")


class KeptAddressShape(Shape):
    """An address as it was when the order was placed."""

    id = serializers.CharField(allow_null=True)
    label = serializers.CharField()  # type: ignore[assignment]  # a field of that name
    recipient = serializers.CharField()
    phone = serializers.CharField()
    governorate = serializers.ChoiceField(choices=Governorate.choices)
    governorate_name = serializers.CharField()
    district = serializers.CharField()
    landmark = serializers.CharField()
    details = serializers.CharField()
    lat = serializers.CharField(allow_null=True)
    lng = serializers.CharField(allow_null=True)


class AddressShape(KeptAddressShape):
    """An address of a customer."""

    id = serializers.CharField()
    is_default = serializers.BooleanField()


class GovernorateShape(Shape):
    code = serializers.CharField()
    name = serializers.CharField()


class AddressesShape(Shape):
    items = AddressShape(many=True)
    governorates = GovernorateShape(many=True, help_text="To choose from.")


class DeliveryShape(Shape):
    id = serializers.CharField()
    name = serializers.CharField()
    price = MoneyShape()
    eta_days = serializers.ListField(child=serializers.IntegerField(), min_length=2, max_length=2)
    available = serializers.BooleanField()
    reason = serializers.CharField(allow_null=True)


class PaymentShape(Shape):
    code = serializers.CharField()
    name = serializers.CharField()
    available = serializers.BooleanField()
    reason = serializers.CharField(allow_null=True)


class BuyerShape(Shape):
    id = serializers.CharField()
    name = serializers.CharField()
    phone = serializers.CharField(allow_null=True)
    balance = MoneyShape(allow_null=True)
    credit_limit = MoneyShape(allow_null=True)
    credit_available = MoneyShape(allow_null=True)
    on_hold = serializers.BooleanField()


class AgreementShape(Shape):
    hash = serializers.CharField()
    expires_at = serializers.DateTimeField()
    price_list_version = serializers.IntegerField()


class CheckoutShape(Shape):
    meta = MetaShape()
    customer = BuyerShape()
    cart = CartBlockShape()
    addresses = AddressShape(many=True)
    shipping_methods = DeliveryShape(many=True)
    payment_methods = PaymentShape(many=True)
    coupons = CouponShape(many=True)
    promotions = PromotionOfQuoteShape(many=True)
    totals = TotalsShape()
    problems = ProblemOfQuoteShape(many=True)
    quote = AgreementShape()
    can_place_order = serializers.BooleanField()


class DiscountShape(Shape):
    code = serializers.CharField(allow_null=True)
    promotion_id = serializers.CharField()
    amount = MoneyShape()


class TaxShape(Shape):
    rate = serializers.CharField(help_text="In percent.")
    inclusive = serializers.BooleanField()
    amount = MoneyShape()


class BilledLineShape(Shape):
    product_id = serializers.CharField()
    quantity = serializers.IntegerField()
    unit_price = MoneyShape(allow_null=True)
    price_source = serializers.ChoiceField(choices=PriceSource.choices, allow_null=True)
    subtotal = MoneyShape()
    discounts = DiscountShape(many=True)
    discount_total = MoneyShape()
    tax = TaxShape()
    total = MoneyShape()
    problems = ProblemOfQuoteShape(many=True)


class BillShape(Shape):
    currency = serializers.CharField()
    items = BilledLineShape(many=True)
    totals = TotalsShape()
    promotions = PromotionOfQuoteShape(many=True)
    problems = ProblemOfQuoteShape(many=True)
    quote = AgreementShape()
    can_place_order = serializers.BooleanField()


class OrderLineShape(Shape):
    product_id = serializers.CharField()
    name = serializers.CharField()
    sku = serializers.CharField(allow_null=True)
    image = serializers.DictField(allow_null=True, help_text="As on a product card.")
    quantity = serializers.IntegerField()
    unit_price = MoneyShape()
    subtotal = MoneyShape()
    discount = MoneyShape()
    tax = MoneyShape()
    total = MoneyShape()


class OrderHeadShape(Shape):
    id = serializers.CharField()
    number = serializers.CharField()
    status = serializers.ChoiceField(choices=OrderStatus.choices)
    status_name = serializers.CharField()
    placed_at = serializers.DateTimeField()
    item_count = serializers.IntegerField()
    payable = MoneyShape()
    can_cancel = serializers.BooleanField()


class PageInfoShape(Shape):
    next_cursor = serializers.CharField(allow_null=True)
    next_page = serializers.IntegerField(allow_null=True)
    has_more = serializers.BooleanField()
    page_size = serializers.IntegerField()
    total = serializers.IntegerField(allow_null=True)
    total_is_exact = serializers.BooleanField()


class OrdersShape(Shape):
    items = OrderHeadShape(many=True)
    page_info = PageInfoShape()


class ChosenShape(Shape):
    code = serializers.CharField(required=False)
    id = serializers.CharField(required=False, allow_null=True)
    name = serializers.CharField()


class OrderShape(OrderHeadShape):
    currency = serializers.CharField()
    items = OrderLineShape(many=True)
    totals = TotalsShape()
    coupon_codes = serializers.ListField(child=serializers.CharField())
    address = KeptAddressShape(allow_null=True)
    shipping_method = ChosenShape(allow_null=True)
    payment_method = ChosenShape()
    note = serializers.CharField()
    cancelled_at = serializers.DateTimeField(allow_null=True)


class OrderAnswerShape(Shape):
    order = OrderShape()


class ReviewShape(Shape):
    id = serializers.CharField()
    rating = serializers.IntegerField()
    title = serializers.CharField()
    body = serializers.CharField()
    author = serializers.CharField()
    verified = serializers.BooleanField()
    created_at = serializers.DateTimeField()


class OwnReviewShape(ReviewShape):
    status = serializers.CharField(help_text="pending, approved or rejected; only its author sees it.")
    rejection_reason = serializers.CharField(allow_null=True)


class ReviewsShape(Shape):
    meta = MetaShape()
    average = serializers.CharField(allow_null=True)
    count = serializers.IntegerField()
    histogram = serializers.DictField(child=serializers.IntegerField())
    items = ReviewShape(many=True)
    own = OwnReviewShape(allow_null=True)
    page_info = PageInfoShape()
