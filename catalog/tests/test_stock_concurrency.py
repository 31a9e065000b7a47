"""Writers at the same time: whatever they say and in whatever order, the ledger sums to the level."""

from decimal import Decimal
from itertools import count
from threading import Barrier, Thread

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.models import StockLedgerEntry, StockLevel
from catalog.services.products import save_products
from catalog.services.stock import ON_HAND
from catalog.tests.builders import NOON, product_values
from catalog.values import StockFigures, WarehouseStock

numbers = count(1)
FIGURE = st.none() | st.decimals(-1000, 1000, places=3)
PLACES = st.dictionaries(st.sampled_from(["w1", "w2"]), st.tuples(FIGURE, FIGURE), min_size=1)
# A snapshot states the whole stock of one or two products.
SNAPSHOTS = st.lists(st.dictionaries(st.sampled_from(["a", "b"]), PLACES, min_size=1), min_size=1, max_size=4)


def stated(places) -> tuple[WarehouseStock, ...]:
    return tuple(
        WarehouseStock(warehouse_zoho_id=name, figures=StockFigures(accounting_on_hand=one, physical_on_hand=other))
        for name, (one, other) in places.items()
    )


def write(run: str, snapshots, together: Barrier, errors: list) -> None:
    try:
        together.wait(30)
        for snapshot in snapshots:
            save_products(
                [product_values(f"{run}{name}", stock=stated(places)) for name, places in snapshot.items()], at=NOON
            )
    except Exception as error:  # noqa: BLE001 - told where the test can see it
        errors.append(error)
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
@settings(max_examples=25)
@given(st.lists(SNAPSHOTS, min_size=2, max_size=3))
def test_the_ledger_sums_to_the_level_whoever_writes_at_the_same_time(writers):
    run, errors, together = f"{next(numbers)}-", [], Barrier(len(writers))
    threads = [Thread(target=write, args=(run, snapshots, together, errors)) for snapshots in writers]
    save_products([product_values(f"{run}{name}") for name in "ab"], at=NOON)

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert errors == []
    levels = StockLevel.objects.filter(product__zoho_id__startswith=run)
    for level in levels:
        for measure, column in ON_HAND.items():
            figure, total = getattr(level, column), Decimal(0)
            entries = StockLedgerEntry.objects.filter(
                product=level.product_id, warehouse=level.warehouse_id, measure=measure
            )
            for entry in entries.order_by("id"):
                total += entry.delta
                assert total == (entry.balance_after or 0)
            assert total == (figure or 0)
    last = [snapshots[-1] for snapshots in writers]
    for name in "ab":
        stand = {level.warehouse.zoho_id: level for level in levels.filter(product__zoho_id=f"{run}{name}")}
        figures = {
            place: (one.accounting_on_hand, one.physical_on_hand)
            for place, one in stand.items()
            if (one.accounting_on_hand, one.physical_on_hand) != (None, None)
        }
        said = [snapshot for snapshots in writers for snapshot in snapshots if name in snapshot]
        if all(name in snapshot for snapshot in last):
            # Whoever came last had the last word, whole.
            words = [{p: f for p, f in snapshot[name].items() if f != (None, None)} for snapshot in last]
            assert figures in words
        elif not said:
            assert figures == {}
