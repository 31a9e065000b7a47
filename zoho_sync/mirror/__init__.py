"""The mirror: merge what we hear of a Zoho record into what we knew, refuse older news, skip what says nothing new.

`fold` is pure. `hold` locks the mirror rows of a batch, `write` stores what changed.

Who reads lists tells apart by `glance` (one light SELECT) what a row can say nothing new of, and
notes it by `see` (one UPDATE); only the rest is applied. A row's payload is best an `EncodedPayload`:
it is encoded once for its `hash`, which `glance` is asked with, and for the column.
"""

from zoho_sync.mirror.folding import EMPTY_HASH, Folded, fold, payload_hash
from zoho_sync.mirror.observations import CLOCKS_DIFFER, MISDATED, Judged, Kind, Observation, Verdict
from zoho_sync.mirror.rows import Glimpse, glance, hold, hold_absent, mark_misdated, see, touch, write
from zoho_sync.models.payload import EncodedPayload

__all__ = [
    "CLOCKS_DIFFER",
    "EMPTY_HASH",
    "MISDATED",
    "EncodedPayload",
    "Folded",
    "Glimpse",
    "Judged",
    "Kind",
    "Observation",
    "Verdict",
    "fold",
    "glance",
    "hold",
    "hold_absent",
    "mark_misdated",
    "payload_hash",
    "see",
    "touch",
    "write",
]
