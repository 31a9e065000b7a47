"""The worker: take due records, read their queued events, apply them, give each event its own outcome."""

from zoho_sync.worker.clock import Clock
from zoho_sync.worker.draining import drain, recover, work, worker_name

__all__ = ["Clock", "drain", "recover", "work", "worker_name"]
