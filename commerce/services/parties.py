"""Customers and vendors. Zoho keeps both as contacts, and a contact may turn from one into the other."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from commerce.models import ContactPerson, Customer, CustomerBalance, Vendor, VendorBalance, ZohoAddress
from commerce.services.mirrored import publish_edits, retire_mirrored, save_mirrored
from commerce.services.parts import Part
from commerce.values import CustomerValues, LocalPartyFields, VendorValues
from tsh_erp.common.history import as_they_are, record_edits
from tsh_erp.common.upsert import Saved

CUSTOMER_PARTS = (
    Part("contact_persons", ContactPerson, "customer"),
    Part("addresses", ZohoAddress, "customer"),
    Part("balances", CustomerBalance, "customer"),
)
WRITTEN_AT_ONCE = 500  # SQLite takes 32,766 parameters
VENDOR_PARTS = (
    Part("contact_persons", ContactPerson, "vendor"),
    Part("addresses", ZohoAddress, "vendor"),
    Part("balances", VendorBalance, "vendor"),
)


def save_parties(values: Sequence[CustomerValues | VendorValues], *, at: datetime) -> Saved:
    """Save each contact as what it is now; where it was the other before, that row is retired.

    The key is the Zoho id alone: phones and e-mails are shared by many.
    """
    latest = {one.zoho_id: one for one in values}.values()
    customers = [one for one in latest if isinstance(one, CustomerValues)]
    vendors = [one for one in latest if isinstance(one, VendorValues)]
    saved = save_mirrored(Customer, customers, at=at, parts=CUSTOMER_PARTS) | save_mirrored(
        Vendor, vendors, at=at, parts=VENDOR_PARTS
    )
    retire_mirrored(Vendor, [one.zoho_id for one in customers], at=at)
    retire_mirrored(Customer, [one.zoho_id for one in vendors], at=at)
    return saved


def retire_parties(zoho_ids: Sequence[str], *, at: datetime) -> int:
    """Retire the customers and vendors with these Zoho ids."""
    return retire_mirrored(Customer, zoho_ids, at=at) + retire_mirrored(Vendor, zoho_ids, at=at)


def edit_party(model: type[Customer] | type[Vendor], party_id: int, fields: LocalPartyFields, *, at: datetime) -> None:
    """Write what staff keep about a customer or vendor; Zoho's columns stay as they are."""
    edit_parties(model, {party_id: fields}, at=at)


def edit_parties(model: type[Customer] | type[Vendor], fields: Mapping[int, LocalPartyFields], *, at: datetime) -> int:
    """Write what staff keep about several of them, by primary key; how many changed.

    DoesNotExist when one is not here; then nothing is written.
    """
    with transaction.atomic():
        rows = model._default_manager.filter(pk__in=fields).order_by("zoho_id", "pk").select_for_update()
        parties = {party.pk: party for party in rows}
        if missing := fields.keys() - parties.keys():
            raise model.DoesNotExist(f"no {model._meta.model_name} has the key {min(missing)}")
        before = as_they_are(list(parties.values()))
        changed = {pk: _set_fields(party, fields[pk]) for pk, party in parties.items()}
        news = [party for pk, party in parties.items() if changed[pk]]
        for party in news:
            party.updated_at = at
        rows_of: Any = model._default_manager
        rows_of.bulk_update(news, [*model.LOCAL_FIELDS, "updated_at"], batch_size=WRITTEN_AT_ONCE)
        record_edits(before, news, at=at)
        publish_edits([(party, changed[party.pk]) for party in news], at=at)
    return len(news)


def _set_fields(party: Customer | Vendor, fields: LocalPartyFields) -> list[str]:
    """Set what differs; the names of those columns."""
    wanted = dataclasses.asdict(fields)
    changed = sorted(name for name, value in wanted.items() if getattr(party, name) != value)
    for name in changed:
        setattr(party, name, wanted[name])
    return changed
