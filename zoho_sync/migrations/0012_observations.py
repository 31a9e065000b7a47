"""When lists last showed records unchanged, in a narrow table of its own. Reversible."""

import django.db.models.deletion
from django.db import migrations, models

TABLE = "zoho_sync_sighting"


def leave_room(apps, schema_editor):
    """Each row is rewritten by every full pull; with room on its page PostgreSQL leaves the index alone."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"ALTER TABLE {TABLE} SET (fillfactor = 50)")


class Migration(migrations.Migration):
    dependencies = [("zoho_sync", "0011_groups_see_jobs")]

    operations = [
        migrations.CreateModel(
            name="Sighting",
            fields=[
                (
                    "record",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        serialize=False,
                        to="zoho_sync.zohorecord",
                        verbose_name="Zoho record",
                    ),
                ),
                ("seen_at", models.DateTimeField(verbose_name="seen at")),
            ],
            options={
                "verbose_name": "sighting",
                "verbose_name_plural": "sightings",
                "default_permissions": (),
            },
        ),
        migrations.RunPython(leave_room, migrations.RunPython.noop),
    ]
