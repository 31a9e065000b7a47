"""What every admin page of a table of ours does alike: staff write, a service stores."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget
from django.db.models import DecimalField, QuerySet, TextField, URLField
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone

from tsh_erp.admin_site.display import NOTHING
from tsh_erp.admin_site.figures import plain_number
from tsh_erp.admin_site.panels import PanelsAdmin

if TYPE_CHECKING:
    OwnedForm = ModelForm[Any]
else:
    OwnedForm = ModelForm


class PlainDecimalField(forms.DecimalField):
    """An exact number, shown without the zeros that storage adds."""

    def prepare_value(self, value: Any) -> Any:
        return plain_number(value).replace(",", "") if isinstance(value, Decimal) and value.is_finite() else value


class OwnedAdmin(PanelsAdmin):
    """A subclass says which service stores a row and which one removes rows; nothing is written past them."""

    change_list_template = "admin/catalog/searchsynonym/change_list.html"
    empty_value_display = NOTHING
    formfield_overrides = {
        URLField: {"assume_scheme": "https"},
        DecimalField: {"form_class": PlainDecimalField},
        TextField: {"widget": AdminTextareaWidget(attrs={"rows": 3, "dir": "auto"})},
    }

    class Media:
        css = {"all": ["admin_site/selling.css"]}

    def store(self, request: HttpRequest, row: Any, form: ModelForm[Any], *, at: datetime) -> None:
        raise NotImplementedError

    def remove(self, keys: Sequence[int], *, at: datetime) -> None:
        raise NotImplementedError

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm[Any], change: bool) -> None:
        self.store(request, obj, form, at=timezone.now())

    def save_related(self, request: HttpRequest, form: ModelForm[Any], formsets: Any, change: bool) -> None:
        """The service has stored all of it."""

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.remove([obj.pk], at=timezone.now())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        self.remove(list(queryset.order_by("pk").values_list("pk", flat=True)), at=timezone.now())
