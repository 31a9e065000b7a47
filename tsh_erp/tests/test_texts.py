"""What is Arabic although Django has none for it, or a misleading one."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import formats, translation

from tsh_erp.admin_site.texts import MISSING


def test_what_django_leaves_in_english_has_arabic():
    with translation.override("ar"):
        assert [text for text in MISSING if translation.gettext(text) == text] == []


def test_counted_texts_have_the_arabic_numbers():
    with translation.override("ar"):
        texts = [
            translation.ngettext("Please submit at most %(num)d form.", "Please submit at most %(num)d forms.", number)
            for number in (1, 2, 3, 11, 100)
        ]

    assert len(set(texts)) == 5
    assert not any("form" in text for text in texts)


def test_a_price_in_arabic_cannot_be_read_as_thousands():
    with translation.override("ar"):
        assert formats.number_format(Decimal("12.500"), 3) == "12.500"
        assert formats.number_format(Decimal("1250000.5"), 2, force_grouping=True) == "1,250,000.50"


def test_dates_in_arabic_are_numbers_that_sort():
    when = datetime(2026, 3, 1, 9, 5, tzinfo=UTC)

    with translation.override("ar"):
        assert formats.date_format(when, "DATETIME_FORMAT") == "2026-03-01 09:05"
        assert formats.date_format(when, "DATE_FORMAT") == "2026-03-01"


@pytest.mark.django_db
def test_our_arabic_comes_before_that_of_django():
    owner = User.objects.create_superuser("owner", password="x")
    client = Client(headers={"accept-language": "ar"})
    client.force_login(owner)

    page = client.get(reverse("admin:auth_user_change", args=[owner.pk])).content.decode()

    assert "سجل التغييرات" in page
    assert "إعادة تعيين كلمة المرور" in page
