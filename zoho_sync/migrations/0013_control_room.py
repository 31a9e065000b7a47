from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("zoho_sync", "0012_observations")]
    operations = []
