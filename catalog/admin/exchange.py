"""What of products can be exported and imported: the columns that are ours, beside those that name the product."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import timezone

from catalog.models import Product
from catalog.services.local_fields import save_local_fields_of_products
from catalog.values import LocalProductFields
from tsh_erp.admin_site.exchange import Key, OurColumns, YesNo, column


class ProductColumns(OurColumns):
    ours = Product.LOCAL_FIELDS

    id = column("id", widget=Key())
    zoho_id = column("zoho_id")
    sku = column("sku")
    name = column("name")
    name_ar = column("name_ar", is_ours=True)
    name_en = column("name_en", is_ours=True)
    description_ar = column("description_ar", is_ours=True)
    is_hidden = column("is_hidden", widget=YesNo(), is_ours=True)
    is_featured = column("is_featured", widget=YesNo(), is_ours=True)

    class Meta(OurColumns.Meta):
        model = Product
        fields = ("id", "zoho_id", "sku", "name", *Product.LOCAL_FIELDS)

    def save(self, rows: Sequence[Product]) -> None:
        values = {
            row.pk: LocalProductFields(
                name_ar=row.name_ar,
                name_en=row.name_en,
                description_ar=row.description_ar,
                is_hidden=row.is_hidden,
                is_featured=row.is_featured,
            )
            for row in rows
        }
        save_local_fields_of_products(values, at=timezone.now())
