from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("commerce", "0002_selling")]
    operations = []
