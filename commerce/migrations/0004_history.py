from decimal import Decimal

import django.core.validators
import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models

import commerce.models.methods
import tsh_erp.common.fields


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0006_history"),
        ("commerce", "0003_accounts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="HistoricalAppSettings",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
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
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
                (
                    "consumer_price_list",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        help_text="For guests, customers without a price list, and whatever a customer's own list does not sell.",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="catalog.pricelist",
                        verbose_name="price list of consumers",
                    ),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "historical settings of the apps",
                "verbose_name_plural": "historical settings of the apps",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalBanner",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("title_ar", models.CharField(blank=True, default="", max_length=255, verbose_name="Arabic title")),
                ("title_en", models.CharField(blank=True, default="", max_length=255, verbose_name="English title")),
                ("image", models.TextField(max_length=300, verbose_name="image")),
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
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
                (
                    "category",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="catalog.category",
                        verbose_name="category",
                    ),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="catalog.product",
                        verbose_name="product",
                    ),
                ),
                (
                    "promotion",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="commerce.promotion",
                        verbose_name="promotion",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical banner",
                "verbose_name_plural": "historical banners",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalCustomer",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("name_ar", models.CharField(blank=True, max_length=255, verbose_name="Arabic name")),
                ("local_notes", models.TextField(blank=True, verbose_name="our notes")),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "historical customer",
                "verbose_name_plural": "historical customers",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalDeliveryMethod",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
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
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "historical delivery method",
                "verbose_name_plural": "historical delivery methods",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalPaymentMethod",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("name_ar", models.CharField(blank=True, default="", max_length=255, verbose_name="Arabic name")),
                ("name_en", models.CharField(blank=True, default="", max_length=255, verbose_name="English name")),
                ("code", models.SlugField(verbose_name="code")),
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
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "historical payment method",
                "verbose_name_plural": "historical payment methods",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalPromotion",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("name_ar", models.CharField(blank=True, default="", max_length=255, verbose_name="Arabic name")),
                ("name_en", models.CharField(blank=True, default="", max_length=255, verbose_name="English name")),
                ("description_ar", models.TextField(blank=True, default="", verbose_name="Arabic description")),
                ("description_en", models.TextField(blank=True, default="", verbose_name="English description")),
                ("image", models.TextField(blank=True, default="", max_length=300, verbose_name="image")),
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
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "historical promotion",
                "verbose_name_plural": "historical promotions",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalReview",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                (
                    "status",
                    models.CharField(
                        choices=[("pending", "waiting"), ("approved", "approved"), ("rejected", "rejected")],
                        default="pending",
                        max_length=10,
                        verbose_name="status",
                    ),
                ),
                (
                    "rejection_reason",
                    models.CharField(blank=True, default="", max_length=255, verbose_name="reason of the rejection"),
                ),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "historical review",
                "verbose_name_plural": "historical reviews",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalVendor",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("name_ar", models.CharField(blank=True, max_length=255, verbose_name="Arabic name")),
                ("local_notes", models.TextField(blank=True, verbose_name="our notes")),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "historical vendor",
                "verbose_name_plural": "historical vendors",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
    ]
