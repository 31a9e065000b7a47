from __future__ import annotations

from functools import lru_cache
from typing import Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from catalog.folding import tokens
from tsh_erp.common.history import LocalHistory
from tsh_erp.common.models import TimeStampedModel

Phrase = tuple[str, ...]

MOST_PHRASES, LONGEST_PHRASE, MOST_WORDS = 30, 60, 4
SHORTEST_WORD, LONGEST_WORD = 2, 24  # letters of a word that is listed


@lru_cache(maxsize=4096)
def read_phrases(lines: str) -> tuple[Phrase, ...]:
    """The phrases of a group, one on a line, as folded words; each once. Pure."""
    return tuple(dict.fromkeys(words for line in lines.splitlines() if (words := tuple(tokens(line)))))


class SearchSynonymQuerySet(QuerySet["SearchSynonym"]):
    def used(self) -> Self:
        return self.filter(is_active=True).order_by("pk")


class SearchSynonym(TimeStampedModel):
    """Words and phrases, Arabic and Latin, that customers use for the same thing: who types one finds them all.

    Read anew by every search, so that nothing stored depends on it.
    """

    phrases = models.TextField(
        _("words and phrases"),
        help_text=_(
            "One word or phrase on each line, Arabic or English. Spelling, plural endings of the form “cables”, "
            "the Arabic article and the kind of digits do not matter; Arabic plurals do."
        ),
    )
    is_unit = models.BooleanField(
        _("unit of measure"),
        default=False,
        help_text=_("Only meant behind a number: “20 متر”, “20m”."),
    )
    is_active = models.BooleanField(_("active"), default=True)
    note = models.CharField(_("note"), max_length=200, blank=True, default="")

    objects = SearchSynonymQuerySet.as_manager()

    history = LocalHistory()

    class Meta:
        verbose_name = _("search synonym")
        verbose_name_plural = _("search synonyms")
        ordering = ("id",)

    def __str__(self) -> str:
        return " = ".join(line.strip() for line in self.phrases.splitlines() if line.strip())[:100]

    @property
    def folded(self) -> tuple[Phrase, ...]:
        return read_phrases(self.phrases)

    def clean(self) -> None:
        """ValidationError when the group says nothing, too much, or what another group says already."""
        super().clean()
        lines = [line.strip() for line in self.phrases.splitlines() if line.strip()]
        self.phrases = "\n".join(lines)
        troubles = [*self._troubles(lines)]
        if troubles:
            raise ValidationError({"phrases": troubles})

    def _troubles(self, lines: list[str]) -> list[ValidationError]:
        found = []
        for line in lines:
            words = tokens(line)
            if not words:
                found.append(ValidationError(_("“%(line)s” has no letter or digit."), params={"line": line}))
            elif len(line) > LONGEST_PHRASE or len(words) > MOST_WORDS:
                text = _("“%(line)s” is too long: %(words)d words and %(length)d characters are the most.")
                most = {"line": line[:LONGEST_PHRASE], "words": MOST_WORDS, "length": LONGEST_PHRASE}
                found.append(ValidationError(text, params=most))
            elif self.is_unit and len(words) > 1:
                found.append(ValidationError(_("“%(line)s” is no unit: a unit is one word."), params={"line": line}))
        if len(self.folded) < 2:
            found.append(ValidationError(_("At least two words that are searched differently are needed.")))
        if len(lines) > MOST_PHRASES:
            found.append(ValidationError(_("%(most)d words are the most."), params={"most": MOST_PHRASES}))
        return found or self._twins()

    def _twins(self) -> list[ValidationError]:
        mine = {*self.folded}
        others = SearchSynonym.objects.filter(is_unit=self.is_unit).exclude(pk=self.pk)
        for other in others:
            if mine <= {*other.folded}:
                return [ValidationError(_("Another group says this already: %(other)s"), params={"other": str(other)})]
        return []


class SearchWord(models.Model):
    """A word of letters that some product is found by: what misspelt words are compared with, and synonyms too."""

    word = models.CharField(_("word"), max_length=LONGEST_WORD, unique=True)

    class Meta:
        verbose_name = _("searched word")
        verbose_name_plural = _("searched words")
        ordering = ("word",)

    def __str__(self) -> str:
        return self.word
