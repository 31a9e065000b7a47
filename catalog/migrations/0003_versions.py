import django.db.models.deletion
from django.db import migrations, models

import tsh_erp.common.fields
from catalog.search_index import drop_search_index, make_search_index


def make_index(apps, schema_editor):
    make_search_index(schema_editor.connection)


def drop_index(apps, schema_editor):
    drop_search_index(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0002_images"),
    ]

    operations = [
        migrations.AddField(
            model_name="freshness",
            name="version",
            field=models.PositiveBigIntegerField(default=0, verbose_name="version"),
        ),
        migrations.AddField(
            model_name="product",
            name="search_compact",
            field=models.TextField(blank=True, default="", editable=False, verbose_name="words without gaps"),
        ),
        migrations.AddField(
            model_name="product",
            name="search_text",
            field=models.TextField(blank=True, default="", editable=False, verbose_name="words to find it by"),
        ),
        migrations.CreateModel(
            name="LowStock",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("since", models.DateTimeField(verbose_name="since")),
                (
                    "product",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="low_stock",
                        to="catalog.product",
                        verbose_name="product",
                    ),
                ),
            ],
            options={
                "verbose_name": "product low in stock",
                "verbose_name_plural": "products low in stock",
                "ordering": ("-since", "-id"),
            },
        ),
        migrations.CreateModel(
            name="BackInStock",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "quantity",
                    tsh_erp.common.fields.QuantityField(
                        decimal_places=6, max_digits=24, verbose_name="available for sale"
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="back since")),
                (
                    "product",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="returns_to_stock",
                        to="catalog.product",
                        verbose_name="product",
                    ),
                ),
            ],
            options={
                "verbose_name": "return to stock",
                "verbose_name_plural": "returns to stock",
                "ordering": ("-at", "-id"),
                "indexes": [models.Index(fields=["at"], name="return_to_stock_at")],
                "constraints": [
                    models.UniqueConstraint(fields=("product", "at"), name="one_return_to_stock_at_a_time")
                ],
            },
        ),
        migrations.CreateModel(
            name="PriceChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "old_price",
                    tsh_erp.common.fields.MoneyField(decimal_places=6, max_digits=24, verbose_name="old price"),
                ),
                (
                    "old_currency",
                    tsh_erp.common.fields.CurrencyField(
                        blank=True, default="", max_length=10, verbose_name="old currency"
                    ),
                ),
                (
                    "new_price",
                    tsh_erp.common.fields.MoneyField(
                        blank=True, decimal_places=6, max_digits=24, null=True, verbose_name="new price"
                    ),
                ),
                (
                    "new_currency",
                    tsh_erp.common.fields.CurrencyField(
                        blank=True, default="", max_length=10, verbose_name="new currency"
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="changed at")),
                (
                    "price_list",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="price_changes",
                        to="catalog.pricelist",
                        verbose_name="price list",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="price_changes",
                        to="catalog.product",
                        verbose_name="product",
                    ),
                ),
            ],
            options={
                "verbose_name": "price change",
                "verbose_name_plural": "price changes",
                "ordering": ("-id",),
                "indexes": [models.Index(fields=["at"], name="price_change_at")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("new_price__isnull", True),
                            models.Q(("new_price", models.F("old_price")), _negated=True),
                            models.Q(("new_currency", models.F("old_currency")), _negated=True),
                            _connector="OR",
                        ),
                        name="price_change_changes_something",
                    )
                ],
            },
        ),
        migrations.RunPython(make_index, drop_index),
    ]
