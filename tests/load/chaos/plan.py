"""How much happens, and how often what dies."""

from __future__ import annotations

from dataclasses import dataclass

# Records that change, of each module; together 2,000.
SHARES = {"item": 1_150, "contact": 400, "salesorder": 200, "invoice": 250}
COMPANY = ("--items", "1250", "--contacts", "450", "--invoices", "280")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Seconds and counts of one run."""

    seed: int = 20261123
    changes: int = 10_000
    storm_seconds: float = 200.0
    """How long the changes are spread over."""
    most_seconds: float = 480.0
    """From the first change to the last check."""
    worker_every: float = 2.0
    cluster_every: float = 20.0
    least_kills: int = 60
    web_after: float = 0.3
    """The share of the storm after which the web server is killed and started again."""
    database_after: float = 0.55
    duplicate: float = 0.10
    delayed: float = 0.10
    drop: float = 0.05
    fault_rate: float = 0.10
    deletions: int = 10
    happenings: float = 0.03
    """Share of the changes that are whole happenings: a sale, a payment, a count of the stock."""


# As in `schedules.py`, but so many seconds apart: an hour is a minute and a half.
PERIODS = {
    "sweep": 2.0,
    "samples": 15.0,
    "healing": 15.0,
    "alert checks": 15.0,
    "token refresh": 20.0,
    "incremental sync": 45.0,
    "stock sync": 40.0,
    "back-fill": 30.0,
    "product images": 60.0,
}

SETTINGS = {
    "TDS_HEARTBEAT_SECONDS": "5",
    "TDS_LOCK_TIMEOUT_SECONDS": "3",
    "TDS_RETRY_BASE_SECONDS": "1",
    "TDS_RETRY_CAP_SECONDS": "5",
    "TDS_WORKERS": "2",
    "LOG_LEVEL": "WARNING",
}

# What Zoho's API does at the rate of faults. Its blocked minute would cost each time a minute.
FAULTS = ("timeout", "internal_error", "html", "too_many_at_once", "cut_off", "broken_off", "hung_up")
HANG_SECONDS = 1.0
