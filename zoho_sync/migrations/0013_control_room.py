import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("zoho_sync", "0012_observations"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.AddField(
            model_name="zohoconnection",
            name="outbound_pause_reason",
            field=models.CharField(blank=True, default="", max_length=500, verbose_name="reason of the pause"),
        ),
        migrations.AddField(
            model_name="zohoconnection",
            name="outbound_paused_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="calls paused since"),
        ),
        migrations.AddField(
            model_name="zohoconnection",
            name="outbound_paused_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="paused by",
            ),
        ),
        migrations.AlterField(
            model_name="inboxevent",
            name="proof",
            field=models.CharField(
                choices=[
                    ("api_key", "API key"),
                    ("signature", "signature"),
                    ("both", "API key and signature"),
                    ("staff", "corrected copy, by staff"),
                    ("parent", "proved by the delivery it came in"),
                ],
                max_length=10,
                verbose_name="proof",
            ),
        ),
        migrations.CreateModel(
            name="Pause",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated at")),
                ("module", models.CharField(max_length=40, unique=True, verbose_name="module")),
                ("reason", models.TextField(verbose_name="reason")),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="paused by",
                    ),
                ),
            ],
            options={
                "verbose_name": "pause",
                "verbose_name_plural": "pauses",
                "ordering": ("module",),
            },
        ),
        migrations.CreateModel(
            name="BulkAction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated at")),
                ("table", models.CharField(max_length=100, verbose_name="table")),
                ("action", models.CharField(max_length=50, verbose_name="action")),
                ("query", models.TextField(blank=True, default="", verbose_name="filter")),
                ("answer", models.TextField(blank=True, default="", verbose_name="reason")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "waiting to start"),
                            ("running", "running"),
                            ("watching", "watching its first rows"),
                            ("completed", "completed"),
                            ("cancelled", "cancelled"),
                            ("stopped", "stopped: its first rows failed again"),
                            ("failed", "failed"),
                        ],
                        default="queued",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("expected", models.PositiveIntegerField(verbose_name="expected")),
                ("is_estimate", models.BooleanField(default=False, verbose_name="at least so many")),
                ("done", models.PositiveIntegerField(default=0, verbose_name="done")),
                ("left_out", models.PositiveIntegerField(default=0, verbose_name="left out")),
                ("reached", models.BigIntegerField(default=0, verbose_name="reached row")),
                ("upto", models.BigIntegerField(verbose_name="up to row")),
                ("watched", models.JSONField(blank=True, default=list, verbose_name="rows watched")),
                ("watched_since", models.DateTimeField(blank=True, null=True, verbose_name="watched since")),
                ("failed_again", models.PositiveIntegerField(default=0, verbose_name="failed again")),
                ("worker", models.CharField(blank=True, default="", max_length=100, verbose_name="worked on by")),
                ("token", models.UUIDField(blank=True, null=True, verbose_name="token of the worker")),
                ("beat_at", models.DateTimeField(blank=True, null=True, verbose_name="last sign of life")),
                ("cancel_requested_at", models.DateTimeField(blank=True, null=True, verbose_name="asked to stop at")),
                ("finished_at", models.DateTimeField(blank=True, null=True, verbose_name="finished at")),
                ("error", models.TextField(blank=True, default="", verbose_name="error")),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="user",
                    ),
                ),
            ],
            options={
                "verbose_name": "bulk action",
                "verbose_name_plural": "bulk actions",
                "ordering": ("-id",),
                "indexes": [models.Index(fields=["state", "-id"], name="bulk_action_state")],
            },
        ),
    ]
