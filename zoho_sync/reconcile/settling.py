"""What people decide about differences."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import QuerySet

from zoho_sync.entities import RANK
from zoho_sync.models import Difference


def accept(differences: QuerySet[Difference], *, by: AbstractBaseUser, reason: str, at: datetime) -> int:
    """Let open differences stay: later reports count them as equal until either value changes; how many."""
    return differences.filter(state=Difference.State.OPEN).update(
        state=Difference.State.ACCEPTED, settled_at=at, settled_by=by, reason=reason
    )


def choose(differences: Iterable[Difference]) -> dict[str, list[int]]:
    """Primary keys of open differences by module, parents first: what a run of mode CHOSEN is given."""
    chosen: dict[str, list[int]] = defaultdict(list)
    for one in differences:
        if one.state == Difference.State.OPEN:
            chosen[one.module].append(one.pk)
    return {module: chosen[module] for module in sorted(chosen, key=RANK.__getitem__)}
