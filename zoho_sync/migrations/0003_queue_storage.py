"""How PostgreSQL looks after the queue. Nothing to do on SQLite; reversible."""

from django.db import migrations

TABLE = "zoho_sync_syncqueueitem"
# A row has three versions within seconds, and the server's defaults wait for a fifth of the table.
STORAGE = {
    "autovacuum_vacuum_scale_factor": 0.01,
    "autovacuum_vacuum_threshold": 1000,
    "autovacuum_vacuum_cost_delay": 0,
    "autovacuum_analyze_scale_factor": 0.01,
    "autovacuum_analyze_threshold": 1000,
}


def look_after(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        parameters = ", ".join(f"{name} = {value}" for name, value in STORAGE.items())
        schema_editor.execute(f"ALTER TABLE {TABLE} SET ({parameters})")
        # No statistics of the states: taken while the queue is idle, they say that no job waits or is worked on, and
        # through a whole burst each claim would read a whole index where it should look up a key. Without them
        # the planner assumes a constant share of the table.
        schema_editor.execute(f"ALTER TABLE {TABLE} ALTER COLUMN status SET STATISTICS 0")
        # Giving it the type that it has drops the statistics that were taken before.
        schema_editor.execute(f"ALTER TABLE {TABLE} ALTER COLUMN status TYPE varchar(12)")


def look_after_no_more(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"ALTER TABLE {TABLE} RESET ({', '.join(STORAGE)})")
        schema_editor.execute(f"ALTER TABLE {TABLE} ALTER COLUMN status SET STATISTICS -1")


class Migration(migrations.Migration):
    dependencies = [("zoho_sync", "0002_groups")]

    operations = [migrations.RunPython(look_after, look_after_no_more)]
