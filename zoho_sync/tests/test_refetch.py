"""One record, asked for by its id."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from zoho_sandbox.clock import START
from zoho_sync import refetch
from zoho_sync.entities import BY_MODULE, ENTITIES
from zoho_sync.errors import OrganisationMustWait
from zoho_sync.mirror import Kind
from zoho_sync.tests.conftest import lift_limits

pytestmark = pytest.mark.django_db
ASKED_AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def test_a_record_is_observed_whole_at_the_moment_it_was_asked_for(zoho):
    item = next(row for row in zoho.control.records("item") if row["track_inventory"])
    zoho.control.patch("item", item["item_id"], {"name": "كيبل"})

    observation = refetch.fetch_record(BY_MODULE["item"], item["item_id"], now=lambda: ASKED_AT)

    assert (observation.kind, observation.zoho_id, observation.observed_at) == (Kind.DETAIL, item["item_id"], ASKED_AT)
    assert observation.modified_at == START.replace(second=1)
    assert observation.payload["name"] == "كيبل"
    assert len(observation.payload["locations"]) == 3


@pytest.mark.parametrize("entity", ENTITIES, ids=lambda entity: entity.module)
def test_every_kind_of_record_can_be_fetched(zoho, entity):
    zoho_id = next(iter(zoho.control.world.tables[entity.module]))

    observation = refetch.fetch_record(entity, zoho_id)

    assert observation.kind is Kind.DETAIL
    assert observation.payload[entity.id_key] == zoho_id


def test_what_zoho_does_not_have_is_a_confirmed_tombstone(zoho):
    observation = refetch.fetch_record(BY_MODULE["invoice"], "1", now=lambda: ASKED_AT)

    assert (observation.kind, observation.confirmed, observation.payload) == (Kind.GONE, True, {})
    assert observation.observed_at == ASKED_AT


def test_limits_and_rights_are_never_taken_for_a_tombstone(zoho):
    for fault in ("minute_limit", "unauthorized", "html"):
        zoho.control.fault(fault, times=2)
        lift_limits()

        with pytest.raises(Exception, match=r"/invoices/1") as caught:
            refetch.fetch_record(BY_MODULE["invoice"], "1")

        assert isinstance(caught.value, OrganisationMustWait) or fault == "html"
        zoho.control.fault()
