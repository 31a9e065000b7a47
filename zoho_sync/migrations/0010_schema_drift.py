"""The fields that Zoho sends; and who may see the tables that came since the groups were made."""

from fnmatch import fnmatch

from django.contrib.auth.management import create_permissions
from django.db import migrations, models

APPS = ("catalog", "zoho_sync")
# What the groups of 0002 may do with the tables of these apps that came since.
GRANTED = {
    "Owner": ("catalog.*", "zoho_sync.*"),
    "Sync operator": ("catalog.view_*", "zoho_sync.view_*", "zoho_sync.accept_zohofield"),
    "Accountant": ("catalog.view_*",),
    "Sales": ("catalog.view_backinstock", "catalog.view_lowstock", "catalog.view_pricechange"),
    "Warehouse": ("catalog.view_backinstock", "catalog.view_lowstock"),
    "Content editor": ("catalog.view_*",),
    "Read-only": ("catalog.view_*", "zoho_sync.view_*"),
}


def grant(apps, schema_editor):
    using = schema_editor.connection.alias
    # Permissions are made after the last migration; the groups need them now.
    for label in APPS:
        config = apps.get_app_config(label)
        config.models_module = True
        create_permissions(config, verbosity=0, apps=apps, using=using)
        config.models_module = None
    known = {
        f"{permission.content_type.app_label}.{permission.codename}": permission
        for permission in apps.get_model("auth", "Permission")
        .objects.using(using)
        .filter(content_type__app_label__in=APPS)
        .select_related("content_type")
    }
    for group in apps.get_model("auth", "Group").objects.using(using).filter(name__in=GRANTED):
        patterns = GRANTED[group.name]
        group.permissions.add(*(one for name, one in known.items() if any(fnmatch(name, p) for p in patterns)))


class Migration(migrations.Migration):
    dependencies = [
        ("contenttypes", "0002_remove_content_type_name"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("catalog", "0003_versions"),
        ("zoho_sync", "0009_reconciliation"),
    ]

    operations = [
        migrations.CreateModel(
            name="ZohoField",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("module", models.CharField(max_length=50, verbose_name="module")),
                (
                    "source",
                    models.CharField(
                        choices=[("detail", "record"), ("list", "list"), ("webhook", "webhook")],
                        max_length=10,
                        verbose_name="seen in",
                    ),
                ),
                ("parent", models.CharField(blank=True, default="", max_length=200, verbose_name="inside of")),
                ("name", models.CharField(blank=True, default="", max_length=200, verbose_name="field")),
                ("types", models.CharField(blank=True, default="", max_length=60, verbose_name="types")),
                ("seen", models.PositiveBigIntegerField(default=0, verbose_name="times seen")),
                (
                    "first_at",
                    models.PositiveBigIntegerField(default=0, verbose_name="first seen in the record number"),
                ),
                ("last_at", models.PositiveBigIntegerField(default=0, verbose_name="last seen in the record number")),
                ("first_seen_at", models.DateTimeField(verbose_name="first seen at")),
                ("last_seen_at", models.DateTimeField(verbose_name="last seen at")),
                (
                    "change",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("new", "began to come"),
                            ("missing", "comes no more"),
                            ("type", "has another type"),
                        ],
                        default="",
                        max_length=10,
                        verbose_name="change",
                    ),
                ),
                ("changed_at", models.DateTimeField(blank=True, null=True, verbose_name="changed at")),
            ],
            options={
                "verbose_name": "field of Zoho",
                "verbose_name_plural": "fields of Zoho",
                "ordering": ("module", "source", "parent", "name"),
                "permissions": (("accept_zohofield", "Can accept changes of Zoho's fields"),),
                "indexes": [
                    models.Index(
                        condition=models.Q(("change", ""), _negated=True),
                        fields=["changed_at"],
                        name="zoho_field_changed",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("module", "source", "parent", "name"), name="one_row_per_field_of_zoho"
                    )
                ],
            },
        ),
        migrations.RunPython(grant, migrations.RunPython.noop),
    ]
