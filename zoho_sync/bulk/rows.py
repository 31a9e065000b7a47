"""What a list row tells against what the mirror knows: pass over, apply, or fetch the whole record. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from zoho_sync.entities import Entity
from zoho_sync.mirror import Glimpse, Observation, payload_hash

# Their content changes without moving their time, so that only a fetch shows it (api.md §6.13).
ALWAYS_FETCHED = frozenset({"pricebook"})
# There are few of them, and without their detail they are of little use.
FETCHED_WITH_THE_LIST = frozenset({"itemgroup"})


@dataclass(frozen=True)
class Row:
    """A list row, and what the mirror holds of its record, None when it is new."""

    told: Observation
    held: Glimpse | None

    @cached_property
    def is_known(self) -> bool:
        """Whether the list says nothing of the record that we have not been told."""
        if self.held is None or not self.held.is_here:
            return False
        if self.held.list_hash:
            return self.held.list_hash == payload_hash(self.told.payload)
        # So far only webhooks told of it.
        return self.told.modified_at is not None and self.told.modified_at == self.held.modified_at

    @property
    def proves_nothing_happened(self) -> bool:
        """Known, and of the time we know: a record without times may have changed and changed back."""
        return self.held is not None and self.held.is_as_listed(payload_hash(self.told.payload), self.told.modified_at)

    def must_be_fetched(self, entity: Entity) -> bool:
        """Whether the list row is of no use without the whole record, in whatever mode."""
        if self.held is not None and not self.held.is_here:
            return True  # only a fetch brings a record back
        if entity.module in FETCHED_WITH_THE_LIST:
            return not self.is_known or self._lacks_detail
        return entity.module in ALWAYS_FETCHED

    def is_worth_fetching(self, entity: Entity, *, since: datetime) -> bool:
        """Whether it has more than lists show, and changed: now, or as was seen since the run began."""
        if not entity.detail_only:
            return False
        if self.held is None or not self.is_known:
            return True
        return self._lacks_detail and self.held.observed_at >= since

    @property
    def _lacks_detail(self) -> bool:
        return self.held is None or self.held.detail_at is None or self.held.detail_stale
