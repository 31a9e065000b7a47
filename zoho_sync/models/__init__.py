"""Tables of the sync: what came in, the work to do, what went wrong, and the mirror of Zoho."""

from zoho_sync.models.alerts import Alert, AlertDelivery, AlertRule
from zoho_sync.models.bulk_actions import BulkAction
from zoho_sync.models.connection import ZohoConnection
from zoho_sync.models.dead_letters import DeadLetter, ErrorGroup
from zoho_sync.models.drift import ZohoField
from zoho_sync.models.inbox import InboxEvent
from zoho_sync.models.limits import ApiSlot, ApiUsage, Priority
from zoho_sync.models.logs import SyncLog
from zoho_sync.models.metrics import MetricSample
from zoho_sync.models.pauses import Pause
from zoho_sync.models.queue import WAITING, SyncQueueItem
from zoho_sync.models.reconciliation import Difference, Reconciliation, ReconciliationResult
from zoho_sync.models.records import Sighting, ZohoRecord
from zoho_sync.models.runs import SyncCursor, SyncRun

__all__ = [
    "WAITING",
    "Alert",
    "AlertDelivery",
    "AlertRule",
    "ApiSlot",
    "ApiUsage",
    "BulkAction",
    "DeadLetter",
    "Difference",
    "ErrorGroup",
    "InboxEvent",
    "MetricSample",
    "Pause",
    "Priority",
    "Reconciliation",
    "ReconciliationResult",
    "Sighting",
    "SyncCursor",
    "SyncLog",
    "SyncQueueItem",
    "SyncRun",
    "ZohoConnection",
    "ZohoField",
    "ZohoRecord",
]
