"""Fields to choose rows with while their names are typed. They bear any value: addresses are written by hand too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect, AutocompleteSelectMultiple, get_select2_language

from commerce.models import PromotionTarget

if TYPE_CHECKING:
    Autocomplete = AutocompleteSelect
else:
    Autocomplete = object

MOST_DIGITS = 18


class OnlyKeys(Autocomplete):
    """Django looks for whatever was sent among primary keys and falls over what is no number."""

    def build_attrs(self, base_attrs: Any, extra_attrs: Any = None) -> dict[str, Any]:
        """In the language of the page: the widget was made when the program was loaded."""
        self.i18n_name = get_select2_language()
        return super().build_attrs(base_attrs, extra_attrs)

    @property
    def media(self) -> Any:
        self.i18n_name = get_select2_language()
        return super().media

    def optgroups(self, name: str, value: Sequence[Any], attrs: Any = None) -> Any:
        return super().optgroups(name, [one for one in value if _may_be_key(str(one))], attrs)


class Picker(OnlyKeys, AutocompleteSelect):
    """One row."""


class ManyPicker(OnlyKeys, AutocompleteSelectMultiple):
    """Several rows."""


def pick_one(target: str) -> Picker:
    """A row of the table that a promotion's target of this name is in: "product", "customer", …"""
    return Picker(PromotionTarget._meta.get_field(target), admin.site)


def pick_many(target: str) -> ManyPicker:
    return ManyPicker(PromotionTarget._meta.get_field(target), admin.site)


def _may_be_key(typed: str) -> bool:
    return not typed or (typed.isascii() and typed.isdecimal() and len(typed) <= MOST_DIGITS)
