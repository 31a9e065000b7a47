"""The form of a promotion: with all that it is about, on one page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.db.models import Model, Q
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from catalog.models import Category, PriceList, Product
from commerce.admin.pickers import pick_many
from commerce.models import Customer, Promotion, PromotionTarget

if TYPE_CHECKING:
    PromotionModelForm = forms.ModelForm[Promotion]
else:
    PromotionModelForm = forms.ModelForm

KINDS_OF_CUSTOMERS = {
    "business": pgettext_lazy("customer", "business"),
    "individual": pgettext_lazy("customer", "individual"),
}
PICKED = {"products": "product", "categories": "category", "customers": "customer", "price_lists": "price_list"}
"""Fields that pick rows, and the column of a target that each fills."""


def _pick(model: type[Model], target: str, label: Any, help_text: Any = "") -> forms.ModelMultipleChoiceField[Any]:
    widget = pick_many(target)
    return forms.ModelMultipleChoiceField(
        model._default_manager.all(), required=False, widget=widget, label=capfirst(label), help_text=help_text
    )


def _lines(label: Any, help_text: Any) -> forms.CharField:
    area = forms.Textarea(attrs={"rows": 2, "cols": 40, "dir": "auto"})
    return forms.CharField(required=False, widget=area, label=capfirst(label), help_text=help_text)


class PromotionForm(PromotionModelForm):
    products = _pick(Product, "product", _("products"))
    skus = _lines(
        _("more products, by SKU"), _("One in a line, as copied from a table. They are added to the products.")
    )
    categories = _pick(Category, "category", _("categories"), _("With all categories below them."))
    brands = _lines(_("brands"), _("One in a line. Nothing in all four fields: it is for all products."))
    customers = _pick(Customer, "customer", _("customers"))
    customer_kinds = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, label=capfirst(_("kinds of customers"))
    )
    price_lists = _pick(
        PriceList,
        "price_list",
        _("price lists"),
        _("Whoever buys by one of them. Nothing in all three fields: it is for everybody."),
    )

    class Meta:
        model = Promotion
        exclude = ("used",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stored = list(self.instance.targets.all()) if self.instance.pk else []
        for name, column in PICKED.items():
            keys = (getattr(one, f"{column}_id") for one in stored)
            self.initial.setdefault(name, [key for key in keys if key is not None])
        self.initial.setdefault("brands", "\n".join(one.brand for one in stored if one.brand))
        kinds = [one.customer_kind for one in stored if one.customer_kind]
        self.initial.setdefault("customer_kinds", kinds)
        known = KINDS_OF_CUSTOMERS | {kind: kind for kind in kinds if kind not in KINDS_OF_CUSTOMERS}
        self.fields["customer_kinds"].choices = list(known.items())  # type: ignore[attr-defined]

    def clean_skus(self) -> list[Product]:
        """All products with these SKUs. One query."""
        typed = _split(self.cleaned_data["skus"])
        found = list(Product.objects.filter(sku__in=typed).order_by("pk"))
        known = {one.sku for one in found}
        _refuse([one for one in typed if one not in known], _("No product has the SKU %(values)s."))
        return found

    def clean_brands(self) -> list[str]:
        """The brands as products spell them. One query."""
        typed = _split(self.cleaned_data["brands"])
        spelt = Q()
        for one in typed:
            spelt |= Q(brand__iexact=one)
        rows = Product.objects.filter(spelt).order_by().values_list("brand", flat=True).distinct() if typed else ()
        found = {brand.casefold(): brand for brand in rows}
        _refuse([one for one in typed if one.casefold() not in found], _("No product is of the brand %(values)s."))
        return [found[one.casefold()] for one in typed]

    def targets(self) -> list[PromotionTarget]:
        """What the valid form says that the promotion is about, each thing once."""
        chosen = self.cleaned_data
        rows = {"product": [*chosen["products"], *chosen["skus"]]}
        rows |= {column: [*chosen[name]] for name, column in PICKED.items() if name != "products"}
        rows |= {"brand": chosen["brands"], "customer_kind": chosen["customer_kinds"]}
        return [PromotionTarget(**{column: one}) for column, named in rows.items() for one in dict.fromkeys(named)]


def _split(typed: str) -> list[str]:
    return list(dict.fromkeys(line.strip() for line in typed.splitlines() if line.strip()))


def _refuse(wrong: list[str], message: Any) -> None:
    if wrong:
        raise forms.ValidationError(message, code="unknown", params={"values": ", ".join(wrong[:10])})
