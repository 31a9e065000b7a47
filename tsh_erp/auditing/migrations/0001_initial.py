import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

POSTGRESQL = (
    """
    CREATE FUNCTION auditing_refuse_change() RETURNS trigger AS $$
    BEGIN
        RAISE EXCEPTION 'the audit is never changed';
    END;
    $$ LANGUAGE plpgsql
    """,
    """
    CREATE TRIGGER auditing_never_changed BEFORE UPDATE ON auditing_auditentry
    FOR EACH ROW EXECUTE FUNCTION auditing_refuse_change()
    """,
)
SQLITE = (
    """
    CREATE TRIGGER auditing_never_changed BEFORE UPDATE ON auditing_auditentry
    BEGIN SELECT RAISE(ABORT, 'the audit is never changed'); END
    """,
)


def refuse_changes(apps, schema_editor):
    for statement in POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement, params=None)


def allow_changes(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP TRIGGER auditing_never_changed ON auditing_auditentry")
        schema_editor.execute("DROP FUNCTION auditing_refuse_change()")
    else:
        schema_editor.execute("DROP TRIGGER auditing_never_changed")


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(verbose_name="when")),
                ("username", models.CharField(blank=True, max_length=150, verbose_name="user name")),
                (
                    "door",
                    models.CharField(
                        choices=[("pages", "admin pages"), ("api", "API"), ("sign_in", "sign-in")],
                        max_length=10,
                        verbose_name="through",
                    ),
                ),
                ("action", models.CharField(max_length=100, verbose_name="what")),
                (
                    "table",
                    models.CharField(
                        blank=True, help_text="Such as catalog.product.", max_length=100, verbose_name="kind of row"
                    ),
                ),
                ("object_id", models.CharField(blank=True, max_length=64, verbose_name="row")),
                ("row_name", models.CharField(blank=True, max_length=200, verbose_name="name of the row")),
                (
                    "rows",
                    models.PositiveIntegerField(
                        help_text="How many it was done to, if several.", null=True, verbose_name="rows"
                    ),
                ),
                ("was_allowed", models.BooleanField(verbose_name="allowed")),
                (
                    "status",
                    models.PositiveSmallIntegerField(help_text="The HTTP status.", null=True, verbose_name="answer"),
                ),
                ("method", models.CharField(blank=True, max_length=10, verbose_name="method")),
                ("path", models.CharField(blank=True, max_length=255, verbose_name="address of the page")),
                ("address", models.GenericIPAddressField(null=True, verbose_name="from")),
                ("request_id", models.CharField(blank=True, max_length=64, verbose_name="request id")),
                ("details", models.CharField(blank=True, max_length=1000, verbose_name="details")),
                (
                    "user",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="who",
                    ),
                ),
            ],
            options={
                "verbose_name": "audit entry",
                "verbose_name_plural": "audit entries",
                "ordering": ("-id",),
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(fields=["at"], name="audit_at"),
                    models.Index(fields=["user", "-id"], name="audit_user"),
                    models.Index(fields=["username", "-id"], name="audit_username"),
                    models.Index(fields=["table", "object_id", "-id"], name="audit_row"),
                    models.Index(condition=models.Q(("was_allowed", False)), fields=["-id"], name="audit_denied"),
                ],
            },
        ),
        migrations.RunPython(refuse_changes, allow_changes),
    ]
