"""Zoho beside our tables: every record compared by id and by field, reported, and repaired where that is asked."""

from __future__ import annotations

from zoho_sync.models import SyncRun
from zoho_sync.reconcile.choosing import perform_chosen
from zoho_sync.reconcile.numbers import WEIGHTS, match_percent
from zoho_sync.reconcile.performing import Track
from zoho_sync.reconcile.performing import perform as perform_report
from zoho_sync.reconcile.reports import conclude, estimate_calls, forget_old_differences, open_report
from zoho_sync.reconcile.settling import accept, choose
from zoho_sync.reconcile.tables import subjects_of

__all__ = [
    "WEIGHTS",
    "accept",
    "choose",
    "conclude",
    "estimate_calls",
    "forget_old_differences",
    "match_percent",
    "open_report",
    "perform",
    "subjects_of",
]


def perform(run: SyncRun, *, track: Track | None = None) -> SyncRun:
    """Do a run of kind RECONCILE that has been taken; the finished run.

    FULL compares the module for the report of the run's batch, CHOSEN repairs the differences that its options name.
    """
    work = perform_chosen if run.mode == SyncRun.Mode.CHOSEN else perform_report
    return work(run, track=track)
