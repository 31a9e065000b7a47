"""Customers and vendors. Zoho keeps both as contacts, and a contact may turn from one into the other."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from commerce.models import ContactPerson, Customer, CustomerBalance, Vendor, VendorBalance, ZohoAddress
from commerce.services.mirrored import publish_fields, retire_mirrored, save_mirrored
from commerce.services.parts import Part
from commerce.values import CustomerValues, LocalPartyFields, VendorValues
from tsh_erp.common.upsert import Saved

CUSTOMER_PARTS = (
    Part("contact_persons", ContactPerson, "customer"),
    Part("addresses", ZohoAddress, "customer"),
    Part("balances", CustomerBalance, "customer"),
)
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
    with transaction.atomic():
        party = model._default_manager.select_for_update().get(pk=party_id)
        wanted = dataclasses.asdict(fields)
        changed = sorted(name for name, value in wanted.items() if getattr(party, name) != value)
        if changed:
            model._default_manager.filter(pk=party_id).update(**wanted, updated_at=at)
            publish_fields(party, changed, at=at)
