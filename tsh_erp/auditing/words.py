"""What is written down in code, in the words of staff."""

from __future__ import annotations

from collections.abc import Mapping

from django.apps import apps
from django.db.models import Model
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

NAMES: Mapping[str, str | Promise] = {
    "signed_in": _("signed in"),
    "signed_out": _("signed out"),
    "sign_in_failed": _("failed to sign in"),
    "locked_out": _("locked out after failed attempts"),
    "second_factor_given": _("gave the second factor"),
    "second_factor_failed": _("gave a wrong second factor"),
    "second_factor_enrolled": _("switched two-factor login on"),
    "second_factor_removed": _("switched two-factor login off"),
    "recovery_codes_made": _("made new recovery codes"),
    "reset_second_factor": _("reset the two-factor login"),
    "end_sessions": _("ended the sessions"),
    "unlock": _("unlocked the login"),
    "add": _("added"),
    "change": _("changed"),
    "change_list": _("changed in the list"),
    "delete": _("deleted"),
    "delete_selected": _("deleted the selected rows"),
    "view": _("wanted to see the list"),
    "view_add": _("wanted to add"),
    "view_change": _("wanted to see"),
    "view_delete": _("wanted to delete"),
    "view_history": _("wanted to see the history"),
    "password_change": _("changed a password"),
}


def action_name(action: str) -> str | Promise:
    """The action in words; one that has none as it is called in the code."""
    return NAMES.get(action.rpartition(":")[2], action)


def model_called(label: str) -> type[Model] | None:
    """The model that "catalog.product" names, if there still is one."""
    try:
        return apps.get_model(label)
    except (LookupError, ValueError):
        return None
