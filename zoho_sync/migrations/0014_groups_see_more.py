"""Give the groups what came since they were made: costs, the shop of the phones, the audit, locked logins. Data only."""

from fnmatch import fnmatch

import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.contrib.auth.management import create_permissions
from django.db import migrations, models

APPS = ("auditing", "axes", "catalog", "commerce", "events", "jobs", "zoho_sync")
NEW_GROUP = "App manager"
GRANTED = {
    "Owner": (
        "auditing.view_auditentry",
        "axes.delete_accessattempt",
        "axes.view_accessattempt",
        "catalog.*",
        "commerce.*",
        "events.*",
        "jobs.view_*",
        "zoho_sync.*",
    ),
    "Sync operator": ("catalog.view_*", "commerce.view_*", "zoho_sync.accept_*", "zoho_sync.view_*"),
    "Accountant": ("catalog.view_*", "commerce.view_*"),
    "Sales": (
        "commerce.view_apporder*",
        "commerce.view_bestseller",
        "commerce.view_cart*",
        "commerce.view_deliverymethod",
        "commerce.view_paymentmethod",
        "commerce.view_productrating",
        "commerce.view_promotion*",
        "commerce.view_review",
    ),
    "Warehouse": ("commerce.view_apporder*",),
    "Content editor": (
        "catalog.*_searchsynonym",
        "commerce.*_banner",
        "commerce.view_bestseller",
        "commerce.view_productrating",
        "commerce.view_promotion*",
        "commerce.view_review",
    ),
    NEW_GROUP: (
        "catalog.*_searchsynonym",
        "catalog.change_category",
        "catalog.change_product",
        "catalog.*_productimage",
        "catalog.view_category",
        "catalog.view_effectiveprice",
        "catalog.view_itemgroup*",
        "catalog.view_pricelist*",
        "catalog.view_product*",
        "catalog.view_stocklevel",
        "catalog.view_warehouse",
        "commerce.*_appsettings",
        "commerce.*_banner",
        "commerce.*_deliverymethod",
        "commerce.*_paymentmethod",
        "commerce.*_promotion*",
        "commerce.change_customeraccount",
        "commerce.change_review",
        "commerce.moderate_review",
        "commerce.view_apporder*",
        "commerce.view_bestseller",
        "commerce.view_cart*",
        "commerce.view_currency",
        "commerce.view_customer",
        "commerce.view_customeraccount",
        "commerce.view_customeraddress",
        "commerce.view_productrating",
        "commerce.view_review",
        "commerce.view_tax",
    ),
    # What it sees of the sync shows what Zoho sent, prices of purchase among it.
    "Read-only": ("catalog.view_*", "commerce.view_*", "zoho_sync.view_*"),
}
# They see the whole catalogue, but not what it costs to buy.
WITHOUT_COSTS = ("Sales", "Warehouse", "Content editor", NEW_GROUP)
COSTS = "catalog.view_cost"


def grant(apps, schema_editor):
    using = schema_editor.connection.alias
    # Permissions are made after the last migration; the groups need them now.
    for label in APPS:
        config = apps.get_app_config(label)
        config.models_module = True
        create_permissions(config, verbosity=0, apps=apps, using=using)
        config.models_module = None
    permissions = apps.get_model("auth", "Permission").objects.using(using).filter(content_type__app_label__in=APPS)
    known = {f"{one.content_type.app_label}.{one.codename}": one for one in permissions.select_related("content_type")}
    groups = apps.get_model("auth", "Group").objects.using(using)
    for name, patterns in GRANTED.items():
        group, _ = groups.get_or_create(name=name)
        for pattern in patterns:
            found = [one for codename, one in known.items() if fnmatch(codename, pattern)]
            if not found:
                raise LookupError(f"no permission is called {pattern}")
            group.permissions.add(*found)
        if name in WITHOUT_COSTS:
            group.permissions.remove(known[COSTS])


def delete_group(apps, schema_editor):
    apps.get_model("auth", "Group").objects.using(schema_editor.connection.alias).filter(name=NEW_GROUP).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("auditing", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("axes", "0010_accessattemptexpiration"),
        ("catalog", "0006_history"),
        ("commerce", "0004_history"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("events", "0002_failed_deliveries"),
        ("jobs", "0001_initial"),
        ("zoho_sync", "0013_control_room"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="HistoricalAlertRule",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("code", models.CharField(db_index=True, max_length=60, verbose_name="code")),
                ("is_enabled", models.BooleanField(default=True, verbose_name="in use")),
                ("threshold", models.FloatField(blank=True, null=True, verbose_name="threshold")),
                ("critical_threshold", models.FloatField(blank=True, null=True, verbose_name="critical from")),
                ("window_minutes", models.PositiveIntegerField(blank=True, null=True, verbose_name="window (minutes)")),
                (
                    "severity",
                    models.CharField(
                        blank=True,
                        choices=[("info", "information"), ("warning", "warning"), ("critical", "critical")],
                        default="",
                        max_length=10,
                        verbose_name="severity",
                    ),
                ),
                (
                    "cooldown_minutes",
                    models.PositiveIntegerField(blank=True, null=True, verbose_name="cooldown (minutes)"),
                ),
                (
                    "routing",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("email", "e-mail"),
                            ("webhook", "web address"),
                            ("both", "e-mail and web address"),
                            ("none", "nobody: only shown here"),
                        ],
                        default="",
                        max_length=10,
                        verbose_name="told by",
                    ),
                ),
                ("quiet_from", models.TimeField(blank=True, null=True, verbose_name="quiet from")),
                ("quiet_until", models.TimeField(blank=True, null=True, verbose_name="quiet until")),
                ("active_from", models.TimeField(blank=True, null=True, verbose_name="looked at from")),
                ("active_until", models.TimeField(blank=True, null=True, verbose_name="looked at until")),
                ("active_days", models.JSONField(blank=True, null=True, verbose_name="looked at on")),
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
                "verbose_name": "historical alert rule",
                "verbose_name_plural": "historical alert rules",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.RunPython(grant, delete_group),
    ]
