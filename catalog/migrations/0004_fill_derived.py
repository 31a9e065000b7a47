"""Fill in, for products that are here already, the words they are found by and which of them are low in stock."""

from django.db import migrations
from django.db.models import F, Q
from django.utils import timezone

from catalog.folding import search_columns

SEARCHED = ("name", "name_ar", "name_en", "sku", "upc", "ean", "isbn", "part_number", "brand", "manufacturer")
AROUND = ("category_name", "category__name", "category__name_ar", "item_group_name", "item_group__name")
BATCH = 500


def fill(apps, schema_editor):
    using = schema_editor.connection.alias
    product, low_stock = apps.get_model("catalog", "Product"), apps.get_model("catalog", "LowStock")
    products = product.objects.using(using)
    last = 0
    rows = products.filter(search_text="").order_by("pk")
    while batch := list(rows.filter(pk__gt=last).values_list("pk", *SEARCHED, *AROUND)[:BATCH]):
        filled = []
        for last, *texts in batch:
            words = [text or "" for text in texts]
            text, *_ = search_columns(words[:3], words[3:8], words[8 : len(SEARCHED)], words[len(SEARCHED) :])
            filled.append(product(pk=last, search_text=text))
        products.bulk_update(filled, ["search_text"])
    tracked = Q(track_inventory=True) | Q(track_inventory__isnull=True, kind__in=["", "inventory"])
    is_low = products.filter(tracked, retired_at=None, is_active=True, accounting_on_hand__lte=F("reorder_level"))
    now = timezone.now()
    low_stock.objects.using(using).bulk_create(
        [low_stock(product_id=key, since=now) for key in is_low.values_list("pk", flat=True)], batch_size=BATCH
    )


class Migration(migrations.Migration):
    dependencies = [("catalog", "0003_versions")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
