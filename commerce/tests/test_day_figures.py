from datetime import date, timedelta
from decimal import Decimal

import pytest

from commerce.day_figures import Amount, overdue, sales_on
from commerce.models import Invoice
from commerce.services.documents import save_invoices
from commerce.services.parties import save_parties
from commerce.tests.builders import NOON, customer, invoice

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 1)


@pytest.fixture(autouse=True)
def _customer() -> None:
    save_parties([customer()], at=NOON)


def sold(number: int, **values) -> None:
    save_invoices([invoice(f"i{number}", **{"date": TODAY, "status": "sent", **values})], at=NOON)


def test_sales_of_a_day_are_told_by_currency_and_never_netted():
    sold(1, total=Decimal("1250000.25"))
    sold(2, total=Decimal("0.1"))
    sold(3, total=Decimal("845.50"), currency="USD", status="paid")
    sold(4, total=None, currency="USD")
    sold(5, total=Decimal(99), status="draft")
    sold(6, total=Decimal(99), status="void")
    sold(7, total=Decimal(99), date=TODAY - timedelta(days=1))
    sold(8, total=Decimal(99))
    Invoice.objects.filter(zoho_id="i8").update(retired_at=NOON)

    assert sales_on(TODAY) == [Amount("IQD", Decimal("1250000.35"), 2), Amount("USD", Decimal("845.5"), 2)]


def test_what_was_due_yesterday_is_overdue_and_what_is_due_today_is_not():
    yesterday = TODAY - timedelta(days=1)
    sold(1, due_date=yesterday, balance=Decimal("10.5"), status="overdue")
    sold(2, due_date=TODAY, balance=Decimal(7))
    sold(3, due_date=yesterday, balance=Decimal(0), status="paid")
    sold(4, due_date=yesterday, balance=None)
    sold(5, due_date=yesterday, balance=Decimal(3), currency="USD")
    sold(6, due_date=yesterday, balance=Decimal(3), status="void")

    assert overdue(TODAY) == [Amount("IQD", Decimal("10.5"), 2), Amount("USD", Decimal(3), 1)]


def test_a_sum_of_nothing_that_is_known_is_not_known():
    sold(1, due_date=TODAY - timedelta(days=1), balance=None)

    assert overdue(TODAY) == [Amount("IQD", None, 1)]


def test_what_a_tile_says_is_said_in_the_language_of_who_reads_it(admin_client):
    """Tiles are counted once and kept for people of either language."""
    from django.core.cache import cache
    from django.utils import timezone
    from django.utils.functional import Promise

    cache.clear()
    sold(1, date=timezone.localdate(), total=Decimal(5))
    admin_client.get("/admin/", headers={"accept-language": "ar"})

    answer = admin_client.get("/admin/", headers={"accept-language": "en"})

    (figure,) = next(one for one in answer.context["tiles"] if one.label == "Sales today").tile.figures
    assert isinstance(figure.note, Promise)
    assert "<small>1 invoice</small>" in answer.content.decode()
    cache.clear()


def test_the_tiles_lead_to_the_rows_they_counted(admin_client):
    from django.core.cache import cache
    from django.utils import timezone

    cache.clear()
    today = timezone.localdate()
    sold(1, date=today, total=Decimal("12500"))
    sold(2, date=today, total=Decimal("5"), status="draft")
    sold(3, due_date=today - timedelta(days=3), balance=Decimal(7), status="a new word", total=Decimal(7))

    tiles = {str(one.label): one for one in admin_client.get("/admin/").context["tiles"]}

    for label, number in (("Sales today", "i1"), ("Overdue from customers", "i3")):
        rows = admin_client.get(tiles[label].address).context["cl"].result_list
        assert [row.zoho_id for row in rows] == [number]
    assert [str(one.shown) for one in tiles["Sales today"].tile.figures] == ['<bdi dir="ltr">12,500</bdi>']
    cache.clear()
