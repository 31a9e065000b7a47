from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("commerce", "0003_accounts")]
    operations = []
