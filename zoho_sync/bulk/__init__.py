"""Pulls: bring a whole module, or what changed in it, from Zoho's lists into our tables."""

from zoho_sync.bulk.pulling import BATCH_SIZE, Track, pull

__all__ = ["BATCH_SIZE", "Track", "pull"]
