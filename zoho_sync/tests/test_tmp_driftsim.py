import pytest
from zoho_sandbox.server import Sandbox
from zoho_sync import bulk, drift
from zoho_sync.entities import ENTITIES
from zoho_sync.models import SyncRun, Alert, ZohoField
from zoho_sync.tests.conftest import point_at
pytestmark = pytest.mark.django_db
def test_sim(settings):
    drift.forget()
    import zoho_sync.drift.judging as j, datetime
    j.LEARNED_AFTER_RECORDS = 40
    with Sandbox(items=600) as s:
        point_at(s, settings)
        for e in ENTITIES:
            bulk.pull(e, mode=SyncRun.Mode.FULL)
            bulk.pull(e, mode=SyncRun.Mode.INCREMENTAL)
    for a in Alert.objects.filter(code="schema_drift"): print("ALERT", a.title, a.detail)
    for r in ZohoField.objects.filter(name="").order_by("module"): print(r.module, r.source, r.parent, r.seen)
    print(ZohoField.objects.count())
    assert 0
