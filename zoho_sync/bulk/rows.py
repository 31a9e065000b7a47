"""What a list row tells against what the mirror knows: pass over, apply, or fetch the whole record. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from zoho_sync.entities import Entity
from zoho_sync.mirror import Observation, payload_hash
from zoho_sync.models import ZohoRecord

# Their content changes without moving their time, so that only a fetch shows it (api.md §6.13).
ALWAYS_FETCHED = frozenset({"pricebook"})
HERE = (ZohoRecord.State.PRESENT, ZohoRecord.State.INACTIVE)


@dataclass(frozen=True)
class Row:
    """A list row and the mirror's row of its record (without payload), None when it is new."""

    told: Observation
    held: ZohoRecord | None

    @property
    def is_known(self) -> bool:
        """Whether the list says nothing of the record that we have not been told."""
        if self.held is None or self.held.state not in HERE:
            return False
        if self.held.list_hash:
            return self.held.list_hash == payload_hash(self.told.payload)
        # So far only webhooks told of it.
        return self.told.modified_at is not None and self.told.modified_at == self.held.modified_at

    @property
    def proves_nothing_happened(self) -> bool:
        """Known, and of the time we know: a record without times may have changed and changed back."""
        if self.held is None or not self.held.list_hash or self.told.modified_at is None:
            return False
        return self.is_known and self.told.modified_at == self.held.modified_at

    def needs_detail(self, entity: Entity, *, whole: bool) -> bool:
        """Whether the record must be fetched. With `whole` all items are: stock moves without moving their time."""
        if self.held is not None and self.held.state not in HERE:
            return True  # only a fetch brings a record back
        if not entity.detail_only:
            return False
        if entity.module in ALWAYS_FETCHED or (whole and entity.module == "item"):
            return True
        return not self.is_known or self.held is None or self.held.detail_at is None or self.held.detail_stale
