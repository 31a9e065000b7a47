"""Audit: prove that nothing was lost and nothing applied twice, by checks that can really fail."""

from zoho_sync.audit.auditing import Check, audit
from zoho_sync.audit.period import SHOWN

__all__ = ["SHOWN", "Check", "audit"]
