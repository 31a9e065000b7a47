"""The inbox: every genuine delivery is stored as it came, and its record put into the queue."""

from zoho_sync.inbox.bodies import Delivered, read_body
from zoho_sync.inbox.discarding import discard_invalid
from zoho_sync.inbox.observing import observe
from zoho_sync.inbox.receiving import Delivery, Receipt, receive

__all__ = ["Delivered", "Delivery", "Receipt", "discard_invalid", "observe", "read_body", "receive"]
