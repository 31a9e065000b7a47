"""Where the sync's tables stand in the menu."""

from tsh_erp.admin_site.menu import Section, places

places.put(
    Section.SYNC,
    "zoho_sync.Alert",
    "zoho_sync.InboxEvent",
    "zoho_sync.SyncQueueItem",
    "zoho_sync.ErrorGroup",
    "zoho_sync.DeadLetter",
    "zoho_sync.Pause",
    "zoho_sync.BulkAction",
    "zoho_sync.SyncRun",
    "zoho_sync.Reconciliation",
    "zoho_sync.ZohoRecord",
    "zoho_sync.ZohoConnection",
    "django_q.Schedule",
)
places.put_rest("zoho_sync", Section.SYNC)
