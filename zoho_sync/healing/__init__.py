"""Healing: put right what workers, schedules and rings have left lying, and say what was found and done."""

from zoho_sync.healing.performing import heal
from zoho_sync.healing.reporting import Finding, Report

__all__ = ["Finding", "Report", "heal"]
