import django.db.models.deletion
from django.db import migrations, models

import catalog.models.picture_field


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="FailedImage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated at")),
                ("zoho_document_id", models.CharField(max_length=50, verbose_name="Zoho id of the image")),
                (
                    "trouble",
                    models.CharField(
                        choices=[
                            ("empty", "The file is empty."),
                            ("too_large", "The file is larger than 10 MB."),
                            ("not_an_image", "The file is no PNG, JPEG, WebP, GIF or BMP image."),
                            ("too_many_pixels", "The image has more than 40 million pixels."),
                            ("damaged", "The image is damaged and cannot be read."),
                            ("missing", "Zoho says that there is no image."),
                            ("unreachable", "Zoho did not hand it out."),
                        ],
                        max_length=20,
                        verbose_name="trouble",
                    ),
                ),
                ("error", models.TextField(blank=True, default="", verbose_name="error")),
                ("attempts", models.PositiveIntegerField(default=1, verbose_name="attempts")),
                ("next_attempt_at", models.DateTimeField(blank=True, null=True, verbose_name="next attempt")),
            ],
            options={
                "verbose_name": "missing image",
                "verbose_name_plural": "missing images",
                "ordering": ("next_attempt_at", "id"),
            },
        ),
        migrations.AddField(
            model_name="pricelist",
            name="rounding_word",
            field=models.CharField(blank=True, default="", max_length=100, verbose_name="rounding in Zoho's words"),
        ),
        migrations.AddField(
            model_name="productimage",
            name="height",
            field=models.PositiveIntegerField(blank=True, editable=False, null=True, verbose_name="height"),
        ),
        migrations.AddField(
            model_name="productimage",
            name="width",
            field=models.PositiveIntegerField(blank=True, editable=False, null=True, verbose_name="width"),
        ),
        migrations.AlterField(
            model_name="category",
            name="image",
            field=catalog.models.picture_field.PictureField(
                blank=True, default="", max_length=300, upload_to="", verbose_name="image"
            ),
        ),
        migrations.AlterField(
            model_name="pricelist",
            name="rounding",
            field=models.CharField(
                blank=True,
                choices=[
                    ("none", "not rounded"),
                    ("decimals", "to the list's decimal places"),
                    ("cent", "to 0.01"),
                    ("two_cents", "to 0.02"),
                    ("five_cents", "to 0.05"),
                    ("ten_cents", "to 0.10"),
                    ("ten_cents_minus_cent", "to 0.10 less 0.01"),
                    ("quarter", "to a quarter of a unit"),
                    ("half", "to half a unit"),
                    ("half_minus_cent", "to half a unit less 0.01"),
                    ("half_minus_five_cents", "to half a unit less 0.05"),
                    ("whole", "to a whole unit"),
                    ("whole_minus_cent", "to a whole unit less 0.01"),
                    ("whole_minus_two_cents", "to a whole unit less 0.02"),
                    ("whole_minus_five_cents", "to a whole unit less 0.05"),
                    ("whole_minus_eleven_cents", "to a whole unit less 0.11"),
                    ("unknown", "in a way that is not known here"),
                ],
                default="",
                max_length=40,
                verbose_name="rounding",
            ),
        ),
        migrations.AlterField(
            model_name="productimage",
            name="image",
            field=catalog.models.picture_field.PictureField(max_length=300, upload_to="", verbose_name="image"),
        ),
        migrations.AddConstraint(
            model_name="productimage",
            constraint=models.UniqueConstraint(
                condition=models.Q(("zoho_document_id", ""), _negated=True),
                fields=("product",),
                name="one_zoho_image_per_product",
            ),
        ),
        migrations.AddField(
            model_name="failedimage",
            name="product",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="failed_image",
                to="catalog.product",
                verbose_name="product",
            ),
        ),
    ]
