"""Who did what, and who tried to."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

LONGEST_DETAILS = 1_000


class AuditEntry(models.Model):
    """One thing that somebody did or was not allowed to do. Rows are added and never changed: the database refuses it.

    `user` has no constraint, so that an account may go while what it did stays; `username` is what it was called then.
    """

    class Door(models.TextChoices):
        PAGES = "pages", _("admin pages")
        API = "api", _("API")
        SIGN_IN = "sign_in", _("sign-in")

    at = models.DateTimeField(_("when"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        null=True,
        db_constraint=False,
        related_name="+",
        verbose_name=_("who"),
    )
    username = models.CharField(_("user name"), max_length=150, blank=True)
    door = models.CharField(_("through"), max_length=10, choices=Door)
    action = models.CharField(_("what"), max_length=100)
    table = models.CharField(_("kind of row"), max_length=100, blank=True, help_text=_("Such as catalog.product."))
    object_id = models.CharField(_("row"), max_length=64, blank=True)
    row_name = models.CharField(_("name of the row"), max_length=200, blank=True)
    rows = models.PositiveIntegerField(_("rows"), null=True, help_text=_("How many it was done to, if several."))
    was_allowed = models.BooleanField(_("allowed"))
    status = models.PositiveSmallIntegerField(_("answer"), null=True, help_text=_("The HTTP status."))
    method = models.CharField(_("method"), max_length=10, blank=True)
    path = models.CharField(_("address of the page"), max_length=255, blank=True)
    address = models.GenericIPAddressField(_("from"), null=True)
    request_id = models.CharField(_("request id"), max_length=64, blank=True)
    details = models.CharField(_("details"), max_length=LONGEST_DETAILS, blank=True)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        ordering = ("-id",)
        default_permissions = ("view",)
        indexes = (
            models.Index(fields=["at"], name="audit_at"),
            models.Index(fields=["user", "-id"], name="audit_user"),
            models.Index(fields=["username", "-id"], name="audit_username"),
            models.Index(fields=["table", "object_id", "-id"], name="audit_row"),
            models.Index(fields=["-id"], condition=models.Q(was_allowed=False), name="audit_denied"),
        )

    def __str__(self) -> str:
        return f"{self.username or '?'}: {self.action}"
