"""The numbers of the sync put together: what they are, whether all is well, and what comes next."""

from zoho_sync.overview.judging import Reason, Standing, Verdict, ask_thresholds, judge, thresholds
from zoho_sync.overview.looking import Overview, look
from zoho_sync.overview.outlook import Outlook, look_ahead
from zoho_sync.overview.telling import tell, tell_health, tell_jobs, tell_queue, tell_thresholds, tell_webhooks

__all__ = [
    "Outlook",
    "Overview",
    "Reason",
    "Standing",
    "Verdict",
    "ask_thresholds",
    "judge",
    "look",
    "look_ahead",
    "tell",
    "tell_health",
    "tell_jobs",
    "tell_queue",
    "tell_thresholds",
    "tell_webhooks",
    "thresholds",
]
