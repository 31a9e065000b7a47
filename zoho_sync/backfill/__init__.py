"""Back-fill: fetch the details that lists leave out, newest first, with what the day's quota leaves over."""

from zoho_sync.backfill.progress import Progress, progress
from zoho_sync.backfill.running import Track, perform
from zoho_sync.backfill.worklist import entities_with_details, modules_to_do

__all__ = ["Progress", "Track", "entities_with_details", "modules_to_do", "perform", "progress"]
