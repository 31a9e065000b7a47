from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from django.utils.translation import gettext_lazy as _

LONGEST_NAME, LONGEST_PASSWORD = 150, 4096


class StaffLoginForm(AdminAuthenticationForm):
    """Django's, which tells browsers how long a name may be but takes any: what is longer is nobody's."""

    def clean(self) -> dict[str, Any]:
        typed = [str(self.cleaned_data.get(name) or "") for name in ("username", "password")]
        if len(typed[0]) > LONGEST_NAME or len(typed[1]) > LONGEST_PASSWORD:
            raise self.get_invalid_login_error()
        return super().clean()


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autofocus": True, "dir": "ltr", "spellcheck": "false"}
        ),
    )
