"""Reads that are asked together say what each says alone."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db.models import Count, DecimalField, F, Value

from tsh_erp.common.together import Question, Questions, ask, count_of, read_together, rows_of
from tsh_erp.events.models import StoredEvent

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _rows():
    for number, name in enumerate(("zaid", "أمل", 'o\'hara "x" \\ %s')):
        User.objects.create(username=name, is_staff=number == 1, last_login=NOON if number else None, date_joined=NOON)
    StoredEvent.objects.create(type="t", aggregate="a", data={"version": "1", "list": [1, None]}, occurred_at=NOON)


def users():
    return User.objects.order_by("-id")


def test_every_type_comes_back_as_the_orm_gives_it():
    price = Value(Decimal("0.10"), output_field=DecimalField(max_digits=5, decimal_places=2))
    reads = [
        users().values_list("username", "is_staff", "last_login", "date_joined", "id"),
        StoredEvent.objects.values_list("uuid", "data", "occurred_at"),
        users().annotate(price=price).values_list("price", "username")[:2],
        users().order_by("is_staff").values_list("is_staff").annotate(Count("id")),
        users().filter(username__in=["zaid", "أمل"]).values_list("username", flat=False)[1:2],
    ]

    assert read_together(reads) == [[*read] for read in reads]


def test_all_of_it_is_one_query_and_nothing_is_none(django_assert_num_queries):
    names = Question(users().values_list("username"), lambda rows: [name for (name,) in rows])
    staff, nobody = count_of(User.objects.filter(is_staff=True)), count_of(User.objects.filter(is_staff=None))

    with django_assert_num_queries(1):
        ask(names, staff, nobody)
    with django_assert_num_queries(0):
        ask()
        ask(Question(User.objects.none().values_list("id"), len))

    assert names.value[1:] == ["أمل", "zaid"]
    assert (staff.value, nobody.value) == (1, 0)


def test_what_can_find_nothing_is_nothing_beside_others():
    some, none = rows_of(users()[:1]), rows_of(User.objects.none())

    ask(none, some)

    assert (none.value, len(some.value)) == ([], 1)


@pytest.mark.parametrize("narrow", [lambda rows: rows.defer("username"), lambda rows: rows.only("last_login")])
def test_rows_are_instances_that_look_up_what_was_left_out(narrow, django_assert_num_queries):
    found = rows_of(narrow(users())).then(lambda rows: rows[-1])

    ask(found)
    user = found.value

    assert user.get_deferred_fields() == narrow(users()).last().get_deferred_fields()
    with django_assert_num_queries(0):
        assert (user.last_login, user._state.adding) == (None, False)
    with django_assert_num_queries(1):
        assert user.username == "zaid"


def test_several_questions_say_one_thing():
    staff, everybody = count_of(User.objects.filter(is_staff=True)), count_of(User.objects.all())
    share = Questions(staff, everybody, read=lambda: staff.value / everybody.value)

    ask(share.then(lambda value: f"{value:.2f}"), share)

    assert share.value == 1 / 3


def test_an_answer_before_the_question_is_a_mistake():
    with pytest.raises(ValueError, match="not asked"):
        _ = count_of(User.objects.annotate(same=F("id"))).value
