"""Soft parents: rows that may not be here yet."""

from __future__ import annotations

from collections.abc import Iterable

from tsh_erp.common.models import MirroredModel


def keys_by_zoho_id(model: type[MirroredModel], zoho_ids: Iterable[str]) -> dict[str, int]:
    """Primary keys of the rows that are here, by Zoho id. One query, none when no id is given."""
    wanted = {zoho_id for zoho_id in zoho_ids if zoho_id}
    if not wanted:
        return {}
    found = model._default_manager.filter(zoho_id__in=wanted).values_list("zoho_id", "pk")
    return {str(zoho_id): pk for zoho_id, pk in found}
