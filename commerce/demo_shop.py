"""A shop to try the apps with on a desk: what staff would set up, and two people who can sign in.

Whatever is there already stays as it is, so that it can be run after every load.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Count
from PIL import Image, ImageDraw

from catalog.choices import Trade
from catalog.models import Category, PriceList, Product
from commerce.choices import Audience, BannerAction, Governorate, PaymentKind, PromotionKind
from commerce.models import (
    AppSettings,
    Banner,
    Customer,
    CustomerAccount,
    CustomerAddress,
    DeliveryMethod,
    PaymentMethod,
    Promotion,
    PromotionTarget,
)
from commerce.services.accounts import NewAccount, change_password, has_password, link_account, register
from commerce.services.addresses import AddressValues, add_address
from commerce.services.promotions import save_promotion
from commerce.services.shop import save_app_settings, save_banner, save_delivery_method, save_payment_method

CURRENCY = "IQD"
CONSUMER_PHONE, WHOLESALE_PHONE = "+9647701230001", "+9647701230002"
STORE_NAMES = {CONSUMER_PHONE: "سارة (تجربة)", WHOLESALE_PHONE: "علي (تجربة، جملة)"}
PICTURE = (1200, 480)

DELIVERIES: tuple[Mapping[str, Any], ...] = (
    {
        "name_ar": "توصيل داخل بغداد",
        "name_en": "Delivery in Baghdad",
        "price": 5_000,
        "governorates": [Governorate.BAGHDAD],
    },
    {
        "name_ar": "توصيل للمحافظات",
        "name_en": "Delivery to the governorates",
        "price": 8_000,
        "least_days": 2,
        "most_days": 4,
    },
    {
        "name_ar": "استلام من المحل",
        "name_en": "Pick up at the shop",
        "price": 0,
        "least_days": 0,
        "most_days": 0,
        "needs_address": False,
    },
    {"name_ar": "توصيل (دولار)", "name_en": "Delivery (dollars)", "price": 5, "currency": "USD"},
)
PAYMENTS: tuple[Mapping[str, Any], ...] = (
    {"code": "cod", "kind": PaymentKind.CASH, "name_ar": "نقدا عند الاستلام", "name_en": "Cash on delivery"},
    {"code": "on_account", "kind": PaymentKind.ON_ACCOUNT, "name_ar": "على الحساب", "name_en": "On account"},
    {"code": "card", "kind": PaymentKind.ELECTRONIC, "name_ar": "بطاقة", "name_en": "Card"},
)
PROMOTIONS: tuple[Mapping[str, Any], ...] = (
    {
        "name_ar": "خصم 10% على قسم مختار",
        "name_en": "10% off one category",
        "kind": PromotionKind.PERCENTAGE,
        "value": 10,
    },
    {
        "name_ar": "عيدية 5,000 دينار",
        "name_en": "5,000 dinars off",
        "kind": PromotionKind.FIXED,
        "value": 5_000,
        "currency": CURRENCY,
        "minimum": 50_000,
        "code": "EID5",
        "usage_limit": 100,
        "per_customer_limit": 1,
    },
    {
        "name_ar": "توصيل مجاني من 100,000",
        "name_en": "Free delivery from 100,000",
        "kind": PromotionKind.FREE_SHIPPING,
        "currency": CURRENCY,
        "minimum": 100_000,
    },
    {
        "name_ar": "اشتر 2 والثالث مجانا",
        "name_en": "Buy 2, get 1 free",
        "kind": PromotionKind.BUY_X_GET_Y,
        "buy": 2,
        "get": 1,
        "code": "THREE",
    },
)
BANNERS: tuple[tuple[str, str, tuple[int, int, int], tuple[int, int, int]], ...] = (
    ("عروض العيد", "Eid offers", (13, 92, 99), (242, 193, 78)),
    ("وصل حديثا", "New arrivals", (61, 52, 139), (118, 120, 237)),
)


@dataclass(frozen=True, kw_only=True)
class Login:
    """Somebody who can sign in on a phone; `customer` is whose prices they see."""

    phone: str
    customer: str
    price_list: str


def set_up_shop(*, at: datetime) -> str:
    """Settings, ways of delivery and payment, promotions and banners that are not there yet; how many, in words."""
    consumer_list = _consumer_list()
    settings = AppSettings.objects.current()
    if settings.consumer_price_list is None and consumer_list is not None:
        settings.consumer_price_list = consumer_list
        save_app_settings(settings, at=at)
    made = _methods(at=at) + _promotions(at=at) + _banners(at=at)
    return f"prices of consumers: {settings.consumer_price_list or 'no price list in dinars yet'}; {made} rows made"


def set_up_logins(password: str, *, at: datetime) -> list[Login]:
    """A consumer and, where a customer with a price list of their own is here, a wholesale customer."""
    accounts = [_account(CONSUMER_PHONE, password, at=at)]
    wholesaler = _wholesaler()
    if wholesaler is not None:
        account = _account(WHOLESALE_PHONE, password, at=at)
        staff = User.objects.filter(is_superuser=True).order_by("pk").first()
        if account.state == CustomerAccount.State.UNCONFIRMED and staff is not None:
            link_account(account.pk, wholesaler, by=staff, at=at)
            account.customer = wholesaler
        accounts.append(account)
    for account in accounts:
        _address(account, at=at)
    return [_login(account) for account in accounts]


def _methods(*, at: datetime) -> int:
    made = 0
    for place, values in enumerate(DELIVERIES):
        if not DeliveryMethod.objects.filter(name_en=values["name_en"]).exists():
            price = Decimal(values["price"])
            made += save_delivery_method(DeliveryMethod(**{**values, "price": price, "position": place}), at=at)
    for place, values in enumerate(PAYMENTS):
        if not PaymentMethod.objects.filter(code=values["code"]).exists():
            made += save_payment_method(PaymentMethod(**values, position=place), at=at)
    return made


def _promotions(*, at: datetime) -> int:
    made = 0
    for values in PROMOTIONS:
        if Promotion.objects.filter(name_en=values["name_en"]).exists():
            continue
        amounts = {name: Decimal(values[name]) for name in ("value", "minimum") if name in values}
        ends_at = at + timedelta(days=60)
        targets = []
        if values["kind"] == PromotionKind.PERCENTAGE:
            targets = [PromotionTarget(category=one) for one in _largest_categories()[:1]]
        promotion = Promotion(**{**values, **amounts, "ends_at": ends_at})
        made += save_promotion(promotion, targets, at=at)
    return made


def _banners(*, at: datetime) -> int:
    made = 0
    promotion = Promotion.objects.filter(name_en=PROMOTIONS[0]["name_en"]).first()
    categories = _largest_categories()
    for place, (arabic, english, ground, accent) in enumerate(BANNERS):
        if Banner.objects.filter(title_en=english).exists():
            continue
        upload = SimpleUploadedFile("banner.png", _picture(ground, accent))
        row = Banner(title_ar=arabic, title_en=english, image=upload, position=place, audience=Audience.EVERYBODY)
        if place == 0 and promotion is not None:
            row.action, row.promotion = BannerAction.PROMOTION, promotion
        elif categories:
            row.action, row.category = BannerAction.CATEGORY, categories[-1]
        made += save_banner(row, at=at)
    return made


def _picture(ground: tuple[int, int, int], accent: tuple[int, int, int]) -> bytes:
    """Circles on one colour: a picture without words, which phones put beside it."""
    picture = Image.new("RGB", PICTURE, ground)
    pen = ImageDraw.Draw(picture)
    for step, radius in enumerate((360, 260, 160)):
        share = (step + 1) / 3
        colour = tuple(round(a + (b - a) * share) for a, b in zip(ground, accent, strict=True))
        x, y = PICTURE[0] * 3 // 4, PICTURE[1] // 2
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
    file = BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def _consumer_list() -> PriceList | None:
    """The list in dinars to sell by that has the most prices; one that is called retail comes first."""
    lists = PriceList.objects.filter(is_active=True, retired_at__isnull=True, currency=CURRENCY)
    counted = lists.exclude(trade=Trade.PURCHASES).annotate(prices=Count("effective_prices")).filter(prices__gt=0)
    retail = counted.filter(name__contains="مفرد").first()
    return retail or counted.order_by("-prices", "pk").first()


def _wholesaler() -> Customer | None:
    account = CustomerAccount.objects.filter(phone=WHOLESALE_PHONE).select_related("customer").first()
    if account is not None and account.state == CustomerAccount.State.CONFIRMED:
        return account.customer
    live = Customer.objects.filter(zoho_id__isnull=False, retired_at__isnull=True, is_active=True)
    priced = live.filter(price_list__is_active=True, price_list__retired_at__isnull=True).exclude(
        price_list__trade=Trade.PURCHASES
    )
    return priced.exclude(price_list__currency=CURRENCY).filter(credit_limit__gt=0).order_by("pk").first() or (
        priced.order_by("pk").first()
    )


def _largest_categories() -> list[Category]:
    sold = Product.objects.shown().filter(category__isnull=False).order_by().values("category")
    keys = sold.annotate(count=Count("pk")).order_by("-count", "category").values_list("category", flat=True)[:2]
    found = Category.objects.in_bulk([*keys])
    return [found[key] for key in keys if key in found]


def _account(phone: str, password: str, *, at: datetime) -> CustomerAccount:
    """The account with this phone, made if need be; its password is this one."""
    register(NewAccount(name=STORE_NAMES[phone], phone=phone, password=password), at=at)
    account = CustomerAccount.objects.select_related("user", "customer__price_list").get(phone=phone)
    if not has_password(account.user, password):
        change_password(account.user, password, at=at)
    return account


def _address(account: CustomerAccount, *, at: datetime) -> None:
    if not CustomerAddress.objects.live().filter(customer=account.customer).exists():
        values = AddressValues(
            governorate=Governorate.BAGHDAD, district="الكرادة", phone=str(account.phone), landmark="قرب ساحة كهرمانة"
        )
        add_address(account.customer_id, values, at=at)


def _login(account: CustomerAccount) -> Login:
    price_list = account.customer.price_list or AppSettings.objects.current().consumer_price_list
    return Login(phone=str(account.phone), customer=account.customer.name, price_list=str(price_list or ""))
