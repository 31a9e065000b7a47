from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("zoho_sync", "0005_limits")]

    operations = [
        migrations.RemoveIndex(model_name="zohorecord", name="record_detail_stale"),
        migrations.AddIndex(
            model_name="zohorecord",
            index=models.Index(
                fields=["module", "modified_at", "id"],
                condition=Q(Q(detail_at__isnull=True) | Q(detail_stale=True), state__in=["present", "inactive"]),
                name="record_without_detail",
            ),
        ),
    ]
