from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from commerce.lengths import LINE, WORD
from tsh_erp.common.models import MirroredModel

LEFT = frozenset({"inactive", "deleted"})
"""What Zoho says of users who may not sign in there any more."""


class ZohoUser(MirroredModel):
    """A user of the Zoho organisation. Never makes a login or grants a right: staff link one by hand."""

    name = models.CharField(_("name"), max_length=LINE, blank=True)
    email = models.CharField(_("e-mail"), max_length=LINE, blank=True)
    role = models.CharField(_("role in Zoho"), max_length=LINE, blank=True)
    kind = models.CharField(_("kind of user"), max_length=WORD, blank=True)
    status = models.CharField(_("status"), max_length=WORD, blank=True)
    zoho_created_at = models.DateTimeField(_("created in Zoho"), null=True, blank=True)

    login = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="zoho_user",
        verbose_name=_("login"),
        help_text=_("The person's account here, linked by hand."),
    )

    class Meta:
        verbose_name = _("Zoho user")
        verbose_name_plural = _("Zoho users")
        ordering = ("name", "id")

    def __str__(self) -> str:
        return self.name or self.email or str(self.zoho_id)

    @property
    def is_at_work(self) -> bool:
        """Whether Zoho still lets them in; who has left acts for nobody here either."""
        return self.retired_at is None and self.status.strip().lower() not in LEFT
