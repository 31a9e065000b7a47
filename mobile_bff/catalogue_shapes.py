"""The shapes of answers about the catalogue, for the API's description."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from commerce.choices import BannerAction, PromotionKind
from mobile_bff.cards import KNOWN_FIELDS
from mobile_bff.shapes import MetaShape, MoneyShape, PageInfoShape, ReviewShape, Shape

TAGS = ["mobile: catalogue"]
CUSTOMER = OpenApiParameter(
    "customer_id", str, description="For salespeople and staff: whose prices; 403 or 404 for anybody else's."
)
FIELDS = OpenApiParameter(
    "fields", str, description=f"Only these fields of each card, between commas: {', '.join(KNOWN_FIELDS)}."
)
NARROWING = [
    OpenApiParameter("brand", str, description="Brands between commas, or the parameter several times."),
    OpenApiParameter("min_price", str, description="In the caller's currency."),
    OpenApiParameter("max_price", str, description="In the caller's currency; 422 when below min_price."),
    OpenApiParameter("in_stock", bool),
]


class ImageShape(Shape):
    thumb = serializers.CharField(help_text="A reference, resolved against the address of the API.")
    card = serializers.CharField()
    full = serializers.CharField()
    width = serializers.IntegerField(allow_null=True, help_text="Pixels of the full size.")
    height = serializers.IntegerField(allow_null=True)
    alt = serializers.CharField()


class StockShape(Shape):
    status = serializers.ChoiceField(choices=["in_stock", "low", "out"])
    available = serializers.IntegerField(allow_null=True, help_text="null: no stock is kept of it.")
    capped = serializers.BooleanField(help_text="There are more than `available`.")


class RatingShape(Shape):
    average = serializers.CharField(allow_null=True)
    count = serializers.IntegerField()


class CardShape(Shape):
    """A product in a list."""

    id = serializers.CharField()
    sku = serializers.CharField(allow_null=True)
    name = serializers.CharField()
    brand = serializers.CharField(allow_null=True)
    image = ImageShape(allow_null=True)
    price = MoneyShape()
    compare_at = MoneyShape(allow_null=True, help_text="What it cost until it fell within the last 30 days.")
    discount_percent = serializers.IntegerField(allow_null=True)
    stock = StockShape()
    rating = RatingShape()
    badges = serializers.ListField(child=serializers.ChoiceField(choices=["new", "best_seller", "sale"]))
    in_cart_qty = serializers.IntegerField()
    min_qty = serializers.IntegerField()
    step = serializers.IntegerField()
    name_ar = serializers.CharField(allow_null=True, required=False, help_text="With `fields`, and for staff.")
    name_en = serializers.CharField(allow_null=True, required=False, help_text="With `fields`, and for staff.")


class PlaceShape(Shape):
    id = serializers.CharField()
    name = serializers.CharField()


class WarehouseShape(PlaceShape):
    available = serializers.IntegerField()


class StockOfProductShape(StockShape):
    as_of = serializers.DateTimeField(allow_null=True)
    warehouses = WarehouseShape(many=True, required=False, help_text="For wholesale customers and staff.")


class CategoryOfProductShape(PlaceShape):
    path = PlaceShape(many=True)


class AttributeShape(Shape):
    name = serializers.CharField()
    value = serializers.CharField()


class VariantShape(Shape):
    id = serializers.CharField()
    sku = serializers.CharField(allow_null=True)
    name = serializers.CharField()
    options = serializers.DictField(child=serializers.CharField())
    price = MoneyShape()
    compare_at = MoneyShape(allow_null=True)
    stock = StockShape()
    image_index = serializers.IntegerField(allow_null=True, help_text="Its place among the product's images.")


class TierShape(Shape):
    min_qty = serializers.IntegerField()
    price = MoneyShape()


class MentionShape(Shape):
    id = serializers.CharField()
    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    code = serializers.CharField(allow_null=True)
    ends_at = serializers.DateTimeField(allow_null=True)


class ProductShape(CardShape):
    stock = StockOfProductShape()
    description = serializers.CharField()
    unit = serializers.CharField(allow_null=True)
    category = CategoryOfProductShape(allow_null=True)
    images = ImageShape(many=True)
    attributes = AttributeShape(many=True)
    variants = VariantShape(many=True)
    price_tiers = TierShape(many=True)
    promotions = MentionShape(many=True)
    warranty_months = serializers.IntegerField(allow_null=True)
    share_url = serializers.CharField(allow_null=True)
    description_ar = serializers.CharField(allow_null=True, required=False, help_text="With `fields`.")
    description_en = serializers.CharField(allow_null=True, required=False, help_text="With `fields`.")


class ReviewsOfProductShape(Shape):
    average = serializers.CharField(allow_null=True)
    count = serializers.IntegerField()
    histogram = serializers.DictField(child=serializers.IntegerField())
    items = ReviewShape(many=True)


class ProductAnswerShape(Shape):
    meta = MetaShape()
    product = ProductShape()
    reviews = ReviewsOfProductShape()
    related = CardShape(many=True, required=False, help_text="With include=related.")


class RelatedShape(Shape):
    meta = MetaShape()
    strategy = serializers.ChoiceField(choices=["bought_together", "same_category", "same_brand"])
    items = CardShape(many=True)


class CountedShape(PlaceShape):
    count = serializers.IntegerField()


class PriceRangeShape(Shape):
    min = MoneyShape(allow_null=True)
    max = MoneyShape(allow_null=True)


class CountShape(Shape):
    count = serializers.IntegerField()


class FacetsShape(Shape):
    categories = CountedShape(many=True)
    brands = CountedShape(many=True, help_text="A brand's id is its name.")
    price = PriceRangeShape()
    in_stock = CountShape()


class SortShape(Shape):
    active = serializers.CharField()
    options = serializers.ListField(child=serializers.CharField())


class CategoryCardShape(PlaceShape):
    image = ImageShape(allow_null=True)
    product_count = serializers.IntegerField()


class CategoryHeadShape(CategoryOfProductShape):
    children = CategoryCardShape(many=True, help_text="With the first page only.")


class CategoryProductsShape(Shape):
    meta = MetaShape()
    category = CategoryHeadShape()
    items = CardShape(many=True)
    page_info = PageInfoShape()
    facets = FacetsShape(allow_null=True, help_text="With the first page only.")
    sort = SortShape()


class QueryShape(Shape):
    q = serializers.CharField(help_text="As it was typed.")
    normalized = serializers.CharField(help_text="As it was looked for.")
    corrected = serializers.CharField(allow_null=True, help_text="What was likely meant.")
    matching = serializers.ChoiceField(choices=["all", "some"], help_text="Whether hits have all words or most.")


class NumberedPageInfoShape(PageInfoShape):
    page = serializers.IntegerField()


class SearchShape(Shape):
    meta = MetaShape()
    query = QueryShape()
    items = CardShape(many=True)
    page_info = NumberedPageInfoShape()
    facets = FacetsShape(allow_null=True, help_text="With the first page only.")
    sort = SortShape()
    suggestions = serializers.ListField(child=serializers.CharField(), help_text="When nothing was found.")


class SuggestedProductShape(Shape):
    id = serializers.CharField()
    sku = serializers.CharField(allow_null=True)
    name = serializers.CharField()
    price = MoneyShape()
    thumb = serializers.CharField(allow_null=True)


class SuggestShape(Shape):
    meta = MetaShape()
    query = QueryShape()
    queries = serializers.ListField(child=serializers.CharField(), help_text="How it may go on.")
    categories = PlaceShape(many=True)
    products = SuggestedProductShape(many=True)


class AppShape(Shape):
    min_version = serializers.CharField()
    latest_version = serializers.CharField()
    maintenance = serializers.BooleanField()
    maintenance_message = serializers.CharField(allow_null=True)
    store_url = serializers.CharField(allow_null=True)


class ActionShape(Shape):
    type = serializers.ChoiceField(choices=BannerAction.values)
    id = serializers.CharField(allow_null=True, help_text="A key, the words to search for, or an address.")


class BannerShape(Shape):
    id = serializers.CharField()
    title = serializers.CharField()
    image = ImageShape(allow_null=True)
    action = ActionShape()


class PromotionShape(MentionShape):
    description = serializers.CharField()
    type = serializers.ChoiceField(choices=PromotionKind.values)
    value = serializers.CharField(help_text="A percentage, or an amount in `currency`.")
    currency = serializers.CharField(allow_null=True)
    starts_at = serializers.DateTimeField(allow_null=True)
    image = ImageShape(allow_null=True)


class CartCountShape(Shape):
    item_count = serializers.IntegerField()


class CustomerOfHomeShape(Shape):
    id = serializers.CharField()
    name = serializers.CharField()
    balance = MoneyShape()
    credit_available = MoneyShape(allow_null=True)


class HomeMetaShape(MetaShape):
    degraded = serializers.ListField(child=serializers.CharField(), required=False)


class HomeShape(Shape):
    meta = HomeMetaShape()
    app = AppShape()
    layout = serializers.ListField(child=serializers.CharField())
    banners = BannerShape(many=True)
    categories = CategoryCardShape(many=True)
    promotions = PromotionShape(many=True)
    featured_products = CardShape(many=True)
    best_sellers = CardShape(many=True)
    new_arrivals = CardShape(many=True)
    recently_ordered = CardShape(many=True)
    cart = CartCountShape()
    customer = CustomerOfHomeShape(allow_null=True)
