"""The groups that staff are put into, with what each may do. Data only; reversible."""

from fnmatch import fnmatch

from django.contrib.auth.management import create_permissions
from django.db import migrations

APPS = ("admin", "auth", "catalog", "commerce", "django_q", "events", "zoho_sync")
GROUPS = {
    "Owner": (
        "catalog.*",
        "commerce.*",
        "zoho_sync.*",
        "events.*",
        "auth.*",
        "django_q.view_*",
        "admin.view_logentry",
    ),
    "Sync operator": (
        "catalog.view_*",
        "commerce.view_*",
        "events.view_*",
        "django_q.view_*",
        "zoho_sync.view_*",
        "zoho_sync.manage_queue",
        "zoho_sync.run_sync",
        "zoho_sync.discard_inboxevent",
        "zoho_sync.retry_deadletter",
        "zoho_sync.discard_deadletter",
        "zoho_sync.triage_errorgroup",
        "zoho_sync.acknowledge_alert",
        "zoho_sync.resolve_alert",
    ),
    "Accountant": ("catalog.view_*", "commerce.view_*"),
    "Sales": (
        "catalog.view_category",
        "catalog.view_effectiveprice",
        "catalog.view_itemgroup*",
        "catalog.view_pricelist*",
        "catalog.view_product*",
        "catalog.view_stocklevel",
        "catalog.view_warehouse",
        "commerce.change_customer",
        "commerce.view_contactperson",
        "commerce.view_creditnote*",
        "commerce.view_currency",
        "commerce.view_customer*",
        "commerce.view_exchangerate",
        "commerce.view_invoice*",
        "commerce.view_salesorder*",
        "commerce.view_tax",
        "commerce.view_zohoaddress",
    ),
    "Warehouse": (
        "catalog.view_category",
        "catalog.view_itemgroup*",
        "catalog.view_product*",
        "catalog.view_stock*",
        "catalog.view_warehouse",
        "commerce.view_inventoryadjustment*",
        "commerce.view_purchaseorder*",
        "commerce.view_salesorder*",
    ),
    "Content editor": (
        "catalog.view_*",
        "catalog.change_category",
        "catalog.change_product",
        "catalog.*_productimage",
    ),
    "Read-only": ("catalog.view_*", "commerce.view_*", "events.view_*", "zoho_sync.view_*"),
}


def create_groups(apps, schema_editor):
    using = schema_editor.connection.alias
    # Permissions are made after the last migration; these groups need them now.
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
    groups = apps.get_model("auth", "Group").objects.using(using)
    for name, patterns in GROUPS.items():
        group, _ = groups.get_or_create(name=name)
        for pattern in patterns:
            found = [permission for codename, permission in known.items() if fnmatch(codename, pattern)]
            if not found:
                raise LookupError(f"no permission is called {pattern}")
            group.permissions.add(*found)


def delete_groups(apps, schema_editor):
    groups = apps.get_model("auth", "Group").objects.using(schema_editor.connection.alias)
    groups.filter(name__in=GROUPS).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("django_q", "0019_alter_task_options_alter_ormq_key_alter_ormq_lock_and_more"),
        ("catalog", "0001_initial"),
        ("commerce", "0001_initial"),
        ("events", "0001_initial"),
        ("zoho_sync", "0001_initial"),
    ]

    operations = [migrations.RunPython(create_groups, delete_groups)]
