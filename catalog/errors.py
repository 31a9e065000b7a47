"""What the catalogue refuses."""

from __future__ import annotations


class LedgerIsAppendOnly(TypeError):
    """A stock ledger entry was to be changed or deleted; a correction is another entry."""

    def __init__(self) -> None:
        super().__init__("stock ledger entries are only ever added")
