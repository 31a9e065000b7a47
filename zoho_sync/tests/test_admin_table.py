"""The table in docs/operations.md says what the admin pages offer, and they offer it."""

import pytest
from django.apps import apps
from django.contrib import admin

from zoho_sync.tests.admin_table import actions, columns, filters, ours, searches, shown, table

# A column or a part of another page, or only looked up in.
WITHOUT_A_PAGE = {"catalog.CategoryTally", "catalog.SearchWord", "commerce.PromotionTarget", "zoho_sync.Sighting"}
PAGES = {page.opts.label_lower: page for page in ours()}


def test_every_model_of_ours_has_a_page():
    models = [
        model
        for name in ("catalog", "commerce", "events", "zoho_sync")
        for model in apps.get_app_config(name).get_models()
        if not hasattr(model, "instance_type")  # histories are on the pages of their rows
    ]

    assert {model._meta.label for model in models if not admin.site.is_registered(model)} == WITHOUT_A_PAGE


def test_the_table_names_every_page_of_ours_and_no_other():
    assert sorted(table()) == sorted(PAGES)


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_is_what_the_table_says(name):
    page, row = PAGES[name], table()[name]

    said_columns, said_filters, said_searches, said_links, said_actions = row
    assert columns(page) == said_columns
    assert filters(page) == said_filters
    assert searches(page) == said_searches
    assert set(said_links) <= shown(page)
    assert actions(page) == said_actions
