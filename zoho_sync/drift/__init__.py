"""Schema drift: notice when Zoho begins to send a field, stops to, or sends another type of value in it.

`watch` is told of every batch that was applied. It counts in memory and writes now and then; what is
new it writes at once, with one alert for each field. Nothing it meets or does ever stops a batch.
"""

from zoho_sync.drift.judging import accept, count_changes
from zoho_sync.drift.watching import forget, watch

__all__ = ["accept", "count_changes", "forget", "watch"]
