"""The queue of records to bring in: who may work on what, and when it is tried again."""

from zoho_sync.queue.claiming import (
    Claim,
    ExpiredLeases,
    claim,
    claim_alike,
    lock_claimed,
    renew,
    return_expired_leases,
)
from zoho_sync.queue.enqueueing import Work, enqueue
from zoho_sync.queue.looking import without_job
from zoho_sync.queue.operating import (
    can_be_discarded,
    discard,
    postpone,
    prioritise,
    release_leases,
    retry_now,
)
from zoho_sync.queue.pausing import pause, paused_modules, resume
from zoho_sync.queue.settling import End, Settlement, settle, wake_children

__all__ = [
    "Claim",
    "End",
    "ExpiredLeases",
    "Settlement",
    "Work",
    "can_be_discarded",
    "claim",
    "claim_alike",
    "discard",
    "enqueue",
    "lock_claimed",
    "pause",
    "paused_modules",
    "postpone",
    "prioritise",
    "release_leases",
    "renew",
    "resume",
    "retry_now",
    "return_expired_leases",
    "settle",
    "wake_children",
    "without_job",
]
