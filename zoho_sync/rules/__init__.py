"""Look at the rules: what is wrong opens an alert or counts on it, what is well again resolves it.

`zoho_sync.rulebook` says what the rules are, this package measures.
"""

from zoho_sync.rules import measured as _measured  # noqa: F401 - registers the measures
from zoho_sync.rules import silence as _silence  # noqa: F401
from zoho_sync.rules.checking import Checked, check, measured_codes
from zoho_sync.rules.measuring import Measure, Reading, measures

__all__ = ["Checked", "Measure", "Reading", "check", "measured_codes", "measures"]
