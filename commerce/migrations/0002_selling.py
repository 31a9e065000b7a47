from decimal import Decimal

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import catalog.models.picture_field
import commerce.models.methods
import tsh_erp.common.fields


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("catalog", "0004_fill_derived"),
        ("commerce", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="PaymentMethod",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated at")),
                ("name_ar", models.CharField(blank=True, default="", max_length=255, verbose_name="Arabic name")),
                ("name_en", models.CharField(blank=True, default="", max_length=255, verbose_name="English name")),
                ("code", models.SlugField(unique=True, verbose_name="code")),
                (
                    "kind",
                    models.CharField(
                        choices=[("cash", "cash"), ("on_account", "on account"), ("electronic", "electronic")],
                        max_length=20,
                        verbose_name="kind",
                    ),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                ("position", models.PositiveIntegerField(default=0, verbose_name="position")),
            ],
            options={
                "verbose_name": "payment method",
                "verbose_name_plural": "payment methods",
                "ordering": ("position", "id"),
            },
        ),
        migrations.CreateModel(
            name="ProductRating",
            fields=[
                (
                    "product",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="rating",
                        serialize=False,
                        to="catalog.product",
                        verbose_name="product",
                    ),
                ),
                ("count", models.PositiveIntegerField(verbose_name="reviews")),
                ("average", models.DecimalField(decimal_places=2, max_digits=3, verbose_name="average")),
                ("stars_1", models.PositiveIntegerField(default=0, verbose_name="one star")),
                ("stars_2", models.PositiveIntegerField(default=0, verbose_name="two stars")),
                ("stars_3", models.PositiveIntegerField(default=0, verbose_name="three stars")),
                ("stars_4", models.PositiveIntegerField(default=0, verbose_name="four stars")),
                ("stars_5", models.PositiveIntegerField(default=0, verbose_name="five stars")),
            ],
            options={
                "verbose_name": "rating of a product",
                "verbose_name_plural": "ratings of products",
                "ordering": ("product_id",),
            },
        ),
        migrations.CreateModel(
            name="BestSeller",
            fields=[
                (
                    "product",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="sales_rank",
                        serialize=False,
                        to="catalog.product",
                        verbose_name="product",
                    ),
                ),
                ("rank", models.PositiveIntegerField(verbose_name="rank")),
                (
                    "quantity",
                    tsh_erp.common.fields.QuantityField(decimal_places=6, max_digits=24, verbose_name="quantity sold"),
                ),
                ("orders", models.PositiveIntegerField(verbose_name="invoices")),
                ("computed_at", models.DateTimeField(verbose_name="counted at")),
            ],
            options={
                "verbose_name": "best seller",
                "verbose_name_plural": "best sellers",
                "ordering": ("rank",),
                "indexes": [models.Index(fields=["rank"], name="best_seller_rank")],
            },
        ),
        migrations.CreateModel(
            name="Cart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated at")),
                (
                    "guest_digest",
                    models.CharField(
                        blank=True, default="", editable=False, max_length=64, verbose_name="digest of the guest's key"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("active", "active"), ("ordered", "ordered"), ("merged", "merged into another")],
                        default="active",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                (
                    "currency",
                    tsh_erp.common.fields.CurrencyField(blank=True, default="", max_length=10, verbose_name="currency"),
                ),
                ("version", models.PositiveBigIntegerField(default=0, verbose_name="version")),
                ("coupon_codes", models.JSONField(blank=True, default=list, verbose_name="codes")),
                (
                    "expires_at",
                    models.DateTimeField(
                        blank=True, help_text="Only a guest's cart does.", null=True, verbose_name="expires at"
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="carts",
                        to="commerce.customer",
                        verbose_name="customer",
                    ),
                ),
            ],
            options={
                "verbose_name": "cart",
                "verbose_name_plural": "carts",
                "ordering": ("-updated_at", "-id"),
            },
        ),
        migrations.CreateModel(
            name="CartItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated at")),
                ("quantity", models.PositiveIntegerField(verbose_name="quantity")),
                (
                    "unit_price",
                    tsh_erp.common.fields.MoneyField(decimal_places=6, max_digits=24, verbose_name="price at the time"),
                ),
                (
                    "currency",
                    tsh_erp.common.fields.CurrencyField(blank=True, default="", max_length=10, verbose_name="currency"),
                ),
                ("priced_at", models.DateTimeField(verbose_name="priced at")),
                (
                    "cart",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="items",
                        to="commerce.cart",
                        verbose_name="cart",
                    ),
                ),
                (
                    "price_list",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="catalog.pricelist",
                        verbose_name="price list",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="cart_items",
                        to="catalog.product",
                        verbose_name="product",
                    ),
                ),
            ],
            options={
                "verbose_name": "line of a cart",
                "verbose_name_plural": "lines of carts",
                "ordering": ("cart_id", "id"),
            },
        ),
        migrations.CreateModel(
            name="CustomerAddress",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated at")),
                (
                    "label",
                    models.CharField(
                        blank=True, default="", help_text="Home, shop, …", max_length=100, verbose_name="label"
                    ),
                ),
                ("recipient", models.CharField(blank=True, default="", max_length=255, verbose_name="recipient")),
                ("phone", models.CharField(max_length=100, verbose_name="phone")),
                (
                    "governorate",
                    models.CharField(
                        choices=[
                            ("IQ-AN", "Al Anbar"),
                            ("IQ-AR", "Erbil"),
                            ("IQ-BA", "Basra"),
                            ("IQ-BB", "Babil"),
                            ("IQ-BG", "Baghdad"),
                            ("IQ-DA", "Duhok"),
                            ("IQ-DI", "Diyala"),
                            ("IQ-DQ", "Dhi Qar"),
                            ("IQ-HA", "Halabja"),
                            ("IQ-KA", "Karbala"),
                            ("IQ-KI", "Kirkuk"),
                            ("IQ-MA", "Maysan"),
                            ("IQ-MU", "Al Muthanna"),
                            ("IQ-NA", "Najaf"),
                            ("IQ-NI", "Nineveh"),
                            ("IQ-QA", "Al Qadisiyah"),
                            ("IQ-SD", "Saladin"),
                            ("IQ-SU", "Sulaymaniyah"),
                            ("IQ-WA", "Wasit"),
                        ],
                        max_length=10,
                        verbose_name="governorate",
                    ),
                ),
                ("district", models.CharField(max_length=255, verbose_name="district")),
                ("landmark", models.CharField(blank=True, default="", max_length=255, verbose_name="nearest landmark")),
                ("details", models.CharField(blank=True, default="", max_length=255, verbose_name="street and house")),
                (
                    "latitude",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        max_digits=9,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(-90),
                            django.core.validators.MaxValueValidator(90),
                        ],
                        verbose_name="latitude",
                    ),
                ),
                (
                    "longitude",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        max_digits=9,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(-180),
                            django.core.validators.MaxValueValidator(180),
                        ],
                        verbose_name="longitude",
                    ),
                ),
                ("is_default", models.BooleanField(default=False, verbose_name="default")),
                ("removed_at", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="removed at")),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="delivery_addresses",
                        to="commerce.customer",
                        verbose_name="customer",
                    ),
                ),
            ],
            options={
                "verbose_name": "delivery address",
                "verbose_name_plural": "delivery addresses",
                "ordering": ("customer_id", "-is_default", "id"),
            },
        ),
        migrations.CreateModel(
            name="DeliveryMethod",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated at")),
                ("name_ar", models.CharField(blank=True, default="", max_length=255, verbose_name="Arabic name")),
                ("name_en", models.CharField(blank=True, default="", max_length=255, verbose_name="English name")),
                (
                    "price",
                    tsh_erp.common.fields.MoneyField(
                        decimal_places=6,
                        default=Decimal("0"),
                        max_digits=24,
                        validators=[django.core.validators.MinValueValidator(Decimal("0"))],
                        verbose_name="price",
                    ),
                ),
                (
                    "currency",
                    tsh_erp.common.fields.CurrencyField(
                        blank=True, default="IQD", max_length=10, verbose_name="currency"
                    ),
                ),
                ("least_days", models.PositiveSmallIntegerField(default=1, verbose_name="days, at least")),
                ("most_days", models.PositiveSmallIntegerField(default=2, verbose_name="days, at most")),
                (
                    "governorates",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="Empty: it goes everywhere.",
                        validators=[commerce.models.methods.known_governorates],
                        verbose_name="governorates",
                    ),
                ),
                ("needs_address", models.BooleanField(default=True, verbose_name="needs an address")),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                ("position", models.PositiveIntegerField(default=0, verbose_name="position")),
            ],
            options={
                "verbose_name": "delivery method",
                "verbose_name_plural": "delivery methods",
                "ordering": ("position", "id"),
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("price__gte", 0)), name="delivery_price_not_negative"),
                    models.CheckConstraint(
                        condition=models.Q(("most_days__gte", models.F("least_days"))), name="delivery_days_in_order"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AppOrder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated at")),
                (
                    "number",
                    models.CharField(editable=False, max_length=50, null=True, unique=True, verbose_name="number"),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("submitted", "submitted"),
                            ("queued", "being sent"),
                            ("accepted", "accepted"),
                            ("failed", "not accepted"),
                            ("cancelled", "cancelled"),
                        ],
                        default="submitted",
                        max_length=10,
                        verbose_name="status",
                    ),
                ),
                ("placed_at", models.DateTimeField(verbose_name="placed at")),
                ("quote_hash", models.CharField(max_length=64, verbose_name="hash of the quote")),
                (
                    "currency",
                    tsh_erp.common.fields.CurrencyField(blank=True, default="", max_length=10, verbose_name="currency"),
                ),
                (
                    "exchange_rate",
                    tsh_erp.common.fields.RateField(
                        blank=True, decimal_places=10, max_digits=24, null=True, verbose_name="exchange rate"
                    ),
                ),
                (
                    "exchange_rate_date",
                    models.DateField(blank=True, null=True, verbose_name="date of the exchange rate"),
                ),
                (
                    "items_subtotal",
                    tsh_erp.common.fields.MoneyField(decimal_places=6, max_digits=24, verbose_name="subtotal"),
                ),
                (
                    "items_discount",
                    tsh_erp.common.fields.MoneyField(decimal_places=6, max_digits=24, verbose_name="discount"),
                ),
                (
                    "shipping",
                    tsh_erp.common.fields.MoneyField(decimal_places=6, max_digits=24, verbose_name="delivery"),
                ),
                (
                    "shipping_discount",
                    tsh_erp.common.fields.MoneyField(
                        decimal_places=6, max_digits=24, verbose_name="discount on delivery"
                    ),
                ),
                ("tax", tsh_erp.common.fields.MoneyField(decimal_places=6, max_digits=24, verbose_name="tax")),
                ("prices_include_tax", models.BooleanField(default=False, verbose_name="prices include tax")),
                ("total", tsh_erp.common.fields.MoneyField(decimal_places=6, max_digits=24, verbose_name="total")),
                (
                    "rounding_adjustment",
                    tsh_erp.common.fields.MoneyField(decimal_places=6, max_digits=24, verbose_name="rounding of cash"),
                ),
                ("payable", tsh_erp.common.fields.MoneyField(decimal_places=6, max_digits=24, verbose_name="payable")),
                ("coupon_codes", models.JSONField(blank=True, default=list, verbose_name="codes")),
                ("address", models.JSONField(blank=True, default=dict, verbose_name="delivery address")),
                ("delivery_name", models.CharField(blank=True, default="", max_length=255, verbose_name="delivery")),
                ("payment_code", models.CharField(max_length=50, verbose_name="payment method")),
                (
                    "payment_kind",
                    models.CharField(
                        choices=[("cash", "cash"), ("on_account", "on account"), ("electronic", "electronic")],
                        max_length=20,
                        verbose_name="kind of payment",
                    ),
                ),
                ("payment_name", models.CharField(blank=True, default="", max_length=255, verbose_name="payment")),
                ("note", models.TextField(blank=True, default="", verbose_name="note")),
                ("app", models.CharField(blank=True, default="", max_length=100, verbose_name="app")),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="sent to Zoho at")),
                ("cancelled_at", models.DateTimeField(blank=True, null=True, verbose_name="cancelled at")),
                (
                    "cancel_reason",
                    models.CharField(blank=True, default="", max_length=255, verbose_name="reason of the cancellation"),
                ),
                (
                    "cancelled_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="cancelled by",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="app_orders",
                        to="commerce.customer",
                        verbose_name="customer",
                    ),
                ),
                (
                    "placed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="placed_orders",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="placed by",
                    ),
                ),
                (
                    "sales_order",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="app_order",
                        to="commerce.salesorder",
                        verbose_name="sales order",
                    ),
                ),
                (
                    "cart",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="orders",
                        to="commerce.cart",
                        verbose_name="cart",
                    ),
                ),
                (
                    "delivery_method",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="commerce.deliverymethod",
                        verbose_name="delivery method",
                    ),
                ),
            ],
            options={
                "verbose_name": "order from the apps",
                "verbose_name_plural": "orders from the apps",
                "ordering": ("-placed_at", "-id"),
                "permissions": (("act_for_customer", "Can buy for any customer in the apps"),),
            },
        ),
        migrations.CreateModel(
            name="IdempotencyKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("principal", models.CharField(max_length=100, verbose_name="caller")),
                ("route", models.CharField(max_length=100, verbose_name="route")),
                ("key", models.CharField(max_length=255, verbose_name="key")),
                ("fingerprint", models.CharField(max_length=64, verbose_name="fingerprint of the request")),
                ("token", models.UUIDField(verbose_name="token of the worker")),
                ("lease_ends_at", models.DateTimeField(verbose_name="lease ends at")),
                ("status", models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="status")),
                ("body", models.TextField(blank=True, default="", verbose_name="answer")),
                ("created_at", models.DateTimeField(verbose_name="created at")),
                ("expires_at", models.DateTimeField(verbose_name="expires at")),
            ],
            options={
                "verbose_name": "idempotency key",
                "verbose_name_plural": "idempotency keys",
                "ordering": ("-id",),
                "indexes": [models.Index(fields=["expires_at"], name="idempotency_key_expires")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("principal", "route", "key"), name="one_answer_per_idempotency_key"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status__isnull", True),
                            models.Q(
                                ("status__gte", 200), ("status__lt", 500), models.Q(("status", 429), _negated=True)
                            ),
                            _connector="OR",
                        ),
                        name="idempotent_answer_may_be_kept",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Promotion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated at")),
                ("name_ar", models.CharField(blank=True, default="", max_length=255, verbose_name="Arabic name")),
                ("name_en", models.CharField(blank=True, default="", max_length=255, verbose_name="English name")),
                ("description_ar", models.TextField(blank=True, default="", verbose_name="Arabic description")),
                ("description_en", models.TextField(blank=True, default="", verbose_name="English description")),
                (
                    "image",
                    catalog.models.picture_field.PictureField(
                        blank=True, default="", max_length=300, upload_to="", verbose_name="image"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("percentage", "percentage off"),
                            ("fixed", "amount off"),
                            ("buy_x_get_y", "buy some, get some free"),
                            ("free_shipping", "free delivery"),
                        ],
                        max_length=20,
                        verbose_name="kind",
                    ),
                ),
                (
                    "value",
                    tsh_erp.common.fields.MoneyField(
                        decimal_places=6,
                        default=Decimal("0"),
                        help_text="A percentage or an amount; nothing for the other kinds.",
                        max_digits=24,
                        verbose_name="value",
                    ),
                ),
                (
                    "currency",
                    tsh_erp.common.fields.CurrencyField(
                        blank=True,
                        default="",
                        help_text="Of the amounts here. Empty means any, where there is no amount.",
                        max_length=10,
                        verbose_name="currency",
                    ),
                ),
                (
                    "most",
                    tsh_erp.common.fields.MoneyField(
                        blank=True, decimal_places=6, max_digits=24, null=True, verbose_name="takes off at most"
                    ),
                ),
                (
                    "buy",
                    models.PositiveIntegerField(
                        default=0, help_text="So many units are paid in a set.", verbose_name="buy"
                    ),
                ),
                (
                    "get",
                    models.PositiveIntegerField(
                        default=0, help_text="So many more are free in it.", verbose_name="get free"
                    ),
                ),
                (
                    "minimum",
                    tsh_erp.common.fields.MoneyField(
                        decimal_places=6, default=Decimal("0"), max_digits=24, verbose_name="from an order of"
                    ),
                ),
                (
                    "minimum_quantity",
                    models.PositiveIntegerField(
                        default=0, help_text="Of the products that it is about.", verbose_name="from so many units"
                    ),
                ),
                (
                    "code",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="Empty: it counts without being asked for.",
                        max_length=40,
                        verbose_name="code",
                    ),
                ),
                ("starts_at", models.DateTimeField(blank=True, null=True, verbose_name="starts at")),
                (
                    "ends_at",
                    models.DateTimeField(
                        blank=True, help_text="The first moment without it.", null=True, verbose_name="ends at"
                    ),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                ("is_advertised", models.BooleanField(default=True, verbose_name="shown in the apps")),
                (
                    "usage_limit",
                    models.PositiveIntegerField(
                        blank=True,
                        null=True,
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="orders in total",
                    ),
                ),
                (
                    "per_customer_limit",
                    models.PositiveIntegerField(
                        blank=True,
                        null=True,
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="orders of each customer",
                    ),
                ),
                ("used", models.PositiveIntegerField(default=0, editable=False, verbose_name="orders so far")),
                (
                    "priority",
                    models.IntegerField(
                        default=0, help_text="The lowest number is taken off first.", verbose_name="priority"
                    ),
                ),
                (
                    "is_exclusive",
                    models.BooleanField(
                        default=False,
                        help_text="The customer gets whatever is better for them.",
                        verbose_name="never together with others",
                    ),
                ),
            ],
            options={
                "verbose_name": "promotion",
                "verbose_name_plural": "promotions",
                "ordering": ("priority", "id"),
                "indexes": [
                    models.Index(
                        condition=models.Q(("is_active", True)), fields=["ends_at", "id"], name="promotion_running"
                    ),
                    models.Index(
                        condition=models.Q(("code", ""), _negated=True), fields=["code"], name="promotion_code"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        django.db.models.functions.text.Upper("code"),
                        condition=models.Q(("code", ""), _negated=True),
                        name="one_promotion_per_code",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("minimum__gte", 0), ("value__gte", 0)),
                        name="promotion_amounts_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("most__isnull", True), ("most__gt", 0), _connector="OR"),
                        name="promotion_cap_above_nothing",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("starts_at__isnull", True),
                            ("ends_at__isnull", True),
                            ("ends_at__gt", models.F("starts_at")),
                            _connector="OR",
                        ),
                        name="promotion_ends_after_start",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "percentage"), ("value__gt", 0), ("value__lte", 100)),
                            models.Q(("kind", "fixed"), ("value__gt", 0)),
                            models.Q(("buy__gt", 0), ("get__gt", 0), ("kind", "buy_x_get_y"), ("value", 0)),
                            models.Q(("kind", "free_shipping"), ("value", 0)),
                            _connector="OR",
                        ),
                        name="promotion_gives_what_it_says",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("currency", ""), _negated=True),
                            models.Q(
                                models.Q(("kind", "fixed"), _negated=True), ("minimum", 0), ("most__isnull", True)
                            ),
                            _connector="OR",
                        ),
                        name="promotion_amounts_have_currency",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("usage_limit__isnull", True), ("usage_limit__gt", 0), _connector="OR"),
                            models.Q(
                                ("per_customer_limit__isnull", True), ("per_customer_limit__gt", 0), _connector="OR"
                            ),
                        ),
                        name="promotion_limits_above_nothing",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Banner",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated at")),
                ("title_ar", models.CharField(blank=True, default="", max_length=255, verbose_name="Arabic title")),
                ("title_en", models.CharField(blank=True, default="", max_length=255, verbose_name="English title")),
                (
                    "image",
                    catalog.models.picture_field.PictureField(max_length=300, upload_to="", verbose_name="image"),
                ),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("none", "nothing"),
                            ("category", "a category"),
                            ("product", "a product"),
                            ("promotion", "a promotion"),
                            ("search", "a search"),
                            ("link", "a web page"),
                        ],
                        default="none",
                        max_length=20,
                        verbose_name="opens",
                    ),
                ),
                (
                    "search_words",
                    models.CharField(blank=True, default="", max_length=80, verbose_name="words to search for"),
                ),
                ("link", models.URLField(blank=True, default="", verbose_name="web address")),
                (
                    "audience",
                    models.CharField(
                        choices=[
                            ("everybody", "everybody"),
                            ("consumers", "guests and consumers"),
                            ("wholesale", "wholesale customers"),
                        ],
                        default="everybody",
                        max_length=20,
                        verbose_name="shown to",
                    ),
                ),
                ("starts_at", models.DateTimeField(blank=True, null=True, verbose_name="starts at")),
                (
                    "ends_at",
                    models.DateTimeField(
                        blank=True, help_text="The first moment without it.", null=True, verbose_name="ends at"
                    ),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                ("position", models.PositiveIntegerField(default=0, verbose_name="position")),
                (
                    "category",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="catalog.category",
                        verbose_name="category",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="catalog.product",
                        verbose_name="product",
                    ),
                ),
                (
                    "promotion",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="commerce.promotion",
                        verbose_name="promotion",
                    ),
                ),
            ],
            options={
                "verbose_name": "banner",
                "verbose_name_plural": "banners",
                "ordering": ("position", "id"),
            },
        ),
        migrations.CreateModel(
            name="PromotionTarget",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("brand", models.CharField(blank=True, default="", max_length=200, verbose_name="brand")),
                (
                    "customer_kind",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="As Zoho writes it: business, …",
                        max_length=50,
                        verbose_name="kind of customer",
                    ),
                ),
                (
                    "category",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="catalog.category",
                        verbose_name="category",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="commerce.customer",
                        verbose_name="customer",
                    ),
                ),
                (
                    "price_list",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="catalog.pricelist",
                        verbose_name="price list",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="catalog.product",
                        verbose_name="product",
                    ),
                ),
                (
                    "promotion",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="targets",
                        to="commerce.promotion",
                        verbose_name="promotion",
                    ),
                ),
            ],
            options={
                "verbose_name": "target of a promotion",
                "verbose_name_plural": "targets of promotions",
                "ordering": ("promotion_id", "id"),
            },
        ),
        migrations.CreateModel(
            name="PromotionUse",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(blank=True, default="", max_length=100, verbose_name="code")),
                ("amount", tsh_erp.common.fields.MoneyField(decimal_places=6, max_digits=24, verbose_name="amount")),
                (
                    "currency",
                    tsh_erp.common.fields.CurrencyField(blank=True, default="", max_length=10, verbose_name="currency"),
                ),
                ("used_at", models.DateTimeField(verbose_name="used at")),
                ("returned_at", models.DateTimeField(blank=True, null=True, verbose_name="given back at")),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="promotion_uses",
                        to="commerce.customer",
                        verbose_name="customer",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="promotion_uses",
                        to="commerce.apporder",
                        verbose_name="order",
                    ),
                ),
                (
                    "promotion",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="uses",
                        to="commerce.promotion",
                        verbose_name="promotion",
                    ),
                ),
            ],
            options={
                "verbose_name": "use of a promotion",
                "verbose_name_plural": "uses of promotions",
                "ordering": ("-id",),
            },
        ),
        migrations.CreateModel(
            name="Review",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated at")),
                (
                    "rating",
                    models.PositiveSmallIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(5),
                        ],
                        verbose_name="stars",
                    ),
                ),
                ("title", models.CharField(blank=True, default="", max_length=100, verbose_name="title")),
                ("body", models.TextField(blank=True, default="", max_length=2000, verbose_name="text")),
                (
                    "is_verified",
                    models.BooleanField(
                        default=False,
                        editable=False,
                        help_text="An invoice of this customer has the product.",
                        verbose_name="bought it",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("pending", "waiting"), ("approved", "approved"), ("rejected", "rejected")],
                        default="pending",
                        max_length=10,
                        verbose_name="status",
                    ),
                ),
                ("written_at", models.DateTimeField(verbose_name="written at")),
                ("moderated_at", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="looked at")),
                (
                    "rejection_reason",
                    models.CharField(blank=True, default="", max_length=255, verbose_name="reason of the rejection"),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reviews",
                        to="commerce.customer",
                        verbose_name="customer",
                    ),
                ),
                (
                    "moderated_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="looked at by",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reviews",
                        to="catalog.product",
                        verbose_name="product",
                    ),
                ),
            ],
            options={
                "verbose_name": "review",
                "verbose_name_plural": "reviews",
                "ordering": ("-written_at", "-id"),
                "permissions": (("moderate_review", "Can approve and reject reviews"),),
            },
        ),
        migrations.CreateModel(
            name="AppOrderLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveIntegerField(verbose_name="position")),
                ("product_name", models.CharField(max_length=500, verbose_name="name of the product")),
                (
                    "product_name_ar",
                    models.CharField(blank=True, default="", max_length=500, verbose_name="Arabic name of the product"),
                ),
                ("sku", models.CharField(blank=True, default="", max_length=255, verbose_name="SKU")),
                ("unit", models.CharField(blank=True, default="", max_length=100, verbose_name="unit")),
                ("quantity", models.PositiveIntegerField(verbose_name="quantity")),
                ("unit_price", tsh_erp.common.fields.MoneyField(decimal_places=6, max_digits=24, verbose_name="price")),
                (
                    "price_source",
                    models.CharField(
                        choices=[
                            ("price_list", "the customer's price list"),
                            ("consumer_list", "the consumers' price list"),
                        ],
                        max_length=20,
                        verbose_name="price from",
                    ),
                ),
                (
                    "subtotal",
                    tsh_erp.common.fields.MoneyField(decimal_places=6, max_digits=24, verbose_name="subtotal"),
                ),
                (
                    "discount",
                    tsh_erp.common.fields.MoneyField(decimal_places=6, max_digits=24, verbose_name="discount"),
                ),
                ("discounts", models.JSONField(blank=True, default=list, verbose_name="discounts")),
                (
                    "tax_rate",
                    tsh_erp.common.fields.RateField(
                        decimal_places=10, default=Decimal("0"), max_digits=24, verbose_name="tax in percent"
                    ),
                ),
                ("tax", tsh_erp.common.fields.MoneyField(decimal_places=6, max_digits=24, verbose_name="tax")),
                ("total", tsh_erp.common.fields.MoneyField(decimal_places=6, max_digits=24, verbose_name="total")),
                ("is_holding", models.BooleanField(default=True, editable=False, verbose_name="holds stock")),
                (
                    "order",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lines",
                        to="commerce.apporder",
                        verbose_name="order",
                    ),
                ),
                (
                    "price_list",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="catalog.pricelist",
                        verbose_name="price list",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="app_order_lines",
                        to="catalog.product",
                        verbose_name="product",
                    ),
                ),
            ],
            options={
                "verbose_name": "line of an order from the apps",
                "verbose_name_plural": "lines of orders from the apps",
                "ordering": ("order_id", "position"),
                "indexes": [
                    models.Index(fields=["product"], name="app_order_line_product"),
                    models.Index(
                        condition=models.Q(("is_holding", True)), fields=["product"], name="app_order_line_holding"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("order", "position"), name="one_app_order_line_per_position"),
                    models.CheckConstraint(
                        condition=models.Q(("quantity__gte", 1)), name="app_order_line_has_quantity"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AppSettings",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated at")),
                (
                    "minimum_version",
                    models.CharField(
                        default="1.0.0",
                        max_length=50,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^\\d{1,5}(\\.\\d{1,5}){0,3}$", "A version is written like 1.4.0."
                            )
                        ],
                        verbose_name="oldest version that may be used",
                    ),
                ),
                (
                    "latest_version",
                    models.CharField(
                        default="1.0.0",
                        max_length=50,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^\\d{1,5}(\\.\\d{1,5}){0,3}$", "A version is written like 1.4.0."
                            )
                        ],
                        verbose_name="latest version",
                    ),
                ),
                ("in_maintenance", models.BooleanField(default=False, verbose_name="closed for maintenance")),
                (
                    "maintenance_message_ar",
                    models.TextField(blank=True, default="", verbose_name="Arabic message while closed"),
                ),
                (
                    "maintenance_message_en",
                    models.TextField(blank=True, default="", verbose_name="English message while closed"),
                ),
                (
                    "android_store_url",
                    models.URLField(blank=True, default="", verbose_name="address in the Play Store"),
                ),
                ("ios_store_url", models.URLField(blank=True, default="", verbose_name="address in the App Store")),
                (
                    "currency",
                    tsh_erp.common.fields.CurrencyField(
                        blank=True,
                        default="IQD",
                        help_text="Of carts whose price list names none.",
                        max_length=10,
                        verbose_name="currency",
                    ),
                ),
                (
                    "stock_clock",
                    models.CharField(
                        choices=[("accounting", "accounting"), ("physical", "physical")],
                        default="accounting",
                        help_text="Accounting stock moves with invoices and bills, physical stock with shipments and receipts.",
                        max_length=12,
                        verbose_name="stock counted by",
                    ),
                ),
                (
                    "cash_rounding",
                    models.CharField(
                        choices=[
                            ("nearest", "to the nearest note"),
                            ("up", "up to the next note"),
                            ("down", "down to the next note"),
                        ],
                        default="nearest",
                        max_length=10,
                        verbose_name="rounding of cash",
                    ),
                ),
                (
                    "low_stock_threshold",
                    models.PositiveIntegerField(
                        default=5, help_text="So many or fewer are shown as low.", verbose_name="low stock"
                    ),
                ),
                (
                    "shown_stock_cap",
                    models.PositiveIntegerField(
                        default=10,
                        help_text="More is shown as “10+”; 0 shows every figure.",
                        verbose_name="most stock shown to consumers",
                    ),
                ),
                (
                    "tax_rate",
                    tsh_erp.common.fields.RateField(
                        decimal_places=10,
                        default=Decimal("0"),
                        max_digits=24,
                        validators=[django.core.validators.MinValueValidator(Decimal("0"))],
                        verbose_name="tax in percent",
                    ),
                ),
                (
                    "shipping_tax_rate",
                    tsh_erp.common.fields.RateField(
                        decimal_places=10,
                        default=Decimal("0"),
                        max_digits=24,
                        validators=[django.core.validators.MinValueValidator(Decimal("0"))],
                        verbose_name="tax on delivery in percent",
                    ),
                ),
                ("prices_include_tax", models.BooleanField(default=False, verbose_name="prices include tax")),
                (
                    "consumer_price_list",
                    models.ForeignKey(
                        blank=True,
                        help_text="For guests, customers without a price list, and whatever a customer's own list does not sell.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="catalog.pricelist",
                        verbose_name="price list of consumers",
                    ),
                ),
            ],
            options={
                "verbose_name": "settings of the apps",
                "verbose_name_plural": "settings of the apps",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("pk", 1)), name="one_row_of_app_settings"),
                    models.CheckConstraint(
                        condition=models.Q(("shipping_tax_rate__gte", 0), ("tax_rate__gte", 0)),
                        name="app_tax_not_negative",
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="cart",
            index=models.Index(
                condition=models.Q(("customer__isnull", True)), fields=["expires_at"], name="cart_of_guest_expires"
            ),
        ),
        migrations.AddIndex(
            model_name="cart",
            index=models.Index(
                condition=models.Q(("state", "active")), fields=["-updated_at"], name="cart_left_behind"
            ),
        ),
        migrations.AddConstraint(
            model_name="cart",
            constraint=models.UniqueConstraint(
                condition=models.Q(("customer__isnull", False), ("state", "active")),
                fields=("customer",),
                name="one_active_cart_per_customer",
            ),
        ),
        migrations.AddConstraint(
            model_name="cart",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "active"), models.Q(("guest_digest", ""), _negated=True)),
                fields=("guest_digest",),
                name="one_active_cart_per_guest",
            ),
        ),
        migrations.AddConstraint(
            model_name="cart",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("customer__isnull", False), ("expires_at__isnull", True), ("guest_digest", "")),
                    models.Q(
                        ("customer__isnull", True),
                        ("expires_at__isnull", False),
                        models.Q(("guest_digest", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="cart_has_one_owner",
            ),
        ),
        migrations.AddConstraint(
            model_name="cartitem",
            constraint=models.UniqueConstraint(fields=("cart", "product"), name="one_line_per_cart_and_product"),
        ),
        migrations.AddConstraint(
            model_name="cartitem",
            constraint=models.CheckConstraint(
                condition=models.Q(("quantity__gte", 1), ("quantity__lte", 9999)), name="cart_quantity_in_range"
            ),
        ),
        migrations.AddConstraint(
            model_name="cartitem",
            constraint=models.CheckConstraint(
                condition=models.Q(("unit_price__gt", 0)), name="cart_price_above_nothing"
            ),
        ),
        migrations.AddConstraint(
            model_name="customeraddress",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_default", True), ("removed_at__isnull", True)),
                fields=("customer",),
                name="one_default_address_per_customer",
            ),
        ),
        migrations.AddConstraint(
            model_name="customeraddress",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("latitude__isnull", True), ("longitude__isnull", True)),
                    models.Q(
                        ("latitude__isnull", False),
                        ("longitude__isnull", False),
                        ("latitude__gte", -90),
                        ("latitude__lte", 90),
                        ("longitude__gte", -180),
                        ("longitude__lte", 180),
                    ),
                    _connector="OR",
                ),
                name="address_position_is_on_earth",
            ),
        ),
        migrations.AddIndex(
            model_name="apporder",
            index=models.Index(fields=["customer", "-placed_at", "-id"], name="app_orders_of_customer"),
        ),
        migrations.AddIndex(
            model_name="apporder",
            index=models.Index(
                condition=models.Q(("sent_at__isnull", True), ("status", "submitted")),
                fields=["placed_at", "id"],
                name="app_order_unsent",
            ),
        ),
        migrations.AddIndex(
            model_name="apporder",
            index=models.Index(
                condition=models.Q(("status__in", ["submitted", "queued", "failed"])),
                fields=["customer"],
                name="app_order_ours",
            ),
        ),
        migrations.AddConstraint(
            model_name="apporder",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("cancelled_at__isnull", False), ("status", "cancelled")),
                    models.Q(models.Q(("status", "cancelled"), _negated=True), ("cancelled_at__isnull", True)),
                    _connector="OR",
                ),
                name="app_order_cancelled_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="apporder",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("items_discount__gte", 0), ("payable__gte", 0), ("shipping_discount__gte", 0), ("total__gte", 0)
                ),
                name="app_order_amounts_not_negative",
            ),
        ),
        migrations.AddIndex(
            model_name="banner",
            index=models.Index(condition=models.Q(("is_active", True)), fields=["position", "id"], name="banner_shown"),
        ),
        migrations.AddConstraint(
            model_name="banner",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("starts_at__isnull", True),
                    ("ends_at__isnull", True),
                    ("ends_at__gt", models.F("starts_at")),
                    _connector="OR",
                ),
                name="banner_ends_after_start",
            ),
        ),
        migrations.AddConstraint(
            model_name="banner",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("action", "none"),
                    models.Q(("action", "category"), ("category__isnull", False)),
                    models.Q(("action", "product"), ("product__isnull", False)),
                    models.Q(("action", "promotion"), ("promotion__isnull", False)),
                    models.Q(("action", "search"), models.Q(("search_words", ""), _negated=True)),
                    models.Q(("action", "link"), models.Q(("link", ""), _negated=True)),
                    _connector="OR",
                ),
                name="banner_opens_what_it_says",
            ),
        ),
        migrations.AddConstraint(
            model_name="promotiontarget",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("product__isnull", False),
                        ("category__isnull", True),
                        ("brand", ""),
                        ("customer__isnull", True),
                        ("customer_kind", ""),
                        ("price_list__isnull", True),
                    ),
                    models.Q(
                        ("category__isnull", False),
                        ("product__isnull", True),
                        ("brand", ""),
                        ("customer__isnull", True),
                        ("customer_kind", ""),
                        ("price_list__isnull", True),
                    ),
                    models.Q(
                        models.Q(("brand", ""), _negated=True),
                        ("product__isnull", True),
                        ("category__isnull", True),
                        ("customer__isnull", True),
                        ("customer_kind", ""),
                        ("price_list__isnull", True),
                    ),
                    models.Q(
                        ("customer__isnull", False),
                        ("product__isnull", True),
                        ("category__isnull", True),
                        ("brand", ""),
                        ("customer_kind", ""),
                        ("price_list__isnull", True),
                    ),
                    models.Q(
                        models.Q(("customer_kind", ""), _negated=True),
                        ("product__isnull", True),
                        ("category__isnull", True),
                        ("brand", ""),
                        ("customer__isnull", True),
                        ("price_list__isnull", True),
                    ),
                    models.Q(
                        ("price_list__isnull", False),
                        ("product__isnull", True),
                        ("category__isnull", True),
                        ("brand", ""),
                        ("customer__isnull", True),
                        ("customer_kind", ""),
                    ),
                    _connector="OR",
                ),
                name="promotion_target_is_one_thing",
            ),
        ),
        migrations.AddConstraint(
            model_name="promotiontarget",
            constraint=models.UniqueConstraint(
                condition=models.Q(("product__isnull", False)),
                fields=("promotion", "product"),
                name="promotion_product_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="promotiontarget",
            constraint=models.UniqueConstraint(
                condition=models.Q(("category__isnull", False)),
                fields=("promotion", "category"),
                name="promotion_category_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="promotiontarget",
            constraint=models.UniqueConstraint(
                condition=models.Q(("brand", ""), _negated=True),
                fields=("promotion", "brand"),
                name="promotion_brand_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="promotiontarget",
            constraint=models.UniqueConstraint(
                condition=models.Q(("customer__isnull", False)),
                fields=("promotion", "customer"),
                name="promotion_customer_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="promotiontarget",
            constraint=models.UniqueConstraint(
                condition=models.Q(("customer_kind", ""), _negated=True),
                fields=("promotion", "customer_kind"),
                name="promotion_customer_kind_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="promotiontarget",
            constraint=models.UniqueConstraint(
                condition=models.Q(("price_list__isnull", False)),
                fields=("promotion", "price_list"),
                name="promotion_price_list_once",
            ),
        ),
        migrations.AddIndex(
            model_name="promotionuse",
            index=models.Index(
                condition=models.Q(("returned_at__isnull", True)),
                fields=["promotion", "customer"],
                name="promotion_use_counting",
            ),
        ),
        migrations.AddConstraint(
            model_name="promotionuse",
            constraint=models.UniqueConstraint(fields=("promotion", "order"), name="one_use_per_promotion_and_order"),
        ),
        migrations.AddIndex(
            model_name="review",
            index=models.Index(
                condition=models.Q(("status", "approved")),
                fields=["product", "-written_at", "-id"],
                name="review_shown",
            ),
        ),
        migrations.AddIndex(
            model_name="review",
            index=models.Index(
                condition=models.Q(("status", "pending")), fields=["written_at", "id"], name="review_waiting"
            ),
        ),
        migrations.AddConstraint(
            model_name="review",
            constraint=models.UniqueConstraint(
                fields=("product", "customer"), name="one_review_per_product_and_customer"
            ),
        ),
        migrations.AddConstraint(
            model_name="review",
            constraint=models.CheckConstraint(
                condition=models.Q(("rating__gte", 1), ("rating__lte", 5)), name="review_has_stars"
            ),
        ),
        migrations.AddIndex(
            model_name="invoiceline",
            index=models.Index(fields=["product", "-id"], name="invoice_lines_of_product"),
        ),
    ]
