import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("zoho_sync", "0008_metrics"),
    ]

    operations = [
        migrations.AlterField(
            model_name="syncrun",
            name="kind",
            field=models.CharField(
                choices=[
                    ("pull", "pull"),
                    ("stock", "stock"),
                    ("backfill", "back-fill"),
                    ("images", "images"),
                    ("remap", "mapping anew"),
                    ("reconcile", "reconciliation"),
                ],
                default="pull",
                max_length=10,
                verbose_name="kind of run",
            ),
        ),
        migrations.CreateModel(
            name="Reconciliation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "batch",
                    models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name="started together"),
                ),
                ("modules", models.JSONField(default=list, verbose_name="modules")),
                ("repairs", models.BooleanField(default=False, verbose_name="repairs")),
                (
                    "trigger",
                    models.CharField(
                        choices=[("command", "command"), ("schedule", "schedule"), ("api", "API"), ("admin", "admin")],
                        default="command",
                        max_length=10,
                        verbose_name="started by",
                    ),
                ),
                ("started_at", models.DateTimeField(db_index=True, verbose_name="started at")),
                ("finished_at", models.DateTimeField(blank=True, null=True, verbose_name="finished at")),
                (
                    "match",
                    models.DecimalField(
                        blank=True, decimal_places=3, max_digits=6, null=True, verbose_name="match in percent"
                    ),
                ),
                ("compared", models.PositiveIntegerField(default=0, verbose_name="compared")),
                ("differing", models.PositiveIntegerField(default=0, verbose_name="differing")),
                ("calls_estimated", models.PositiveIntegerField(default=0, verbose_name="API calls expected")),
                ("calls", models.PositiveIntegerField(default=0, verbose_name="API calls")),
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
                "verbose_name": "reconciliation",
                "verbose_name_plural": "reconciliations",
                "ordering": ("-id",),
            },
        ),
        migrations.CreateModel(
            name="Difference",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("module", models.CharField(max_length=40, verbose_name="module")),
                ("subject", models.CharField(max_length=40, verbose_name="subject")),
                ("zoho_id", models.CharField(max_length=50, verbose_name="Zoho id")),
                ("unit", models.CharField(blank=True, default="", max_length=100, verbose_name="unit")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("missing", "missing here"),
                            ("extra", "extra here"),
                            ("different", "different"),
                            ("unreadable", "unreadable"),
                            ("duplicate", "duplicate"),
                        ],
                        max_length=12,
                        verbose_name="kind",
                    ),
                ),
                ("field", models.CharField(blank=True, default="", max_length=150, verbose_name="field")),
                ("theirs", models.TextField(blank=True, default="", verbose_name="in Zoho")),
                ("ours", models.TextField(blank=True, default="", verbose_name="here")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "open"),
                            ("repaired", "repaired"),
                            ("accepted", "accepted"),
                            ("noted", "for information"),
                        ],
                        default="open",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("settled_at", models.DateTimeField(blank=True, null=True, verbose_name="settled at")),
                ("reason", models.TextField(blank=True, default="", verbose_name="reason")),
                (
                    "settled_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="settled by",
                    ),
                ),
                (
                    "report",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="differences",
                        to="zoho_sync.reconciliation",
                        verbose_name="reconciliation",
                    ),
                ),
            ],
            options={
                "verbose_name": "difference",
                "verbose_name_plural": "differences",
                "ordering": ("-report_id", "id"),
                "indexes": [
                    models.Index(fields=["report", "subject", "kind"], name="difference_of_report"),
                    models.Index(
                        condition=models.Q(("state", "accepted")),
                        fields=["module", "zoho_id"],
                        name="difference_accepted",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReconciliationResult",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("module", models.CharField(max_length=40, verbose_name="module")),
                ("subject", models.CharField(max_length=40, verbose_name="subject")),
                ("theirs", models.PositiveIntegerField(default=0, verbose_name="in Zoho")),
                ("ours", models.PositiveIntegerField(default=0, verbose_name="here")),
                ("compared", models.PositiveIntegerField(default=0, verbose_name="compared")),
                ("missing", models.PositiveIntegerField(default=0, verbose_name="missing here")),
                ("extra", models.PositiveIntegerField(default=0, verbose_name="extra here")),
                ("different", models.PositiveIntegerField(default=0, verbose_name="different")),
                ("unreadable", models.PositiveIntegerField(default=0, verbose_name="unreadable")),
                ("duplicates", models.PositiveIntegerField(default=0, verbose_name="duplicates")),
                ("settled", models.PositiveIntegerField(default=0, verbose_name="repaired or accepted")),
                ("totals", models.JSONField(default=list, verbose_name="sums")),
                ("totals_differing", models.PositiveIntegerField(default=0, verbose_name="sums that differ")),
                ("seconds", models.FloatField(default=0, verbose_name="seconds")),
                ("is_complete", models.BooleanField(default=False, verbose_name="complete")),
                ("note", models.TextField(blank=True, default="", verbose_name="note")),
                (
                    "report",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="results",
                        to="zoho_sync.reconciliation",
                        verbose_name="reconciliation",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="zoho_sync.syncrun",
                        verbose_name="sync run",
                    ),
                ),
            ],
            options={
                "verbose_name": "result of a reconciliation",
                "verbose_name_plural": "results of reconciliations",
                "ordering": ("report_id", "id"),
                "indexes": [models.Index(fields=["subject", "-id"], name="result_of_subject")],
                "constraints": [models.UniqueConstraint(fields=("report", "subject"), name="one_result_per_subject")],
            },
        ),
    ]
