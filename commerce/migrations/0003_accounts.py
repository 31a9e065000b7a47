import uuid

import django.db.models.deletion
import django.db.models.functions.text
import phonenumber_field.modelfields
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("commerce", "0002_selling"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="CustomerAccount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated at")),
                (
                    "phone",
                    phonenumber_field.modelfields.PhoneNumberField(
                        blank=True, max_length=128, null=True, region=None, unique=True, verbose_name="phone"
                    ),
                ),
                ("email", models.EmailField(blank=True, max_length=255, verbose_name="e-mail")),
                (
                    "language",
                    models.CharField(
                        choices=[("ar", "Arabic"), ("en", "English")],
                        default="ar",
                        max_length=10,
                        verbose_name="language",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("unconfirmed", "not confirmed"), ("confirmed", "confirmed")],
                        default="unconfirmed",
                        max_length=50,
                        verbose_name="confirmation",
                    ),
                ),
                ("confirmed_at", models.DateTimeField(blank=True, null=True, verbose_name="confirmed at")),
                (
                    "confirmed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="confirmed by",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="accounts",
                        to="commerce.customer",
                        verbose_name="customer",
                    ),
                ),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="customer_account",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="login",
                    ),
                ),
            ],
            options={
                "verbose_name": "customer account",
                "verbose_name_plural": "customer accounts",
                "ordering": ("-created_at", "-id"),
                "constraints": [
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("email"),
                        condition=~Q(email=""),
                        name="one_account_per_email",
                    ),
                    models.CheckConstraint(
                        condition=Q(phone__isnull=False) | ~Q(email=""), name="account_has_phone_or_email"
                    ),
                    models.CheckConstraint(
                        condition=Q(state="confirmed", confirmed_at__isnull=False)
                        | Q(state="unconfirmed", confirmed_at__isnull=True),
                        name="account_confirmed_at_a_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DeviceToken",
            fields=[
                ("digest", models.CharField(max_length=128, primary_key=True, serialize=False)),
                ("token_key", models.CharField(db_index=True, max_length=25)),
                ("created", models.DateTimeField(auto_now_add=True)),
                ("expiry", models.DateTimeField(blank=True, null=True)),
                ("device", models.UUIDField(db_index=True, default=uuid.uuid4, editable=False, verbose_name="device")),
                ("device_id", models.CharField(blank=True, max_length=100, verbose_name="device id of the app")),
                ("name", models.CharField(blank=True, max_length=100, verbose_name="name of the device")),
                ("app", models.CharField(blank=True, max_length=50, verbose_name="app")),
                ("app_version", models.CharField(blank=True, max_length=50, verbose_name="version of the app")),
                ("platform", models.CharField(blank=True, max_length=50, verbose_name="platform")),
                ("address", models.GenericIPAddressField(blank=True, null=True, verbose_name="last address")),
                ("signed_in_at", models.DateTimeField(verbose_name="signed in at")),
                ("last_used_at", models.DateTimeField(verbose_name="last used at")),
                ("replaced_at", models.DateTimeField(blank=True, null=True, verbose_name="replaced at")),
                (
                    "password_stamp",
                    models.CharField(editable=False, max_length=100, verbose_name="stamp of the password"),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="auth_token_set",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "device",
                "verbose_name_plural": "devices",
                "ordering": ("-last_used_at",),
                "indexes": [
                    models.Index(fields=["user", "-last_used_at"], name="devices_of_a_login"),
                    models.Index(fields=["expiry"], name="devices_by_expiry"),
                ],
            },
        ),
    ]
