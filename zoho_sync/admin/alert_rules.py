"""The rules of alerts: what holds, what staff have changed of it, and what it was delivered with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.dates import WEEKDAYS
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from tsh_erp.admin_site.display import NOTHING, Tone, badge, list_link
from tsh_erp.admin_site.read_only import ReadOnlyAdmin
from zoho_sync.models import Alert, AlertRule
from zoho_sync.rulebook import BrokenRule, Comparison, Rule, rule_for
from zoho_sync.wording import shown_figure

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[AlertRule]
else:
    ModelForm = forms.ModelForm

UNITS = {
    "seconds": _("In seconds."),
    "minutes": _("In minutes."),
    "share": _("A share between 0 and 1: 0.8 is 80 %."),
    "gigabytes": _("In gigabytes."),
    "count": _("A number."),
}


class AlertRuleForm(ModelForm):
    active_days = forms.TypedMultipleChoiceField(
        label=_("looked at on"),
        choices=[(number, name) for number, name in WEEKDAYS.items()],
        coerce=int,
        required=False,
        empty_value=None,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = AlertRule
        fields = (
            "is_enabled",
            "threshold",
            "critical_threshold",
            "window_minutes",
            "severity",
            "cooldown_minutes",
            "routing",
            "quiet_from",
            "quiet_until",
            "active_from",
            "active_until",
            "active_days",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        delivered = rule_for(self.instance.code)
        unit = delivered.definition.unit
        for name, value in _shown(delivered).items():
            if name in self.fields:
                parts = [UNITS[unit]] if unit and name in ("threshold", "critical_threshold") else []
                self.fields[name].help_text = " ".join(
                    str(part) for part in (*parts, _("Empty: as delivered, %(value)s.") % {"value": value})
                )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for first, last in (("quiet_from", "quiet_until"), ("active_from", "active_until")):
            if first in cleaned and (cleaned.get(first) is None) != (cleaned.get(last) is None):
                self.add_error(first, _now("Give the beginning and the end, or neither."))
        values = {name: value for name, value in cleaned.items() if name in self.Meta.fields}
        try:
            rule_for(self.instance.code, AlertRule(code=self.instance.code, **values)).check()
        except BrokenRule as error:
            raise forms.ValidationError(_now("That makes no sense: %(problem)s") % {"problem": error}) from error
        return cleaned


@admin.register(AlertRule)
class AlertRuleAdmin(ReadOnlyAdmin):
    """Changed by those who may; the code makes and removes rules."""

    form = AlertRuleForm
    list_display = (
        "name",
        "code",
        "shown_use",
        "threshold_now",
        "critical_now",
        "window_now",
        "severity_now",
        "cooldown_now",
        "routing_now",
        "open_alerts",
    )
    list_filter = ("is_enabled", "routing")
    search_fields = ("code",)
    list_display_links = ("name", "code")
    sortable_by = ()
    readonly_fields = ("name", "code", "runbook", "open_alerts")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("zoho_sync.change_alertrule")

    def get_fieldsets(self, request: HttpRequest, obj: AlertRule | None = None) -> Any:
        is_measured = obj is not None and rule_for(obj.code).definition.is_measured
        has_limit = obj is not None and rule_for(obj.code).threshold is not None
        limits = ("threshold", "critical_threshold") if has_limit else ()
        window = ("window_minutes",) if obj is not None and rule_for(obj.code).window else ()
        hours = (("active_from", "active_until"), "active_days") if is_measured else ()
        return (
            (None, {"fields": ("name", "code", "runbook", "open_alerts", "is_enabled")}),
            (_("When"), {"fields": (*limits, *window, *hours, "severity")}),
            (_("Who is told"), {"fields": ("routing", "cooldown_minutes", ("quiet_from", "quiet_until"))}),
        )

    @admin.display(description=_("alert rule"))
    def name(self, row: AlertRule) -> str:
        return _now(rule_for(row.code).definition.name)

    @admin.display(description=_("what to do"))
    def runbook(self, row: AlertRule) -> str:
        runbook = rule_for(row.code).definition.runbook
        return _now(runbook) if runbook else NOTHING

    @admin.display(description=_("in use"))
    def shown_use(self, row: AlertRule) -> SafeString:
        return badge(_("yes"), Tone.GOOD) if row.is_enabled else badge(_("no"), Tone.QUIET)

    @admin.display(description=_("threshold"))
    def threshold_now(self, row: AlertRule) -> str:
        return _shown(_holding(row))["threshold"]

    @admin.display(description=_("critical from"))
    def critical_now(self, row: AlertRule) -> str:
        return _shown(_holding(row))["critical_threshold"]

    @admin.display(description=_("window"))
    def window_now(self, row: AlertRule) -> str:
        return _shown(_holding(row))["window_minutes"]

    @admin.display(description=_("severity"))
    def severity_now(self, row: AlertRule) -> str:
        return _shown(_holding(row))["severity"]

    @admin.display(description=_("cooldown"))
    def cooldown_now(self, row: AlertRule) -> str:
        return _shown(_holding(row))["cooldown_minutes"]

    @admin.display(description=_("told by"))
    def routing_now(self, row: AlertRule) -> str:
        return _shown(_holding(row))["routing"]

    @admin.display(description=_("open alerts"))
    def open_alerts(self, row: AlertRule) -> SafeString:
        return list_link(Alert, _("open alerts"), code=row.code, state__exact=Alert.State.OPEN)


def _holding(row: AlertRule) -> Rule:
    """What holds; where nonsense was written past the form, as delivered: the broken rule has an alert."""
    try:
        rule = rule_for(row.code, row)
        rule.check()
    except (BrokenRule, TypeError, OverflowError):
        return rule_for(row.code)
    return rule


def _shown(rule: Rule) -> dict[str, str]:
    """What holds, in words, by the name of the column that changes it."""
    unit, is_below = rule.definition.unit, rule.definition.comparison == Comparison.BELOW

    def limit(value: float | None) -> str:
        if value is None:
            return NOTHING
        return f"{'<' if is_below else '≥'} {shown_figure(value, unit)}"

    def hour(value: Any) -> str:
        return f"{value:%H:%M}" if value else NOTHING

    severity = rule.severity or rule.definition.severity
    return {
        "threshold": limit(rule.threshold),
        "critical_threshold": limit(rule.critical),
        "window_minutes": shown_figure(rule.window.total_seconds(), "seconds") if rule.window else NOTHING,
        "severity": str(Alert.Severity(severity).label),
        "cooldown_minutes": shown_figure(rule.cooldown.total_seconds(), "seconds"),
        "routing": str(AlertRule.Routing(rule.routing).label) if rule.routing else _now("by severity"),
        "quiet_from": hour(rule.quiet_from),
        "quiet_until": hour(rule.quiet_until),
        "active_from": hour(rule.active_from),
        "active_until": hour(rule.active_until),
        "active_days": ", ".join(str(WEEKDAYS[day]) for day in rule.active_days) or _now("every day"),
    }
