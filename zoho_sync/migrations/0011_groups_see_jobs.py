"""Let the groups that watch the sync see its jobs, and have failed deliveries of events tried again. Data only."""

from fnmatch import fnmatch

from django.contrib.auth.management import create_permissions
from django.db import migrations

APPS = ("events", "jobs")
GRANTED = {
    "Owner": ("events.*", "jobs.view_*"),
    "Sync operator": ("events.view_*", "events.retry_delivery", "jobs.view_*"),
    "Read-only": ("events.view_*", "jobs.view_*"),
}


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
    for group in apps.get_model("auth", "Group").objects.using(using).filter(name__in=GRANTED):
        patterns = GRANTED[group.name]
        group.permissions.add(*(one for name, one in known.items() if any(fnmatch(name, p) for p in patterns)))


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("events", "0002_failed_deliveries"),
        ("jobs", "0001_initial"),
        ("zoho_sync", "0010_schema_drift"),
    ]

    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
