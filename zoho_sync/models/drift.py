from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Index, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _


class ZohoFieldQuerySet(models.QuerySet["ZohoField"]):
    def of(self, module: str, source: str) -> Self:
        return self.filter(module=module, source=source)

    def changed(self) -> Self:
        """Fields about which Zoho has changed something that nobody has accepted yet."""
        return self.exclude(change="")


class ZohoField(models.Model):
    """A key that Zoho sends in records of a kind: how often, of which JSON types, and whether that has changed.

    `parent` is "" for the record itself and the key of a list or an object for what lies in that
    ("line_items"). The row with an empty `name` stands for the whole: its `seen` counts how many were
    looked at, and `first_at` and `last_at` of the fields are numbers on that count. Records are
    sampled, so that counts are shares, not totals.
    """

    class Source(models.TextChoices):
        """Where the record was seen; each shows its own choice of fields."""

        DETAIL = "detail", _("record")
        LIST = "list", _("list")
        WEBHOOK = "webhook", _("webhook")

    class Change(models.TextChoices):
        NEW = "new", _("began to come")
        MISSING = "missing", _("comes no more")
        TYPE = "type", _("has another type")

    module = models.CharField(_("module"), max_length=50)
    source = models.CharField(_("seen in"), max_length=10, choices=Source)
    parent = models.CharField(_("inside of"), max_length=200, blank=True, default="")
    name = models.CharField(_("field"), max_length=200, blank=True, default="")
    types = models.CharField(_("types"), max_length=60, blank=True, default="")
    seen = models.PositiveBigIntegerField(_("times seen"), default=0)
    first_at = models.PositiveBigIntegerField(_("first seen in the record number"), default=0)
    last_at = models.PositiveBigIntegerField(_("last seen in the record number"), default=0)
    first_seen_at = models.DateTimeField(_("first seen at"))
    last_seen_at = models.DateTimeField(_("last seen at"))
    change = models.CharField(_("change"), max_length=10, choices=Change, blank=True, default="")
    changed_at = models.DateTimeField(_("changed at"), null=True, blank=True)

    objects = ZohoFieldQuerySet.as_manager()

    class Meta:
        verbose_name = _("field of Zoho")
        verbose_name_plural = _("fields of Zoho")
        ordering = ("module", "source", "parent", "name")
        permissions = (("accept_zohofield", _("Can accept changes of Zoho's fields")),)
        constraints = (
            UniqueConstraint(fields=["module", "source", "parent", "name"], name="one_row_per_field_of_zoho"),
        )
        indexes = (Index(fields=["changed_at"], condition=~Q(change=""), name="zoho_field_changed"),)

    def __str__(self) -> str:
        return f"{self.module}.{self.path}" if self.path else self.module

    @property
    def path(self) -> str:
        """How the field is written: "rate", or "line_items.item_id"."""
        return ".".join(part for part in (self.parent, self.name) if part)

    @property
    def share(self) -> float | None:
        """In how many of the records it came, between its first time and its last; None for the record itself."""
        return self.seen / (self.last_at - self.first_at + 1) if self.name else None
