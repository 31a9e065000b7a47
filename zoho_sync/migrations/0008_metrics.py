from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("zoho_sync", "0007_alerts")]

    operations = [
        migrations.CreateModel(
            name="MetricSample",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "resolution",
                    models.CharField(
                        choices=[("minute", "minute"), ("hour", "hour")], max_length=6, verbose_name="resolution"
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="begins at")),
                ("values", models.JSONField(default=dict, verbose_name="values")),
                ("taken_at", models.DateTimeField(verbose_name="taken at")),
            ],
            options={
                "verbose_name": "metric sample",
                "verbose_name_plural": "metric samples",
                "ordering": ("-at", "-id"),
                "constraints": [models.UniqueConstraint(fields=("resolution", "at"), name="one_sample_for_each_time")],
            },
        ),
        # Attempts of a period by outcome are counted in the index alone.
        migrations.RemoveIndex(model_name="synclog", name="log_started"),
        migrations.AddIndex(
            model_name="synclog", index=models.Index(fields=["started_at", "outcome"], name="log_started")
        ),
        # The newest jobs of a status and module are found in the index alone.
        migrations.RemoveIndex(model_name="syncqueueitem", name="queue_status"),
        migrations.AddIndex(
            model_name="syncqueueitem",
            index=models.Index(fields=["status", "-id", "module"], name="queue_status"),
        ),
        # Jobs of a period are looked up by the staff's API.
        migrations.AddIndex(
            model_name="syncqueueitem", index=models.Index(fields=["created_at"], name="queue_created")
        ),
    ]
