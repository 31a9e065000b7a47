"""Every cell of the table of groups, pages and actions, tried by request."""

import pytest

from tests.contract import permission_matrix as matrix

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
TABLE = matrix.read()


def test_the_table_names_every_page_and_action_and_no_other():
    assert sorted(TABLE) == sorted([*matrix.tables(), *matrix.actions(), *matrix.other_pages()])


@pytest.mark.parametrize("group", matrix.GROUPS)
def test_a_group_may_do_to_rows_what_the_table_says(client, group):
    matrix.sign_in(client, group)

    answers = {name: matrix.letters(client, name) for name in matrix.tables() if name in TABLE}

    assert answers == {name: TABLE[name][group] for name in answers}


@pytest.mark.parametrize("group", matrix.GROUPS)
def test_a_group_has_the_actions_that_the_table_says(client, group):
    matrix.sign_in(client, group)

    answers = {name: matrix.may_act(client, name) for name in matrix.actions() if name in TABLE}

    assert answers == {name: TABLE[name][group] for name in answers}


@pytest.mark.parametrize("group", matrix.GROUPS)
def test_a_group_opens_the_other_pages_that_the_table_says(client, group):
    matrix.sign_in(client, group)

    answers = {name: matrix.may_open(client, at) for name, at in matrix.other_pages().items() if name in TABLE}

    assert answers == {name: TABLE[name][group] for name in answers}


def test_who_is_no_staff_is_sent_to_the_sign_in_page(client, django_user_model):
    client.force_login(django_user_model.objects.create_user("customer"))
    pages = [f"/admin/{name.replace('.', '/')}/" for name in matrix.tables()]

    answers = {page: client.get(page) for page in (*pages, *matrix.other_pages().values())}

    led = {page for page, answer in answers.items() if answer.headers.get("Location", "").startswith("/admin/login/")}
    assert led == set(answers)
