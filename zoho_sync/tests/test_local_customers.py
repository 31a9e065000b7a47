"""Customers who registered on a phone: Zoho does not know them, and nothing that compares with Zoho minds."""

from __future__ import annotations

import pytest

from commerce.models import Customer, CustomerBalance
from zoho_sandbox.server import Sandbox
from zoho_sync.audit import audit
from zoho_sync.tests.reconciling import Run, found, last_report, listed, reconcile

__all__ = ["listed", "reconcile"]


def test_reconciliation_neither_counts_nor_finds_nor_retires_them(listed: Sandbox, reconcile: Run) -> None:
    code, _, _ = reconcile("customer")
    before = last_report().results.get(subject="customer")
    mine = [Customer.objects.create(name=f"Guest {number}", currency="IQD") for number in range(3)]
    CustomerBalance.objects.create(customer=mine[0], currency="IQD", receivable=10**6)
    Customer.objects.filter(zoho_id=None).update(created_at="2020-01-01T00:00:00Z")

    again, _, _ = reconcile("customer", "--repair")

    after = last_report().results.get(subject="customer")
    assert (again, found("open")) == (code, set()) == (0, set())
    for figure in ("theirs", "ours", "missing", "extra", "different", "totals"):
        assert getattr(after, figure) == getattr(before, figure), figure
    assert Customer.objects.filter(zoho_id=None, retired_at=None).count() == 3


@pytest.mark.django_db
def test_the_audit_finds_nothing_wrong_with_them() -> None:
    Customer.objects.create(name="Guest", currency="IQD")

    assert [check.name for check in audit(deliveries=0) if not check.holds] == []
