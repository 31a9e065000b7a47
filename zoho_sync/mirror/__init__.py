"""The mirror: merge what we hear of a Zoho record into what we knew, refuse older news, skip what says nothing new.

`fold` is pure. `hold` locks the mirror rows of a batch, `write` stores what changed.
"""

from zoho_sync.mirror.folding import EMPTY_HASH, Folded, fold, payload_hash
from zoho_sync.mirror.observations import CLOCKS_DIFFER, MISDATED, Judged, Kind, Observation, Verdict
from zoho_sync.mirror.rows import hold, hold_absent, mark_misdated, see, touch, write

__all__ = [
    "CLOCKS_DIFFER",
    "EMPTY_HASH",
    "MISDATED",
    "Folded",
    "Judged",
    "Kind",
    "Observation",
    "Verdict",
    "fold",
    "hold",
    "hold_absent",
    "mark_misdated",
    "payload_hash",
    "see",
    "touch",
    "write",
]
