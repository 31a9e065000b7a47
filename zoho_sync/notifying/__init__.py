"""Tell people of alerts: messages are written with what they tell of (an outbox), and sent after the commit."""

from zoho_sync.notifying.channels import ChannelError, configured_channels
from zoho_sync.notifying.queueing import queue_opened, queue_reminders, queue_resolved
from zoho_sync.notifying.sending import MOST_ATTEMPTS, Sent, send_due, send_tests

__all__ = [
    "MOST_ATTEMPTS",
    "ChannelError",
    "Sent",
    "configured_channels",
    "queue_opened",
    "queue_reminders",
    "queue_resolved",
    "send_due",
    "send_tests",
]
