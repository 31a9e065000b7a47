import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalog", "0005_search"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    operations = [
        migrations.AlterModelOptions(
            name="product",
            options={
                "ordering": ("name", "id"),
                "permissions": (("view_cost", "Can see what products cost to buy"),),
                "verbose_name": "product",
                "verbose_name_plural": "products",
            },
        ),
        migrations.AddIndex(
            model_name="product",
            index=models.Index(condition=models.Q(("is_featured", True)), fields=["id"], name="product_featured"),
        ),
        migrations.AlterField(
            model_name="freshness",
            name="subject",
            field=models.CharField(
                choices=[
                    ("products", "products"),
                    ("categories", "categories"),
                    ("item_groups", "item groups"),
                    ("warehouses", "warehouses"),
                    ("stock", "stock"),
                    ("price_lists", "price lists"),
                    ("prices", "prices"),
                    ("search", "search words"),
                    ("ratings", "ratings"),
                    ("best_sellers", "best sellers"),
                    ("promotions", "promotions"),
                    ("apps", "settings and banners of the apps"),
                    ("mirror", "what Zoho last confirmed"),
                ],
                max_length=20,
                unique=True,
                verbose_name="subject",
            ),
        ),
        migrations.CreateModel(
            name="HistoricalCategory",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("name_ar", models.CharField(blank=True, default="", max_length=500, verbose_name="Arabic name")),
                ("image", models.TextField(blank=True, default="", max_length=300, verbose_name="image")),
                ("sort_order", models.PositiveIntegerField(default=0, verbose_name="sort order")),
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
                "verbose_name": "historical category",
                "verbose_name_plural": "historical categories",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalProduct",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("name_ar", models.CharField(blank=True, default="", max_length=500, verbose_name="Arabic name")),
                ("name_en", models.CharField(blank=True, default="", max_length=500, verbose_name="English name")),
                ("description_ar", models.TextField(blank=True, default="", verbose_name="Arabic description")),
                ("is_hidden", models.BooleanField(default=False, verbose_name="hidden in the apps")),
                ("is_featured", models.BooleanField(default=False, verbose_name="featured")),
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
                "verbose_name": "historical product",
                "verbose_name_plural": "historical products",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalSearchSynonym",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                (
                    "phrases",
                    models.TextField(
                        help_text="One word or phrase on each line, Arabic or English. Spelling, plural endings of the form “cables”, the Arabic article and the kind of digits do not matter; Arabic plurals do.",
                        verbose_name="words and phrases",
                    ),
                ),
                (
                    "is_unit",
                    models.BooleanField(
                        default=False,
                        help_text="Only meant behind a number: “20 متر”, “20m”.",
                        verbose_name="unit of measure",
                    ),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                ("note", models.CharField(blank=True, default="", max_length=200, verbose_name="note")),
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
                "verbose_name": "historical search synonym",
                "verbose_name_plural": "historical search synonyms",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
    ]
