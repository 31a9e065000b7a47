import pytest

from commerce.models import Customer
from commerce.services.parties import save_parties
from commerce.tests.builders import NOON, customer
from commerce.values import ContactPersonValues

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    save_parties(
        [
            customer("c1", name="شركة أحمد للتجارة", phone="0770 123 4567"),
            customer("c2", name="Basra Net", email="ali@basra.example", mobile="+964 780-555-0000"),
            customer(
                "c3",
                name="مكتبة الهدى",
                contact_persons=(ContactPersonValues(first_name="Zaid", phone="٠٧٩٠١١١٢٢٢٢"),),
            ),
        ],
        at=NOON,
    )


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("احمد", ["c1"]),
        ("أَحمد", ["c1"]),
        ("شركه احمد", ["c1"]),
        ("الشركة", ["c1"]),
        ("مكتبه هدي", ["c3"]),
        ("BASRA", ["c2"]),
        ("ali@basra.example", ["c2"]),
        ("07701234567", ["c1"]),
        ("+964 770 1234567", ["c1"]),
        ("009647701234567", ["c1"]),
        ("٠٧٧٠١٢٣٤٥٦٧", ["c1"]),
        ("07805550000", ["c2"]),
        ("0790 111 2222", ["c3"]),
        ("c2", ["c2"]),
        ("basra ahmad", []),
        ("(((", []),
        ("%", []),
        ("[", []),
        ("\\", []),
        ("0" * 60, []),
    ],
)
def test_partners_are_found_however_people_spell_them(people, typed, found):
    assert sorted(Customer.objects.found_by(typed).values_list("zoho_id", flat=True)) == found
