"""django-q2 brings no Arabic: what our pages show of it is named in `tsh_erp.jobs.texts`."""

import pytest
from django.contrib import admin
from django.contrib.admin.utils import flatten, flatten_fieldsets
from django.db.models import Model
from django.utils import translation
from django_q.models import Failure, Schedule, Success

from tsh_erp.jobs.texts import TEXTS


def shown_texts(model: type[Model]) -> set[str]:
    """The English texts of django-q2 on the pages of `model`."""
    page = admin.site._registry[model]
    fields = set(flatten_fieldsets(page.fieldsets)) if page.fieldsets else set(flatten(page.fields))
    texts = {model._meta.verbose_name, model._meta.verbose_name_plural}
    for field in model._meta.concrete_fields:
        if field.name in fields | set(page.list_display) | set(page.list_filter):
            texts |= {field.verbose_name, *(label for _value, label in field.choices or ())}
        if field.name in fields:
            texts.add(field.help_text)
    return {str(text) for text in texts}


@pytest.mark.parametrize("model", [Failure, Schedule, Success])
def test_every_text_that_a_page_shows_is_named(model: type[Model]) -> None:
    with translation.override("en"):
        shown = shown_texts(model)

    assert shown - set(TEXTS) == set()


def test_every_named_text_has_arabic() -> None:
    with translation.override("ar"):
        assert [text for text in TEXTS if translation.gettext(text) == text] == []
