from decimal import Decimal
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.choices import LedgerReason, Measure
from catalog.errors import LedgerIsAppendOnly
from catalog.models import StockLedgerEntry, StockLevel, Warehouse
from catalog.services.products import save_products
from catalog.services.stock import ON_HAND, square_ledger
from catalog.services.warehouses import save_warehouses
from catalog.tests.builders import LATER, NOON, place, product_values, saved_product
from catalog.values import StockFigures, WarehouseStock, WarehouseValues
from tsh_erp.events.models import StoredEvent

pytestmark = pytest.mark.django_db

ids = count(10_000)


def entries():
    return list(StockLedgerEntry.objects.order_by("id").values_list("measure", "delta", "balance_after", "reason"))


def test_first_figures_open_the_ledger():
    saved_product("1", stock=(place("w", "5", "-2", name="Main"),))

    level = StockLevel.objects.get()
    assert (level.accounting_on_hand, level.physical_on_hand) == (Decimal(5), Decimal(-2))
    assert level.warehouse == Warehouse.objects.get(zoho_id="w", name="Main")
    assert entries() == [
        (Measure.ACCOUNTING, Decimal(5), Decimal(5), LedgerReason.OPENING),
        (Measure.PHYSICAL, Decimal(-2), Decimal(-2), LedgerReason.OPENING),
    ]
    assert StockLedgerEntry.objects.filter(occurred_at=NOON).count() == 2


def test_the_ledger_is_fed_by_differences():
    saved_product("1", stock=(place("w", "5"),))

    saved = save_products([product_values("1", stock=(place("w", "2"),))], at=LATER)

    assert entries()[1:] == [(Measure.ACCOUNTING, Decimal(-3), Decimal(2), LedgerReason.SNAPSHOT_DELTA)]
    assert StockLevel.objects.get().accounting_on_hand == Decimal(2)
    assert saved.changed == {"1"}
    assert StoredEvent.objects.latest("id").data == {"zoho_id": "1", "fields": ["stock"]}


def test_the_same_figures_again_move_nothing():
    saved_product("1", stock=(place("w", "5"),))

    saved = save_products([product_values("1", stock=(place("w", "5.000000"),))], at=LATER)

    assert len(entries()) == 1
    assert saved.unchanged == {"1"}


def test_without_places_the_levels_stay():
    saved_product("1", stock=(place("w", "5"),))

    save_products([product_values("1", stock=None)], at=LATER)

    assert StockLevel.objects.get().accounting_on_hand == Decimal(5)
    assert len(entries()) == 1


def test_a_figure_no_longer_stated_is_unknown_and_not_zero():
    saved_product("1", stock=(place("w", "5"), place("v", "1")))

    save_products([product_values("1", stock=(place("w"),))], at=LATER)

    assert [level.accounting_on_hand for level in StockLevel.objects.all()] == [None, None]
    assert sorted(entries()[2:]) == [
        (Measure.ACCOUNTING, Decimal(-5), None, LedgerReason.WITHDRAWN),
        (Measure.ACCOUNTING, Decimal(-1), None, LedgerReason.WITHDRAWN),
    ]


def test_a_place_without_figures_makes_no_level():
    saved_product("1", stock=(place("w"),))

    assert not StockLevel.objects.exists()
    assert Warehouse.objects.filter(zoho_id="w").exists()


def test_other_figures_change_without_moving_the_ledger():
    def committed(quantity: str):
        figures = StockFigures(accounting_on_hand=Decimal(5), accounting_committed=Decimal(quantity))
        return product_values("1", stock=(WarehouseStock(warehouse_zoho_id="w", figures=figures),))

    save_products([committed("0")], at=NOON)
    save_products([committed("3")], at=LATER)

    assert StockLevel.objects.get().accounting_committed == Decimal(3)
    assert len(entries()) == 1


def test_a_warehouse_heard_of_through_stock_is_completed_later():
    saved_product("1", stock=(place("w", "5"),))

    saved = save_warehouses([WarehouseValues(zoho_id="w", name="Baghdad", city="بغداد")], at=LATER)

    assert saved.changed == {"w"}
    assert str(StockLevel.objects.get().warehouse) == "Baghdad"


def test_a_level_that_was_written_past_the_service_is_squared_with_its_ledger():
    saved_product("1", stock=(place("w", "5", "5"), place("gone", "2")))
    saved_product("2", stock=(place("w", "7"),))
    StockLevel.objects.filter(product__zoho_id="1", warehouse__zoho_id="w").update(accounting_on_hand="8.5")
    StockLevel.objects.filter(warehouse__zoho_id="gone").delete()

    written = square_ledger(["1", "2"], at=LATER, source="reconciliation")

    assert written == 2
    assert sorted(entries()[4:]) == [
        (Measure.ACCOUNTING, Decimal(-2), None, LedgerReason.WITHDRAWN),
        (Measure.ACCOUNTING, Decimal("3.5"), Decimal("8.5"), LedgerReason.SNAPSHOT_DELTA),
    ]
    assert square_ledger(["1", "2"], at=LATER, source="reconciliation") == 0


def test_the_ledger_can_only_be_added_to():
    saved_product("1", stock=(place("w", "5"),))
    entry = StockLedgerEntry.objects.get()

    entry.delta = Decimal(6)
    with pytest.raises(LedgerIsAppendOnly):
        entry.save()
    with pytest.raises(LedgerIsAppendOnly):
        entry.delete()
    with pytest.raises(LedgerIsAppendOnly):
        StockLedgerEntry.objects.update(delta=1)
    with pytest.raises(LedgerIsAppendOnly):
        StockLedgerEntry.objects.all().delete()
    with pytest.raises(LedgerIsAppendOnly):
        StockLedgerEntry.objects.bulk_update([entry], ["delta"])

    assert entries() == [(Measure.ACCOUNTING, Decimal(5), Decimal(5), LedgerReason.OPENING)]


FIGURE = st.none() | st.decimals(-1000, 1000, places=3)
SNAPSHOT = st.none() | st.dictionaries(st.sampled_from(["w1", "w2", "w3"]), st.tuples(FIGURE, FIGURE), min_size=1)


@given(st.lists(SNAPSHOT, min_size=1, max_size=8))
def test_the_ledger_sums_to_the_level_after_any_sequence_of_snapshots(snapshots):
    zoho_id = str(next(ids))
    for snapshot in snapshots:
        stock = snapshot and tuple(
            WarehouseStock(warehouse_zoho_id=name, figures=StockFigures(accounting_on_hand=one, physical_on_hand=other))
            for name, (one, other) in snapshot.items()
        )
        save_products([product_values(zoho_id, stock=stock)], at=NOON)

    stated = next((snapshot for snapshot in reversed(snapshots) if snapshot), {})
    levels = {level.warehouse.zoho_id: level for level in StockLevel.objects.filter(product__zoho_id=zoho_id)}
    for name, level in levels.items():
        for position, (measure, column) in enumerate(ON_HAND.items()):
            figure = getattr(level, column)
            ledger = StockLedgerEntry.objects.filter(
                product_id=level.product_id, warehouse_id=level.warehouse_id, measure=measure
            )
            assert figure == stated.get(name, (None, None))[position]
            assert sum(ledger.values_list("delta", flat=True)) == (figure or 0)
            last = ledger.order_by("id").last()
            if last and figure:
                assert last.balance_after == figure
