"""Every mode of every command that brings data from Zoho leaves our tables as Zoho's books stand, field by field.

One company lives through all tests: each leaves the tables equal to its books, or the next one pulls anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.test import override_settings

from catalog.models import Product, ProductImage
from commerce.models import Customer, Invoice
from tests.comparing import ALL_MODULES, differences
from tests.live.tables import empty_tables
from zoho_sandbox.modules import BY_NAME
from zoho_sandbox.server import Sandbox
from zoho_sandbox.world.build import Size
from zoho_sandbox.world.happenings import CREATORS
from zoho_sandbox.world.state import Switches
from zoho_sync.entities import ENTITIES
from zoho_sync.models import DeadLetter, SyncRun

SIZE = Size.scaled(45, contacts=16, invoices=14)
# What a pull leaves to the back-fill (lines, addresses) and to the stock (items by place).
HEADS = frozenset(module.name for module in BY_NAME.values() if module.detail_only) - {"itemgroup", "pricebook"}
NO_LIMIT = 1_000_000
NAMED = {
    "currency": "currency_name",
    "tax": "tax_name",
    "location": "location_name",
    "itemgroup": "group_name",
    "contact": "contact_name",
    "inventoryadjustment": "reason",
} | dict.fromkeys(("user", "category", "item", "pricebook"), "name")

Record = Mapping[str, Any]


@pytest.fixture(scope="module")
def company(db: None) -> Iterator[Sandbox]:
    """Odd books that this process's settings point at, with a small safety share for sweeps of so few records."""
    with Sandbox(size=SIZE) as sandbox:
        sandbox.control.make_odd()
        known = sandbox.credentials
        settings = {
            "ZOHO_ACCOUNTS_URL": sandbox.address,
            "ZOHO_API_URL": sandbox.address,
            "ZOHO_CLIENT_ID": known.client_id,
            "ZOHO_CLIENT_SECRET": known.client_secret,
            "ZOHO_REFRESH_TOKEN": known.refresh_token,
            "ZOHO_ORGANIZATION_ID": known.organization_id,
            "ZOHO_REQUESTS_PER_MINUTE": NO_LIMIT,
            "ZOHO_REQUESTS_PER_DAY": NO_LIMIT,
            "ZOHO_SWEEP_MAX_SHARE": 1.0,
        }
        with override_settings(**settings):
            yield sandbox
        empty_tables()


@pytest.fixture
def zoho(company: Sandbox) -> Iterator[Sandbox]:
    """The company, and nothing of it here."""
    empty_tables()
    yield company
    set_ways(company)
    company.control.fault()


@pytest.fixture
def pulled(company: Sandbox) -> Sandbox:
    """The company, and all of it here."""
    if differences(company):
        pull_everything()
    if differences(company):
        empty_tables()
        pull_everything()
    return company


def pull_everything() -> None:
    call_command("sync_zoho", "--full")
    call_command("zoho_backfill")
    call_command("sync_stock", "--mode", "full")


def set_ways(zoho: Sandbox, **switches: bool) -> None:
    """Zoho behaves in these ways, and as usual in all others."""
    zoho.control.switch(**dict.fromkeys(vars(Switches()), False) | switches)


def edit(zoho: Sandbox, module: str) -> None:
    """Rename the middle one of a module's records, and make two where they can be made up."""
    records = zoho.control.records(module)
    zoho_id = str(records[len(records) // 2][BY_NAME[module].id_key])
    zoho.control.patch(module, zoho_id, {NAMED.get(module, "reference_number"): f"اسم {zoho.control.world.clock.last}"})
    if module in CREATORS:
        zoho.control.create(module, count=2)


def delete_one(zoho: Sandbox, module: str) -> None:
    """Delete the last record that nothing else names."""
    key = BY_NAME[module].id_key
    named = str([zoho.control.records(other) for other in ALL_MODULES if other != module])
    for record in reversed(zoho.control.records(module)):
        if str(record[key]) not in named:
            zoho.control.delete(module, str(record[key]))
            return


def is_active(record: Record) -> bool:
    return record["status"] == "active"


def on_hand(record: Record) -> Decimal | None:
    """What lies in all places together; None where nothing is told."""
    figure = record.get("stock_on_hand", "")
    return None if figure == "" else Decimal(figure)


# --- sync_zoho ------------------------------------------------------------------------------------------


@pytest.mark.lesson("L24")
def test_a_full_pull_the_backfill_and_the_stock_bring_everything(zoho: Sandbox) -> None:
    call_command("sync_zoho", "--full")
    assert differences(zoho, lists_only=HEADS) == []

    call_command("zoho_backfill")
    assert differences(zoho, *(set(ALL_MODULES) - {"item"})) == []

    call_command("sync_stock", "--mode", "full")
    assert differences(zoho) == []
    assert set(SyncRun.objects.values_list("status", flat=True)) == {"completed"}
    assert not DeadLetter.objects.exists()


@pytest.mark.lesson("L25")
def test_a_days_work_comes_in_by_incremental_pulls_but_for_what_only_a_full_one_can_see(pulled: Sandbox) -> None:
    before = deepcopy({record["item_id"]: record for record in pulled.control.records("item")})
    pulled.control.tick(40)

    call_command("sync_zoho", "--incremental")
    call_command("sync_stock", "--mode", "incremental")

    # What was moved from one place to another shows in no list, nor do balances move a contact's time.
    def shows_in_a_list(item: Record) -> bool:
        old = before.get(item["item_id"], {})
        return item.get("locations") == old.get("locations") or on_hand(item) != on_hand(old)

    modules = set(ALL_MODULES) - {"contact"}
    assert differences(pulled, *modules, only={"item": shows_in_a_list}) == []

    pull_everything()
    assert differences(pulled) == []


@pytest.mark.lesson("L09")
def test_a_full_pull_retires_what_is_gone(pulled: Sandbox) -> None:
    for module in ("item", "contact", "invoice", "bill", "pricebook", "category", "inventoryadjustment"):
        delete_one(pulled, module)

    pull_everything()

    assert differences(pulled) == []
    assert Product.objects.exclude(retired_at=None).count() == 1
    assert Customer.objects.exclude(retired_at=None).count() + Invoice.objects.exclude(retired_at=None).count() >= 1


@pytest.mark.lesson("L24")
@pytest.mark.parametrize("mode", ["--full", "--incremental", "--since"])
def test_every_entity_alone(pulled: Sandbox, mode: str) -> None:
    for entity in ENTITIES:
        before = pulled.control.world.clock.last
        edit(pulled, entity.module)
        asked = ["--since", before.isoformat()] if mode == "--since" else [mode]

        call_command("sync_zoho", entity.name, *asked)

        # An incremental pull brings the whole records of what changed, a full one their heads.
        short = HEADS if mode == "--full" else {"item"}
        assert differences(pulled, entity.module, lists_only=short) == [], entity.name


@pytest.mark.lesson("L24")
@pytest.mark.parametrize(
    ("options", "kept"),
    [
        (["--full", "--active-only"], is_active),
        (["--incremental", "--active-only"], is_active),
        (["--full", "--no-active-only"], lambda item: True),
        (["--full", "--with-stock-only"], lambda item: (on_hand(item) or 0) > 0),
        (["--full", "--batch-size", "10"], lambda item: True),
        (["--full", "--batch-size", "200"], lambda item: True),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_items_are_left_out_as_asked(zoho: Sandbox, options: list[str], kept: Callable[[Record], bool]) -> None:
    call_command("sync_zoho", "category", "item-group", "--full")

    call_command("sync_zoho", "product", *options)

    assert differences(zoho, "item", lists_only={"item"}, only={"item": kept}) == []
    wanted = {item["item_id"] for item in zoho.control.records("item") if kept(item)}
    assert set(Product.objects.values_list("zoho_id", flat=True)) == wanted


@pytest.mark.lesson("L24")
def test_images_come_with_the_products(zoho: Sandbox, settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    call_command("sync_zoho", "category", "item-group", "--full")

    call_command("sync_zoho", "product", "--full", "--images")

    pictures = {item["item_id"]: item["image_document_id"] for item in zoho.control.records("item")}
    stored = ProductImage.objects.values_list("product__zoho_id", "zoho_document_id")
    assert dict(stored) == {item_id: document for item_id, document in pictures.items() if document}


@pytest.mark.lesson("L24")
def test_a_pull_that_broke_off_goes_on_with_resume(zoho: Sandbox) -> None:
    call_command("sync_zoho", "category", "item-group", "--full")
    zoho.control.fault("bad_parameter", path="/items")
    with pytest.raises(SystemExit):
        call_command("sync_zoho", "product", "--full")
    broken = SyncRun.objects.get(module="item")
    zoho.control.fault()

    call_command("sync_zoho", "--resume", str(broken.pk))

    assert differences(zoho, "item", lists_only={"item"}) == []
    assert SyncRun.objects.get(module="item").status == "completed"


# --- the ways of an organisation and of its API -----------------------------------------------------------


@pytest.mark.lesson("L24")
@pytest.mark.parametrize("way", [name for name in vars(Switches()) if name != "empty_images"])
def test_everything_comes_whatever_ways_zoho_has(zoho: Sandbox, way: str) -> None:
    set_ways(zoho, **{way: True})

    pull_everything()
    edit(zoho, "item")
    edit(zoho, "invoice")
    call_command("sync_zoho", "--incremental")
    call_command("sync_stock", "--mode", "full")

    assert differences(zoho, *(set(ALL_MODULES) - {"contact"})) == []


@pytest.mark.parametrize("drift", ["drift_modified", "drift_created", "drift_deleted"])
def test_a_list_that_changes_while_it_is_read_loses_nothing_for_longer_than_a_night(
    company: Sandbox, drift: str
) -> None:
    empty_tables()
    with Sandbox(size=Size.scaled(230, contacts=12, invoices=10)) as zoho:
        with override_settings(ZOHO_ACCOUNTS_URL=zoho.address, ZOHO_API_URL=zoho.address):
            call_command("sync_zoho", "category", "item-group", "--full")
            zoho.control.fault(drift, path="/items", times=1)
            call_command("sync_zoho", "product", "--full")
            zoho.control.fault()
            # A deletion pulls the rows behind it forward, over the edge of a page that was read already.
            if drift == "drift_deleted":
                call_command("sync_zoho", "product", "--full")

        assert differences(zoho, "item", lists_only={"item"}) == []
        assert zoho.stats()["faults"] == {drift: 1}


# --- zoho_backfill ----------------------------------------------------------------------------------------


@pytest.mark.lesson("L24")
def test_the_backfill_goes_on_where_its_limit_stopped_it(zoho: Sandbox) -> None:
    call_command("sync_zoho", "--full")
    for module in ("invoice", "salesorder"):
        call_command("zoho_backfill", module, "--limit", "3")
    zoho.reset()

    call_command("zoho_backfill", "invoice", "salesorder")

    assert differences(zoho, "invoice", "salesorder") == []
    heads = len(zoho.control.records("invoice")) + len(zoho.control.records("salesorder"))
    assert zoho.calls("s/{id}") == heads - 6


# --- sync_stock -------------------------------------------------------------------------------------------


def count_stock(zoho: Sandbox) -> list[str]:
    """A stock count finds more or less of up to three items; the adjustment is here, and these items' ids."""
    lines = zoho.control.create("inventoryadjustment")[0]["line_items"]
    call_command("sync_zoho", "stock", "--incremental")
    return [line["item_id"] for line in lines]


@pytest.mark.lesson("L24")
@pytest.mark.parametrize(
    "options",
    [
        ["--mode", "full"],
        ["--mode", "incremental"],
        ["--mode", "full", "--active-only"],
        ["--mode", "full", "--no-active-only", "--batch-size", "10"],
        ["--mode", "full", "--with-stock-only"],
        ["--items", "{items}"],
        ["--low-stock", "--threshold", "1000000"],
        ["--warehouse", "{warehouse}"],
    ],
    ids=" ".join,
)
def test_every_way_of_reading_stock_brings_what_moved(pulled: Sandbox, options: list[str]) -> None:
    moved = count_stock(pulled)
    names = {"items": ",".join(moved), "warehouse": pulled.control.records("location")[0]["location_id"]}
    held = set(Product.objects.holding_stock().values_list("zoho_id", flat=True))

    call_command("sync_stock", *(option.format(**names) for option in options))

    def is_read(item: Record) -> bool:
        if "--active-only" in options or "--low-stock" in options:
            return is_active(item)
        return "--with-stock-only" not in options or item["item_id"] in held

    assert differences(pulled, only={"item": is_read}) == []


@pytest.mark.lesson("L24")
def test_the_summary_of_stock_is_the_sum_of_zohos_figures(pulled: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    call_command("sync_stock", "--summary", "--json")

    summary = json.loads(capsys.readouterr().out)

    places: dict[str, Decimal] = {}
    for item in pulled.control.records("item"):
        for place in item.get("locations", ()):
            figure = place["location_stock_on_hand"]
            if figure != "":
                places[place["location_id"]] = places.get(place["location_id"], Decimal()) + figure
    told = {row["zoho_id"]: Decimal(row["accounting_on_hand"]) for row in summary["warehouses"]}
    assert told == places


# --- zoho_remap -------------------------------------------------------------------------------------------


@pytest.mark.lesson("L24")
def test_a_remap_puts_right_what_a_mapper_got_wrong_without_a_call(pulled: Sandbox) -> None:
    Product.objects.update(name="?", base_price=None)
    Customer.objects.update(name="?", phone="?")
    Invoice.objects.update(total=None, notes="?")
    pulled.reset()

    for entity in ENTITIES:
        call_command("zoho_remap", entity.name)

    assert differences(pulled) == []
    assert pulled.calls() == 0
