"""Errors that the owners of tables raise and their callers act on."""

from __future__ import annotations


class MissingParent(LookupError):
    """A row cannot be written before the row it belongs to: try again once `parent` is here.

    `parent` is the model label ("commerce.customer"), `zoho_id` the key of the missing row and
    `child` the key of the row that waits.
    """

    def __init__(self, parent: str, zoho_id: str, *, child: str) -> None:
        super().__init__(f"{child} waits for {parent} {zoho_id}")
        self.parent, self.zoho_id, self.child = parent, zoho_id, child
