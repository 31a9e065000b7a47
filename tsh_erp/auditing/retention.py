"""Forget what was done long ago."""

from __future__ import annotations

from datetime import datetime

from tsh_erp.auditing.models import AuditEntry


def prune_audit(*, before: datetime, at_most: int = 1_000) -> int:
    """Delete the oldest entries from before then, at most so many; how many. Call it until it answers 0."""
    oldest = AuditEntry.objects.filter(at__lt=before).order_by("at").values_list("pk", flat=True)[:at_most]
    return AuditEntry.objects.filter(pk__in=list(oldest)).delete()[0]
