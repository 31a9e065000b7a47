"""How many API calls pulls need: few for everything, fewer for what changed."""

from __future__ import annotations

from decimal import Decimal
from math import ceil

import pytest

from zoho_sandbox.server import Sandbox
from zoho_sandbox.world.build import Size
from zoho_sync import bulk, runs, stock
from zoho_sync.entities import BY_MODULE, ENTITIES
from zoho_sync.models import SyncRun
from zoho_sync.tests.conftest import point_at

pytestmark = pytest.mark.django_db(transaction=True)
Mode, Status = SyncRun.Mode, SyncRun.Status
REAL = pytest.param(Size(), marks=pytest.mark.slow, id="real sizes")


@pytest.fixture
def company(settings, request):
    with Sandbox(size=request.param) as sandbox:
        point_at(sandbox, settings)
        yield sandbox


def pull_everything() -> dict[str, SyncRun]:
    return {entity.module: bulk.pull(entity) for entity in ENTITIES}


def change_seven(zoho) -> None:
    """Seven records of different kinds, one by one and without a word."""
    items, contacts = zoho.control.records("item"), zoho.control.records("contact")
    for item in (items[3], items[len(items) // 2], items[-1]):
        zoho.control.patch("item", item["item_id"], {"rate": Decimal("4321.25")}, webhook=False)
    for contact in (contacts[1], contacts[-1]):
        zoho.control.patch("contact", contact["contact_id"], {"website": "example.iq"}, webhook=False)
    invoice, order = zoho.control.records("invoice")[0], zoho.control.records("salesorder")[0]
    zoho.control.patch("invoice", invoice["invoice_id"], {"reference_number": "R-1"}, webhook=False)
    zoho.control.patch("salesorder", order["salesorder_id"], {"reference_number": "R-2"}, webhook=False)


@pytest.mark.lesson("L25")
@pytest.mark.parametrize("company", [pytest.param(Size.scaled(260), id="scaled"), REAL], indirect=True)
def test_a_second_run_makes_a_fifth_of_the_calls_and_applies_exactly_what_changed(company):
    first = pull_everything()
    assert {run.status for run in first.values()} == {Status.COMPLETED}
    change_seven(company)

    second = pull_everything()

    assert {run.status for run in second.values()} == {Status.COMPLETED}
    assert sum(run.created for run in second.values()) == 0
    assert {module: run.updated for module, run in second.items() if run.updated} == {
        "item": 3,
        "contact": 2,
        "invoice": 1,
        "salesorder": 1,
    }
    calls = [sum(run.calls for run in runs_.values()) for runs_ in (first, second)]
    assert calls[1] <= calls[0] / 5, calls


@pytest.mark.parametrize(
    "company",
    [pytest.param(Size.scaled(450, contacts=410, invoices=0), id="scaled"), REAL],
    indirect=True,
)
def test_one_full_pass_needs_as_many_calls_as_there_are_pages(company):
    items, contacts = len(company.control.records("item")), len(company.control.records("contact"))
    bulk.pull(BY_MODULE["currency"], mode=Mode.FULL)
    before = company.calls("/inventory/") + company.calls("/books/")

    for module in ("location", "item", "pricebook", "contact"):
        assert bulk.pull(BY_MODULE[module], mode=Mode.FULL).status == Status.COMPLETED
    opened = runs.open_run(
        SyncRun.Kind.STOCK, "item", mode=Mode.FULL, trigger=SyncRun.Trigger.COMMAND, options={"batch_size": 200}
    )
    assert stock.perform(runs.take(opened.pk)).status == Status.COMPLETED

    calls = company.calls("/inventory/") + company.calls("/books/") - before
    needed = 1 + ceil(items / 200) + 1 + 7 + ceil(contacts / 200) + ceil(items / 100)
    assert calls <= needed
    assert needed <= 60
    # A client that fetches one by one what lists leave out: every item, contact and price list.
    one_by_one = 1 + ceil(items / 200) + items + 1 + 7 + ceil(contacts / 200) + contacts
    assert one_by_one > 15 * calls
