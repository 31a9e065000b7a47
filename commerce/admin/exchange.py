"""What of partners can be exported and imported: the columns that are ours, beside those that name them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from commerce.models import Customer, Vendor
from commerce.services.parties import edit_parties
from commerce.values import LocalPartyFields
from tsh_erp.admin_site.exchange import Key, OurColumns, column

COLUMNS = ("id", "zoho_id", "name", "company_name", *Customer.LOCAL_FIELDS)


class PartyColumns(OurColumns):
    ours = Customer.LOCAL_FIELDS

    id = column("id", widget=Key())
    zoho_id = column("zoho_id")
    name = column("name")
    company_name = column("company_name")
    name_ar = column("name_ar", is_ours=True)
    local_notes = column("local_notes", is_ours=True)

    def save(self, rows: Sequence[Any]) -> None:
        values = {row.pk: LocalPartyFields(name_ar=row.name_ar, local_notes=row.local_notes) for row in rows}
        edit_parties(self._meta.model, values, at=timezone.now())


class CustomerColumns(PartyColumns):
    class Meta(OurColumns.Meta):
        model = Customer
        fields = COLUMNS


class VendorColumns(PartyColumns):
    class Meta(OurColumns.Meta):
        model = Vendor
        fields = COLUMNS
