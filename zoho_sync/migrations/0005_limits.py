from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("zoho_sync", "0004_runs")]

    operations = [
        migrations.CreateModel(
            name="ApiSlot",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField(unique=True, verbose_name="number")),
                ("token", models.UUIDField(blank=True, null=True, verbose_name="token of the holder")),
                ("expires_at", models.DateTimeField(blank=True, null=True, verbose_name="lease ends at")),
            ],
            options={
                "verbose_name": "API slot",
                "verbose_name_plural": "API slots",
                "ordering": ("number",),
            },
        ),
        migrations.AddField(
            model_name="zohoconnection",
            name="blocked_reason",
            field=models.CharField(blank=True, default="", max_length=300, verbose_name="reason of the block"),
        ),
        migrations.AddField(
            model_name="zohoconnection",
            name="blocked_until",
            field=models.DateTimeField(blank=True, null=True, verbose_name="blocked until"),
        ),
        migrations.AddField(
            model_name="zohoconnection",
            name="breaker_failures",
            field=models.PositiveIntegerField(default=0, verbose_name="failures in a row"),
        ),
        migrations.AddField(
            model_name="zohoconnection",
            name="breaker_openings",
            field=models.PositiveIntegerField(default=0, verbose_name="openings in a row"),
        ),
        migrations.AddField(
            model_name="zohoconnection",
            name="breaker_reason",
            field=models.CharField(blank=True, default="", max_length=300, verbose_name="reason of the breaker"),
        ),
        migrations.AddField(
            model_name="zohoconnection",
            name="breaker_since",
            field=models.DateTimeField(blank=True, null=True, verbose_name="breaker in this state since"),
        ),
        migrations.AddField(
            model_name="zohoconnection",
            name="breaker_state",
            field=models.CharField(
                choices=[("closed", "closed"), ("open", "open"), ("half_open", "half open")],
                default="closed",
                max_length=10,
                verbose_name="breaker",
            ),
        ),
        migrations.AddField(
            model_name="zohoconnection",
            name="breaker_until",
            field=models.DateTimeField(blank=True, null=True, verbose_name="next try at"),
        ),
        migrations.AddField(
            model_name="zohoconnection",
            name="calls_day",
            field=models.DateField(blank=True, null=True, verbose_name="day of the count"),
        ),
        migrations.AddField(
            model_name="zohoconnection",
            name="calls_today",
            field=models.PositiveIntegerField(default=0, verbose_name="API calls today"),
        ),
        migrations.AddField(
            model_name="zohoconnection",
            name="denied_until",
            field=models.DateTimeField(blank=True, null=True, verbose_name="no tokens until"),
        ),
        migrations.AddField(
            model_name="zohoconnection",
            name="forbidden",
            field=models.JSONField(blank=True, default=dict, verbose_name="addresses without a right"),
        ),
        migrations.AddField(
            model_name="zohoconnection",
            name="paced_until_us",
            field=models.BigIntegerField(default=0, verbose_name="calls are planned until"),
        ),
        migrations.AddField(
            model_name="zohoconnection",
            name="refresh_lease_until",
            field=models.DateTimeField(blank=True, null=True, verbose_name="being refreshed until"),
        ),
        migrations.AddField(
            model_name="zohoconnection",
            name="refreshes",
            field=models.JSONField(blank=True, default=list, verbose_name="latest refreshes"),
        ),
        migrations.AddField(
            model_name="zohoconnection",
            name="refused_credentials",
            field=models.CharField(blank=True, default="", max_length=64, verbose_name="refused credentials"),
        ),
        migrations.AddField(
            model_name="zohoconnection",
            name="zoho_limit",
            field=models.IntegerField(blank=True, null=True, verbose_name="daily limit, says Zoho"),
        ),
        migrations.AddField(
            model_name="zohoconnection",
            name="zoho_remaining",
            field=models.IntegerField(blank=True, null=True, verbose_name="calls left, says Zoho"),
        ),
        migrations.AddField(
            model_name="zohoconnection",
            name="zoho_resets_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="limit reset at"),
        ),
        migrations.CreateModel(
            name="ApiUsage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField(verbose_name="day")),
                (
                    "priority",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (1, "fetches for webhooks"),
                            (2, "incremental pulls"),
                            (3, "stock"),
                            (4, "full pulls"),
                            (5, "back-fill"),
                        ],
                        verbose_name="made for",
                    ),
                ),
                ("calls", models.PositiveIntegerField(default=0, verbose_name="API calls")),
                ("failed", models.PositiveIntegerField(default=0, verbose_name="failed calls")),
                ("limited", models.PositiveIntegerField(default=0, verbose_name="limited by Zoho")),
                ("refused", models.PositiveIntegerField(default=0, verbose_name="calls held back")),
            ],
            options={
                "verbose_name": "API usage",
                "verbose_name_plural": "API usage",
                "ordering": ("-day", "priority"),
                "constraints": [
                    models.UniqueConstraint(fields=("day", "priority"), name="one_usage_per_day_and_priority")
                ],
            },
        ),
    ]
