"""Pulls: bring a whole module, or what changed in it, from Zoho's lists into our tables."""

from zoho_sync.bulk.performing import perform, pull
from zoho_sync.bulk.pulling import BATCH_SIZE, Track
from zoho_sync.bulk.rewinding import Rewound, rewind
from zoho_sync.bulk.sweeping import confirm as confirm_sweep

__all__ = ["BATCH_SIZE", "Rewound", "Track", "confirm_sweep", "perform", "pull", "rewind"]
