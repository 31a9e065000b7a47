"""one-off: fuzz mapper → service on a real database"""
import datetime as dt
import pytest
from django.db import transaction
from hypothesis import given, settings, HealthCheck
from hypothesis import strategies as st
from zoho_sync.tests.test_mappers_commerce import MAPPERS, KEYS, VALUES, KNOWN
from zoho_sync.mappers.record import Record
from zoho_sync.errors import MappingError
from tsh_erp.common.errors import MissingParent
from commerce.services import documents as d, payments as p, adjustments, taxes, currencies, users, parties
from commerce.tests.builders import customer, vendor, NOON
SAVE = {"contact": parties.save_parties,"salesorder":d.save_sales_orders,"invoice":d.save_invoices,"creditnote":d.save_credit_notes,"bill":d.save_bills,"purchaseorder":d.save_purchase_orders,"vendorcredit":d.save_vendor_credits,"customerpayment":p.save_customer_payments,"vendorpayment":p.save_vendor_payments,"adjustment":adjustments.save_adjustments,"tax":taxes.save_taxes,"currency":currencies.save_currencies,"user":users.save_users}
@pytest.mark.django_db
@settings(max_examples=3000, deadline=None, suppress_health_check=list(HealthCheck))
@given(kind=st.sampled_from(sorted(MAPPERS)), record=st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=8), contact_type=st.sampled_from(["customer","vendor"]))
def test_it(kind, record, contact_type):
    try:
        v = MAPPERS[kind](Record({**KNOWN, "contact_type": contact_type, **record}))
    except MappingError:
        return
    try:
        with transaction.atomic():
            parties.save_parties([customer("2"), vendor("3")], at=NOON)
            SAVE[kind]([v], at=NOON)
            s=SAVE[kind]([v], at=NOON)
            assert not s.changed and not s.created, s
            transaction.set_rollback(True)
    except MissingParent:
        pass
    except UnicodeEncodeError:
        pass
