"""What sells best: counted from invoices that count, net of what came back."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.choices import Subject
from catalog.models import Product
from catalog.services.freshness import versions
from catalog.services.products import retire_products
from commerce.models import BestSeller
from commerce.services.best_sellers import refresh_best_sellers
from commerce.services.documents import save_credit_notes, save_invoices
from commerce.tasks import prune, rank_best_sellers
from commerce.tests.builders import DAY, LATER, NOON, invoice, line
from commerce.tests.shop import add_products, buyer
from commerce.values import CreditNoteValues

pytestmark = pytest.mark.django_db


def sold(zoho_id: str, quantities: dict[str, str], **values) -> None:
    lines = tuple(line(one, quantity=Decimal(count)) for one, count in quantities.items())
    save_invoices([invoice(zoho_id, lines=lines, **{"status": "sent", **values})], at=NOON)


def came_back(product: str, quantity: str) -> None:
    lines = (line(product, quantity=Decimal(quantity)),)
    head = {"number": "CN", "date": DAY, "currency": "IQD", "customer_zoho_id": "c1", "status": "open"}
    save_credit_notes([CreditNoteValues(zoho_id=f"cn-{product}", lines=lines, **head)], at=NOON)


def ranks() -> list[tuple[str, int, Decimal, int]]:
    return list(BestSeller.objects.values_list("product__zoho_id", "rank", "quantity", "orders"))


def test_products_are_ranked_by_what_was_sold_and_not_returned():
    buyer()
    add_products("a", "b", "c", "d", "gone")
    sold("1", {"a": "5", "b": "7", "d": "2"})
    sold("2", {"a": "1", "gone": "90"})
    sold("draft", {"c": "99"}, status="draft")
    sold("void", {"c": "99"}, status="void")
    sold("long ago", {"c": "99"}, date=DAY - timedelta(days=91))
    sold("just", {"c": "3.5"}, date=DAY - timedelta(days=90))
    came_back("b", "2")
    came_back("d", "2")
    retire_products(["gone"], at=NOON)

    refresh_best_sellers(at=NOON)

    assert ranks() == [("a", 1, 6, 2), ("b", 2, 5, 1), ("c", 3, Decimal("3.5"), 1)]
    assert Product.objects.select_related("sales_rank").get(zoho_id="a").sales_rank.rank == 1


def test_a_refresh_writes_only_what_differs():
    buyer()
    add_products("a", "b")
    sold("1", {"a": "5", "b": "7"})
    assert refresh_best_sellers(at=NOON) == 2
    before = versions()[Subject.BEST_SELLERS]

    assert refresh_best_sellers(at=LATER) == 0
    assert versions()[Subject.BEST_SELLERS] == before
    assert BestSeller.objects.first().computed_at == NOON
    sold("2", {"a": "3"})
    assert refresh_best_sellers(at=LATER) == 2
    assert [row[:2] for row in ranks()] == [("a", 1), ("b", 2)]
    assert versions()[Subject.BEST_SELLERS] == before + 1
    came_back("b", "7")
    assert refresh_best_sellers(at=LATER) == 1
    assert ranks() == [("a", 1, 8, 2)]


def test_the_number_of_statements_does_not_depend_on_the_number_of_products():
    buyer()
    names = [f"p{number}" for number in range(50)]
    add_products(*names)

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            refresh_best_sellers(at=NOON)
        return len(captured)

    sold("1", {"p0": "1"})
    few = statements()
    sold("2", dict.fromkeys(names, "2"))

    assert statements() == few


def test_the_schedules_tasks_say_what_they_did():
    assert rank_best_sellers() == "0 ranks changed"
    assert prune() == "0 carts, 0 answers and 0 tokens removed"
