from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("zoho_sync", "0013_control_room")]
    operations = []
