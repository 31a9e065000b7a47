"""What alerts there are: what each is about, from when on, for whom, and what to do. Staff change it by `AlertRule`.

Pure but for reading `AlertRule`: what is measured stands in `zoho_sync.rules`.
"""

from zoho_sync.rulebook.definitions import BY_CODE, DEFINITIONS, DRIFT, HEARTBEAT, SILENCE
from zoho_sync.rulebook.holding import BrokenRule, Rule
from zoho_sync.rulebook.kinds import CHANNEL_FAILED, RULE_BROKEN, Comparison, Definition
from zoho_sync.rulebook.reading import find_rule, rule_for, write_rules

__all__ = [
    "BY_CODE",
    "CHANNEL_FAILED",
    "DEFINITIONS",
    "DRIFT",
    "HEARTBEAT",
    "RULE_BROKEN",
    "SILENCE",
    "BrokenRule",
    "Comparison",
    "Definition",
    "Rule",
    "find_rule",
    "rule_for",
    "write_rules",
]
