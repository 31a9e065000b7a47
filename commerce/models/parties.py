"""What customers and vendors have in common: Zoho keeps both as contacts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Self, TypeVar

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Concat
from django.db.models.lookups import IRegex
from django.utils.translation import gettext_lazy as _

from catalog.folding import tokens
from commerce.lengths import LINE, SHORT, WORD
from commerce.spelling import any_spelling, phone_spelling
from tsh_erp.common.fields import CurrencyField, MoneyField, RateField
from tsh_erp.common.models import MirroredModel, MirroredQuerySet

P = TypeVar("P", bound=models.Model)
NAMES = ("name", "name_ar", "company_name", "first_name", "last_name", "legal_name", "email")
PHONES = ("phone", "mobile")
MOST_WORDS = 8
LONGEST_PHONE = 40  # characters


class PartyQuerySet(MirroredQuerySet[P]):
    def found_by(self, typed: str) -> Self:
        """Partners with each typed word in their names, however it is spelt; or with the typed phone or Zoho id.

        Phones of contact persons count too. Reads the whole table: partners are thousands, not millions.
        """
        typed = typed.strip()
        words = [any_spelling(word) for word in tokens(typed)[:MOST_WORDS]]
        wanted = Q(zoho_id=typed)
        if words:
            wanted |= Q(*(_within(NAMES, word) for word in words))
        phone = "" if any(letter.isalpha() for letter in typed) else phone_spelling(typed[:LONGEST_PHONE])
        if phone:
            people = self.model._default_manager.filter(_any_of([f"contactpersons__{name}" for name in PHONES], phone))
            wanted |= _any_of(PHONES, phone) | Q(pk__in=people.order_by().values("pk"))
        return self.filter(wanted)


def _any_of(columns: Iterable[str], pattern: str) -> Q:
    condition = Q()
    for column in columns:
        condition |= Q(**{f"{column}__iregex": pattern})
    return condition


def _within(columns: Sequence[str], pattern: str) -> Q:
    """The same for a pattern that no line break fits: all columns are read in one go, each as a line."""
    lines = [part for column in columns for part in (F(column), Value("\n"))]
    return Q(IRegex(Concat(*lines, output_field=models.TextField()), pattern))


class Party(MirroredModel):
    """A trading partner. All columns are Zoho's except `name_ar` and `local_notes`, which staff write.

    Phones and e-mails identify nobody: many partners share one and many have none.
    """

    name = models.CharField(_("name"), max_length=LINE, db_index=True)
    company_name = models.CharField(_("company"), max_length=LINE, blank=True)
    first_name = models.CharField(_("first name"), max_length=SHORT, blank=True)
    last_name = models.CharField(_("last name"), max_length=SHORT, blank=True)
    legal_name = models.CharField(_("legal name"), max_length=LINE, blank=True)
    email = models.CharField(_("e-mail"), max_length=LINE, blank=True)
    phone = models.CharField(_("phone"), max_length=SHORT, blank=True)
    mobile = models.CharField(_("mobile"), max_length=SHORT, blank=True)
    website = models.CharField(_("website"), max_length=LINE, blank=True)
    language = models.CharField(_("language"), max_length=WORD, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    currency = CurrencyField(_("currency"))
    currency_zoho_id = models.CharField(_("Zoho id of the currency"), max_length=WORD, blank=True)
    payment_terms = models.IntegerField(
        _("payment terms"), null=True, blank=True, help_text=_("Days; Zoho uses negative numbers for special terms.")
    )
    payment_terms_label = models.CharField(_("payment terms label"), max_length=SHORT, blank=True)
    opening_balance = MoneyField(_("opening balance"), null=True, blank=True)
    notes = models.TextField(_("notes"), blank=True)
    is_taxable = models.BooleanField(_("taxable"), null=True, blank=True)
    tax_zoho_id = models.CharField(_("Zoho id of the tax"), max_length=WORD, blank=True)
    tax_name = models.CharField(_("tax"), max_length=LINE, blank=True)
    tax_percentage = RateField(_("tax percentage"), null=True, blank=True)
    tax_treatment = models.CharField(_("tax treatment"), max_length=SHORT, blank=True)
    tax_number = models.CharField(_("tax registration number"), max_length=SHORT, blank=True)
    place = models.CharField(_("place of supply"), max_length=SHORT, blank=True)
    custom_fields = models.JSONField(_("custom fields"), default=list, blank=True)
    zoho_created_at = models.DateTimeField(_("created in Zoho"), null=True, blank=True)
    zoho_modified_at = models.DateTimeField(_("modified in Zoho"), null=True, blank=True)

    name_ar = models.CharField(_("Arabic name"), max_length=LINE, blank=True)
    local_notes = models.TextField(_("our notes"), blank=True)

    LOCAL_FIELDS = ("name_ar", "local_notes")

    objects: PartyQuerySet[Self] = PartyQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


class Balance(models.Model):
    """What stands open with a partner in one currency; amounts of two currencies are never netted."""

    currency = CurrencyField(_("currency"))
    unused_credits = MoneyField(_("unused credits"), null=True, blank=True)
    unused_credits_base = MoneyField(_("unused credits in base currency"), null=True, blank=True)

    class Meta:
        abstract = True
