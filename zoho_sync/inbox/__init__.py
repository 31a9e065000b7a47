"""The inbox: every genuine delivery is stored as it came, and its record put into the queue."""

from zoho_sync.inbox.bodies import Delivered, read_body
from zoho_sync.inbox.discarding import discard_invalid
from zoho_sync.inbox.observing import observe
from zoho_sync.inbox.receiving import Delivery, Receipt, receive
from zoho_sync.inbox.redeliveries import hold_records
from zoho_sync.inbox.reopening import Reading, read_again, reopen

__all__ = [
    "Delivered",
    "Delivery",
    "Reading",
    "Receipt",
    "discard_invalid",
    "hold_records",
    "observe",
    "read_again",
    "read_body",
    "receive",
    "reopen",
]
