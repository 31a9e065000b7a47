"""Django's own texts to which we give Arabic: those it has none for, and those whose Arabic misleads here.

Named here for `make messages` to collect; our catalogue comes before Django's.
"""

from django.utils.translation import gettext_noop as _
from django.utils.translation import ngettext_lazy

MISSING = (
    _("Conflicting form data submitted. Please try again."),
    _("Password-based authentication was disabled."),
    _("Set password: %s"),
    _("Set password"),
    _("Reset password"),
    _("Password-based authentication"),
    _("Enabled"),
    _("Disabled"),
    _("Raw passwords are not stored, so there is no way to see the user’s password."),
    _("Enable password-based authentication for this user by setting a password."),
    _(
        "Whether the user will be able to authenticate using a password or not. If disabled, they may still be able to "
        "authenticate using other backends, such as Single Sign-On or LDAP."
    ),
    _(
        "Enter a valid username. This value may contain only unaccented lowercase a-z and uppercase A-Z letters, "
        "numbers, and @/./+/-/_ characters."
    ),
    _("Enter a valid domain name."),
    _("Ensure this value is a multiple of step size %(limit_value)s."),
    _("Constraint “%(name)s” is violated."),
    _("%(model)s instance with %(field)s %(value)r is not a valid choice."),
)
COUNTED = (
    ngettext_lazy(
        "This password is too short. It must contain at least %d character.",
        "This password is too short. It must contain at least %d characters.",
        "length",
    ),
    ngettext_lazy("Please submit at most %(num)d form.", "Please submit at most %(num)d forms.", "num"),
    ngettext_lazy("Please submit at least %(num)d form.", "Please submit at least %(num)d forms.", "num"),
)
OTHERWISE = (
    _("History"),  # Django says "a date"
    _("Filter"),
    _(" By %(filter_title)s "),  # the title alone: "by active" makes no sense in Arabic
)
