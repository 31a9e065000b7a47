"""Rules that staff may change, messages that were sent, alerts in the reader's language; who may see and do what."""

from fnmatch import fnmatch

import django.db.models.deletion
from django.contrib.auth.management import create_permissions
from django.db import migrations, models

# What the groups of 0002 may do with the tables that came since.
GRANTED = {
    "Owner": ("*",),
    "Sync operator": ("view_*",),
    "Read-only": ("view_*",),
}


def grant(apps, schema_editor):
    using = schema_editor.connection.alias
    # Permissions are made after the last migration; the groups need them now.
    config = apps.get_app_config("zoho_sync")
    config.models_module = True
    create_permissions(config, verbosity=0, apps=apps, using=using)
    config.models_module = None
    known = list(apps.get_model("auth", "Permission").objects.using(using).filter(content_type__app_label="zoho_sync"))
    for group in apps.get_model("auth", "Group").objects.using(using).filter(name__in=GRANTED):
        group.permissions.add(*(one for one in known if any(fnmatch(one.codename, p) for p in GRANTED[group.name])))


class Migration(migrations.Migration):
    dependencies = [
        ("contenttypes", "0002_remove_content_type_name"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("zoho_sync", "0006_details"),
    ]

    operations = [
        migrations.CreateModel(
            name="AlertDelivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "channel",
                    models.CharField(
                        choices=[("email", "e-mail"), ("webhook", "web address")], max_length=10, verbose_name="channel"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("opened", "began"), ("resolved", "is over"), ("test", "test")],
                        max_length=10,
                        verbose_name="says",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "pending"),
                            ("sent", "sent"),
                            ("failed", "failed"),
                            ("dropped", "no longer needed"),
                        ],
                        default="pending",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0, verbose_name="attempts")),
                ("created_at", models.DateTimeField(verbose_name="created at")),
                ("scheduled_at", models.DateTimeField(verbose_name="scheduled at")),
                ("next_attempt_at", models.DateTimeField(blank=True, null=True, verbose_name="next attempt at")),
                ("settled_at", models.DateTimeField(blank=True, null=True, verbose_name="settled at")),
                ("error", models.CharField(blank=True, default="", max_length=300, verbose_name="error")),
            ],
            options={
                "verbose_name": "alert message",
                "verbose_name_plural": "alert messages",
                "ordering": ("-id",),
            },
        ),
        migrations.CreateModel(
            name="AlertRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated at")),
                ("code", models.CharField(max_length=60, unique=True, verbose_name="code")),
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
            ],
            options={
                "verbose_name": "alert rule",
                "verbose_name_plural": "alert rules",
                "ordering": ("code",),
            },
        ),
        migrations.AddField(
            model_name="alert",
            name="texts",
            field=models.JSONField(blank=True, default=dict, verbose_name="texts"),
        ),
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(fields=["fingerprint", "-id"], name="alert_fingerprint"),
        ),
        migrations.AddField(
            model_name="alertdelivery",
            name="alert",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="deliveries",
                to="zoho_sync.alert",
                verbose_name="alert",
            ),
        ),
        migrations.AddIndex(
            model_name="alertdelivery",
            index=models.Index(
                condition=models.Q(("state", "pending")), fields=["next_attempt_at", "id"], name="message_due"
            ),
        ),
        migrations.AddIndex(
            model_name="alertdelivery",
            index=models.Index(fields=["alert", "channel", "-id"], name="message_alert"),
        ),
        migrations.AddIndex(
            model_name="alertdelivery",
            index=models.Index(fields=["state", "-id"], name="message_state"),
        ),
        migrations.AddConstraint(
            model_name="alertdelivery",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "pending")),
                fields=("alert", "channel", "kind"),
                name="one_pending_message_per_alert_and_channel",
            ),
        ),
        migrations.RunPython(grant, migrations.RunPython.noop),
    ]
