from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("zoho_sync", "0011_groups_see_jobs")]
    operations = []
